# Gloo from its source, to be linked into a library that goes to other machines: Gloo::gloo, with TCP alone. The source
# is Debian's copy, which its mirrors keep; Gloo has no releases.
include(ExternalProject)

set(GLOO_VERSION 0.0~git20231202.5354032)
set(GLOO_SHA256 66d6fadb7b07cfcff08f74ae2acfab504e780d6b7536ee74d2011718cda25030)
set(GLOO_PATH pool/main/g/gloo/gloo_${GLOO_VERSION}.orig.tar.xz)
set(GLOO_PLACES http://deb.debian.org/debian/${GLOO_PATH}
  https://snapshot.debian.org/archive/debian/20250901T000000Z/${GLOO_PATH})

set(_built ${CMAKE_BINARY_DIR}/gloo)
set(_archive ${_built}/lib/libgloo.a)
set(_given)
foreach(name CMAKE_MAKE_PROGRAM CMAKE_TOOLCHAIN_FILE BIGTRANSFER_SYSROOT CMAKE_CXX_COMPILER)
  if(${name})
    list(APPEND _given -D${name}=${${name}})
  endif()
endforeach()
ExternalProject_Add(gloo
  URL ${GLOO_PLACES}
  URL_HASH SHA256=${GLOO_SHA256}
  DOWNLOAD_EXTRACT_TIMESTAMP OFF
  PREFIX ${_built}
  CMAKE_ARGS ${_given}
    -DCMAKE_INSTALL_PREFIX=${_built} -DCMAKE_INSTALL_LIBDIR=${_built}/lib -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_CXX_VISIBILITY_PRESET=hidden
    # Messages of its exceptions name its files, wherever they lie.
    -DCMAKE_CXX_FLAGS=-ffile-prefix-map=${_built}/src/gloo/=
    -DBUILD_SHARED_LIBS=OFF -DBUILD_TEST=OFF -DBUILD_BENCHMARK=OFF
    -DUSE_REDIS=OFF -DUSE_IBVERBS=OFF -DUSE_LIBUV=OFF -DUSE_MPI=OFF -DUSE_TCP_OPENSSL_LINK=OFF
    -DUSE_TCP_OPENSSL_LOAD=OFF
  BUILD_BYPRODUCTS ${_archive}
  LOG_DOWNLOAD ON LOG_CONFIGURE ON LOG_BUILD ON LOG_INSTALL ON LOG_OUTPUT_ON_FAILURE ON)

# CMake wants the folder to be there already.
file(MAKE_DIRECTORY ${_built}/include)
find_package(Threads REQUIRED)
add_library(Gloo::gloo STATIC IMPORTED GLOBAL)
add_dependencies(Gloo::gloo gloo)
# libtorch has a Gloo of its own: neither sees the other's symbols.
set_target_properties(Gloo::gloo PROPERTIES
  IMPORTED_LOCATION ${_archive} INTERFACE_INCLUDE_DIRECTORIES ${_built}/include
  INTERFACE_LINK_LIBRARIES Threads::Threads
  INTERFACE_LINK_OPTIONS -Wl,--exclude-libs,libgloo.a)
