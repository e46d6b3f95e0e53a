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
  remove_peer_library(gloo)
  return()
endif()
message(STATUS "Training in several processes: by Gloo")
add_peer_library(gloo)
target_link_libraries(bigtransfer_gloo PRIVATE Gloo::gloo)
