# The library that processes train together by on GPUs: NCCL is linked into it and into nothing else of ours. The one
# that libtorch's CUDA build takes lies beside it, as a wheel or within an unpacked libtorch.
set(NCCL_HINTS ${Libtorch_DIR}/../nvidia/nccl ${Libtorch_DIR})
# Looked for each time: another libtorch has another one.
unset(NCCL_INCLUDE_DIR CACHE)
unset(NCCL_LIBRARY CACHE)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${NCCL_HINTS} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY NAMES libnccl.so.2 nccl HINTS ${NCCL_HINTS} PATH_SUFFIXES lib)
if(NOT NCCL_INCLUDE_DIR OR NOT NCCL_LIBRARY)
  message(STATUS "Training on several GPUs: off, there is no NCCL")
  # Of an earlier build, which had it.
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    file(REMOVE ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/bigtransfer-nccl.so)
  endif()
  return()
endif()
message(STATUS "Training on several GPUs: by NCCL")
add_library(bigtransfer_nccl SHARED native/peers/nccl/nccl_peers.cpp)
set_target_properties(bigtransfer_nccl PROPERTIES PREFIX "" OUTPUT_NAME "bigtransfer-nccl" SUFFIX ".so")
target_include_directories(bigtransfer_nccl PRIVATE native)
target_include_directories(bigtransfer_nccl SYSTEM PRIVATE ${NCCL_INCLUDE_DIR}
  $<TARGET_PROPERTY:Libtorch::cuda,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(bigtransfer_nccl PRIVATE "BIGTRANSFER_PEERS_INTERFACE=\"${PEERS_INTERFACE}\"")
target_compile_options(bigtransfer_nccl PRIVATE -Wall -Wextra -fvisibility=hidden
  $<$<BOOL:${BIGTRANSFER_WERROR}>:-Werror>)
target_link_libraries(bigtransfer_nccl PRIVATE ${NCCL_LIBRARY} ${Libtorch_cudart_LIBRARY})
# It stays for the life of the process, as the core does.
target_link_options(bigtransfer_nccl PRIVATE -Wl,-z,nodelete)
