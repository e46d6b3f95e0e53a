# Finds libtorch in the directory Libtorch_DIR: a pip package's `torch` or an unpacked libtorch.zip, for
# the CPU or for CUDA. PyTorch's own TorchConfig.cmake serves the latter only beside a whole CUDA
# toolkit, while building here takes no more than nvcc and the libraries that libtorch brings along.
#
#   Libtorch_VERSION, Libtorch_SERIES   2.14.1, 2.14
#   Libtorch::cpu                       headers, libtorch_cpu and c10
#   Libtorch::cuda                      the same with libtorch_cuda, c10_cuda and the CUDA runtime; only
#                                       where libtorch is a CUDA build and all of them are found

# libtorch's headers for CUDA include all of these; the runtime's come from nvcc's toolkit, the others
# from there or from libtorch's wheels.
set(_cuda_headers cuda_runtime_api.h crt/host_defines.h cublas_v2.h cusparse.h cusolverDn.h)

# What an earlier configuration found in another directory does not count.
if(NOT "${Libtorch_DIR}" STREQUAL "${Libtorch_SEARCHED_DIR}")
  unset(Libtorch_cudart_LIBRARY CACHE)
  foreach(header ${_cuda_headers})
    unset(Libtorch_${header} CACHE)
  endforeach()
  set(Libtorch_SEARCHED_DIR "${Libtorch_DIR}" CACHE INTERNAL "")
endif()

foreach(name c10 torch_cpu torch c10_cuda torch_cuda)
  set(_file ${Libtorch_DIR}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}${name}${CMAKE_SHARED_LIBRARY_SUFFIX})
  if(EXISTS ${_file})
    set(Libtorch_${name}_LIBRARY ${_file})
  endif()
endforeach()
if(EXISTS ${Libtorch_DIR}/include/ATen/ATen.h)
  set(Libtorch_INCLUDE_DIR ${Libtorch_DIR}/include)
endif()

# The header with the version has moved once.
foreach(header torch/headeronly/version.h torch/version.h)
  if(NOT Libtorch_VERSION AND EXISTS ${Libtorch_INCLUDE_DIR}/${header})
    file(READ ${Libtorch_INCLUDE_DIR}/${header} _text)
    if(_text MATCHES "TORCH_VERSION_MAJOR ([0-9]+)")
      set(_major ${CMAKE_MATCH_1})
      string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${_text}")
      set(_minor ${CMAKE_MATCH_1})
      string(REGEX MATCH "TORCH_VERSION_PATCH ([0-9]+)" _ "${_text}")
      set(Libtorch_SERIES ${_major}.${_minor})
      set(Libtorch_VERSION ${_major}.${_minor}.${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_INCLUDE_DIR Libtorch_c10_LIBRARY Libtorch_torch_cpu_LIBRARY
    Libtorch_torch_LIBRARY Libtorch_SERIES
  VERSION_VAR Libtorch_VERSION)

if(Libtorch_FOUND AND NOT TARGET Libtorch::cpu)
  add_library(Libtorch::cpu INTERFACE IMPORTED)
  set_target_properties(Libtorch::cpu PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES
      "${Libtorch_INCLUDE_DIR};${Libtorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${Libtorch_torch_cpu_LIBRARY};${Libtorch_c10_LIBRARY}")
endif()

# pip installs CUDA's libraries beside torch, in one folder since CUDA 13 and in one for each before.
file(GLOB _wheels ${Libtorch_DIR}/../nvidia/cu[0-9]* ${Libtorch_DIR}/../nvidia/*)
# nvcc itself says where it lies: what is on the path may be a link or a script.
if(BIGTRANSFER_NVCC)
  execute_process(COMMAND ${BIGTRANSFER_NVCC} --dryrun -c -x cu /dev/null -o /dev/null
    ERROR_VARIABLE _dryrun OUTPUT_QUIET)
  if(_dryrun MATCHES "TOP=([^\r\n]+)")
    get_filename_component(_toolkit "${CMAKE_MATCH_1}" ABSOLUTE)
  endif()
endif()
list(TRANSFORM _wheels APPEND /include OUTPUT_VARIABLE _wheel_includes)
list(TRANSFORM _wheels APPEND /lib OUTPUT_VARIABLE _wheel_libs)
# By their full names first: wheels lack the plain ones.
find_library(Libtorch_cudart_LIBRARY NAMES libcudart.so.13 libcudart.so.12 cudart
  HINTS ${_wheel_libs} ${_toolkit}/lib64 ${_toolkit}/targets/x86_64-linux/lib)
set(_cuda_includes)
foreach(header ${_cuda_headers})
  find_path(Libtorch_${header} ${header}
    HINTS ${_toolkit}/include ${_toolkit}/targets/x86_64-linux/include ${_wheel_includes})
  list(APPEND _cuda_includes ${Libtorch_${header}})
endforeach()
list(REMOVE_DUPLICATES _cuda_includes)

if(TARGET Libtorch::cpu AND Libtorch_torch_cuda_LIBRARY AND Libtorch_c10_cuda_LIBRARY AND
   Libtorch_cudart_LIBRARY AND NOT _cuda_includes MATCHES "NOTFOUND" AND NOT TARGET Libtorch::cuda)
  add_library(Libtorch::cuda INTERFACE IMPORTED)
  set_target_properties(Libtorch::cuda PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_cuda_includes}"
    INTERFACE_LINK_LIBRARIES "Libtorch::cpu;${Libtorch_torch_cuda_LIBRARY};${Libtorch_c10_cuda_LIBRARY};${Libtorch_cudart_LIBRARY}")
endif()
