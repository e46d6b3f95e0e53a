# The library that processes train together by on CPUs: Gloo is linked into it and into nothing else.
if(BIGTRANSFER_GLOO STREQUAL "BUNDLED")
  include(cmake/gloo.cmake)
elseif(BIGTRANSFER_GLOO)
  # Looked for each time: the package may have gone since.
  unset(GLOO_INCLUDE_DIR CACHE)
  unset(GLOO_LIBRARY CACHE)
  find_path(GLOO_INCLUDE_DIR gloo/context.h)
  find_library(GLOO_LIBRARY gloo)
  if(GLOO_INCLUDE_DIR AND GLOO_LIBRARY)
    add_library(Gloo::gloo UNKNOWN IMPORTED)
    set_target_properties(Gloo::gloo PROPERTIES
      IMPORTED_LOCATION ${GLOO_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${GLOO_INCLUDE_DIR})
  endif()
endif()

if(NOT TARGET Gloo::gloo)
  message(STATUS "Training in several processes: off, there is no Gloo")
  # Of an earlier build, which had it.
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    file(REMOVE ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/bigtransfer-gloo.so)
  endif()
  return()
endif()
message(STATUS "Training in several processes: by Gloo")
add_library(bigtransfer_gloo SHARED native/peers/gloo/gloo_peers.cpp)
set_target_properties(bigtransfer_gloo PROPERTIES PREFIX "" OUTPUT_NAME "bigtransfer-gloo" SUFFIX ".so")
target_include_directories(bigtransfer_gloo PRIVATE native)
target_compile_definitions(bigtransfer_gloo PRIVATE "BIGTRANSFER_PEERS_INTERFACE=\"${PEERS_INTERFACE}\"")
target_compile_options(bigtransfer_gloo PRIVATE -Wall -Wextra -fvisibility=hidden
  $<$<BOOL:${BIGTRANSFER_WERROR}>:-Werror>)
target_link_libraries(bigtransfer_gloo PRIVATE Gloo::gloo)
# It stays for the life of the process, as the core does.
target_link_options(bigtransfer_gloo PRIVATE -Wl,-z,nodelete)
