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
  remove_peer_library(nccl)
  return()
endif()
message(STATUS "Training on several GPUs: by NCCL")
add_peer_library(nccl)
target_include_directories(bigtransfer_nccl SYSTEM PRIVATE ${NCCL_INCLUDE_DIR}
  $<TARGET_PROPERTY:Libtorch::cuda,INTERFACE_INCLUDE_DIRECTORIES>)
target_link_libraries(bigtransfer_nccl PRIVATE ${NCCL_LIBRARY} ${Libtorch_cudart_LIBRARY})
