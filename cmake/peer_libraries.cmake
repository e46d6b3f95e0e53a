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

# Adds bigtransfer_<name>, which is bigtransfer-<name>.so, from native/peers/<name>/<name>_peers.cpp.
function(add_peer_library name)
  set(library bigtransfer_${name})
  add_library(${library} SHARED native/peers/${name}/${name}_peers.cpp)
  set_target_properties(${library} PROPERTIES PREFIX "" OUTPUT_NAME "bigtransfer-${name}" SUFFIX ".so")
  target_include_directories(${library} PRIVATE native)
  target_compile_definitions(${library} PRIVATE "BIGTRANSFER_PEERS_INTERFACE=\"${PEERS_INTERFACE}\"")
  target_compile_options(${library} PRIVATE -Wall -Wextra -fvisibility=hidden
    $<$<BOOL:${BIGTRANSFER_WERROR}>:-Werror>)
  # It stays for the life of the process, as the core does.
  target_link_options(${library} PRIVATE -Wl,-z,nodelete)
endfunction()

# Of an earlier build, which had what it is linked to.
function(remove_peer_library name)
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    file(REMOVE ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/bigtransfer-${name}.so)
  endif()
endfunction()

include(cmake/gloo_library.cmake)
if(BIGTRANSFER_CUDA)
  include(cmake/nccl_library.cmake)
endif()
