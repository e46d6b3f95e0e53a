# Libraries that processes train together by, one for CPUs and one for GPUs. They and the core must come from the same
# headers.
set(PEERS_INTERFACE_TEXT "")
foreach(header native/common/error.h native/peers/peers.h native/peers/peer_library.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${header})
  file(SHA256 ${CMAKE_SOURCE_DIR}/${header} hash)
  string(APPEND PEERS_INTERFACE_TEXT ${hash})
endforeach()
string(SHA256 PEERS_INTERFACE "${PEERS_INTERFACE_TEXT}")
set_source_files_properties(native/peers/peer_library.cpp PROPERTIES
  COMPILE_DEFINITIONS "BIGTRANSFER_PEERS_INTERFACE=\"${PEERS_INTERFACE}\"" SKIP_PRECOMPILE_HEADERS ON)

include(cmake/gloo_library.cmake)
if(BIGTRANSFER_CUDA)
  include(cmake/nccl_library.cmake)
endif()
