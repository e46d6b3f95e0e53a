# The library for GPUs: bigtransfer-cuda-torch<series>.so, which the core opens where there is a CUDA
# libtorch. nvcc is called outright: CMake's own support for CUDA wants a whole toolkit.
if(NOT TARGET Libtorch::cuda)
  message(FATAL_ERROR "The libtorch in ${Libtorch_DIR} is no build for CUDA, or CUDA's runtime library "
    "and headers are neither beside it nor beside ${BIGTRANSFER_NVCC}")
endif()

# Two runtimes in one process would not know each other's streams.
execute_process(COMMAND ${BIGTRANSFER_NVCC} --version OUTPUT_VARIABLE nvcc_text)
string(REGEX MATCH "release ([0-9]+)" _ "${nvcc_text}")
set(NVCC_MAJOR ${CMAKE_MATCH_1})
string(REGEX MATCH "\\.so\\.([0-9]+)$" _ "${Libtorch_cudart_LIBRARY}")
if(CMAKE_MATCH_1 AND NOT CMAKE_MATCH_1 EQUAL NVCC_MAJOR)
  message(FATAL_ERROR "${BIGTRANSFER_NVCC} is of CUDA ${NVCC_MAJOR}, and libtorch is built for "
    "CUDA ${CMAKE_MATCH_1}: install nvcc of CUDA ${CMAKE_MATCH_1}")
endif()

# Compute capabilities as 75 or 90; by default 7.5 and all later ones that nvcc knows.
set(LEAST_ARCHITECTURE 75)
set(BIGTRANSFER_CUDA_ARCHITECTURES "" CACHE STRING "Compute capabilities such as '80;90'; empty: all")
set(ARCHITECTURES ${BIGTRANSFER_CUDA_ARCHITECTURES})
if(NOT ARCHITECTURES)
  execute_process(COMMAND ${BIGTRANSFER_NVCC} --list-gpu-arch OUTPUT_VARIABLE known)
  string(REGEX MATCHALL "[0-9]+" known "${known}")
  foreach(architecture ${known})
    if(NOT architecture LESS LEAST_ARCHITECTURE)
      list(APPEND ARCHITECTURES ${architecture})
    endif()
  endforeach()
endif()
set(NEWEST 0)
foreach(architecture ${ARCHITECTURES})
  list(APPEND GENCODE -gencode arch=compute_${architecture},code=sm_${architecture})
  if(architecture GREATER NEWEST)
    set(NEWEST ${architecture})
  endif()
endforeach()
# For GPUs that come later.
list(APPEND GENCODE -gencode arch=compute_${NEWEST},code=compute_${NEWEST})
message(STATUS "CUDA: ${BIGTRANSFER_NVCC}, compute capabilities ${ARCHITECTURES}")

# The options by which the host compiler is called for all else. nvcc takes lists with commas.
separate_arguments(HOST_OPTIONS UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
if(CMAKE_SYSROOT)
  list(APPEND HOST_OPTIONS --sysroot=${CMAKE_SYSROOT})
else()
  # Lines of the source for profilers; in what goes to others they would be this machine's paths.
  set(LINE_INFO -lineinfo)
endif()
list(APPEND HOST_OPTIONS -fPIC -fvisibility=hidden -Wall)
list(JOIN HOST_OPTIONS "," HOST_OPTIONS)

file(GLOB KERNELS CONFIGURE_DEPENDS native/ops/cuda/*.cu)
file(GLOB KERNEL_HEADERS CONFIGURE_DEPENDS native/ops/cuda/*.h native/common/*.h)
foreach(kernel ${KERNELS})
  get_filename_component(name ${kernel} NAME_WE)
  set(object ${CMAKE_BINARY_DIR}/cuda/${name}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/cuda
    COMMAND ${BIGTRANSFER_NVCC} -c ${kernel} -o ${object} -std=c++20 -O3 -ccbin ${CMAKE_CXX_COMPILER}
      -Xcompiler=${HOST_OPTIONS} --expt-relaxed-constexpr ${LINE_INFO} ${GENCODE}
      -I${CMAKE_SOURCE_DIR}/native -isystem ${Libtorch_INCLUDE_DIR}
    DEPENDS ${kernel} ${KERNEL_HEADERS}
    COMMENT "Compiling ${name}.cu"
    VERBATIM)
  list(APPEND KERNEL_OBJECTS ${object})
endforeach()

file(GLOB CUDA_SOURCES CONFIGURE_DEPENDS
  native/ops/cuda/*.cpp native/model/cuda/*.cpp native/devices/cuda/*.cpp native/pictures/cuda/*.cpp
  native/training/cuda/*.cpp native/runtime/cuda/*.cpp)
add_library(bigtransfer_cuda_host OBJECT ${CUDA_SOURCES})
target_link_libraries(bigtransfer_cuda_host PUBLIC bigtransfer_native Libtorch::cuda)

add_library(bigtransfer_cuda SHARED ${KERNEL_OBJECTS})
set_target_properties(bigtransfer_cuda PROPERTIES
  PREFIX "" OUTPUT_NAME "bigtransfer-cuda-torch${Libtorch_SERIES}" SUFFIX ".so" LINKER_LANGUAGE CXX)
# It has its own copy of what the core has too: neither sees the other's symbols.
target_link_libraries(bigtransfer_cuda PRIVATE bigtransfer_cuda_host bigtransfer_native)
# libtorch's own libgomp serves it, as the core; scripts/build-native.js opens it, where any other
# undefined symbol shows.
target_link_options(bigtransfer_cuda PRIVATE -Wl,-z,nodelete)

if(BIGTRANSFER_TESTS)
  # The tests of what the library has, on a GPU instead of its emulation, and those of what takes one.
  file(GLOB GPU_TESTS CONFIGURE_DEPENDS
    test/native/main.cpp test/native/ops/cuda/*_test.cpp test/native/model/cuda/*_test.cpp
    test/native/training/cuda/*_test.cpp test/native/runtime/cuda/*_test.cpp)
  add_executable(bigtransfer_gpu_tests ${GPU_TESTS} ${KERNEL_OBJECTS})
  target_compile_definitions(bigtransfer_gpu_tests PRIVATE BIGTRANSFER_TEST_ON_GPU)
  target_include_directories(bigtransfer_gpu_tests PRIVATE test/native test/native/ops/cuda)
  target_link_libraries(bigtransfer_gpu_tests PRIVATE
    bigtransfer_cuda_host bigtransfer_native ${Libtorch_torch_LIBRARY} -fopenmp)
  set_target_properties(bigtransfer_gpu_tests PROPERTIES SKIP_BUILD_RPATH OFF)
  target_link_options(bigtransfer_gpu_tests PRIVATE -Wl,-rpath,${Libtorch_DIR}/lib)
endif()
