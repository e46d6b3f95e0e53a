# libpng and zlib-ng from their sources, to be linked into binaries that go to other machines: PNG::PNG. zlib-ng
# inflates drawn pictures ten times as fast as zlib. The sources are Debian's copies of the releases, which its
# mirrors keep; that of zlib-ng is part of another package's.
include(ExternalProject)

set(LIBPNG_VERSION 1.6.58)
set(LIBPNG_SHA256 a9d4df463d36a6e5f9c29bd6f4967312d17e996c1854f3511f833924eb1993cf)
set(LIBPNG_PATH pool/main/libp/libpng1.6/libpng1.6_${LIBPNG_VERSION}.orig.tar.gz)
set(ZLIB_NG_SHA256 c8390d72b059003d3e1d2e4c3596b2f0e2820e02cfd421b14dfe44d9db58fca5)
set(ZLIB_NG_PATH pool/main/n/node-yarnpkg/node-yarnpkg_4.1.0+dfsg.orig-zlib-ng.tar.xz)
set(PNG_PLACES http://deb.debian.org/debian https://snapshot.debian.org/archive/debian/20261101T000000Z)

set(_built ${CMAKE_BINARY_DIR}/libpng)
set(_png ${_built}/lib/libpng16.a)
set(_zlib ${_built}/lib/libz.a)
set(_given -DCMAKE_INSTALL_PREFIX=${_built} -DCMAKE_INSTALL_LIBDIR=${_built}/lib -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_C_VISIBILITY_PRESET=hidden)
foreach(name CMAKE_MAKE_PROGRAM CMAKE_TOOLCHAIN_FILE BIGTRANSFER_SYSROOT CMAKE_C_COMPILER)
  if(${name})
    list(APPEND _given -D${name}=${${name}})
  endif()
endforeach()

# One of the two: name, path at the places, SHA-256, archive that it makes, then its options.
function(add_png_part name path hash archive)
  list(TRANSFORM PNG_PLACES APPEND /${path} OUTPUT_VARIABLE urls)
  ExternalProject_Add(${name}
    URL ${urls}
    URL_HASH SHA256=${hash}
    DOWNLOAD_EXTRACT_TIMESTAMP OFF
    PREFIX ${_built}
    CMAKE_ARGS ${_given} ${ARGN}
    BUILD_BYPRODUCTS ${archive}
    LOG_DOWNLOAD ON LOG_CONFIGURE ON LOG_BUILD ON LOG_INSTALL ON LOG_OUTPUT_ON_FAILURE ON)
endfunction()

# By zlib's own names, which libpng calls.
add_png_part(zlib_ng ${ZLIB_NG_PATH} ${ZLIB_NG_SHA256} ${_zlib}
  -DZLIB_COMPAT=ON -DBUILD_SHARED_LIBS=OFF -DZLIB_ENABLE_TESTS=OFF -DWITH_GTEST=OFF)
add_png_part(libpng ${LIBPNG_PATH} ${LIBPNG_SHA256} ${_png}
  -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_TOOLS=OFF -DPNG_FRAMEWORK=OFF
  -DZLIB_INCLUDE_DIR=${_built}/include -DZLIB_LIBRARY=${_zlib})
ExternalProject_Add_StepDependencies(libpng configure zlib_ng)

# CMake wants the folder to be there already.
file(MAKE_DIRECTORY ${_built}/include)
add_library(PNG::PNG STATIC IMPORTED GLOBAL)
add_dependencies(PNG::PNG libpng)
# Nobody else in the process sees their symbols, and Node's zlib does not stand in for this one.
set_target_properties(PNG::PNG PROPERTIES
  IMPORTED_LOCATION ${_png} INTERFACE_INCLUDE_DIRECTORIES ${_built}/include INTERFACE_LINK_LIBRARIES ${_zlib}
  INTERFACE_LINK_OPTIONS -Wl,--exclude-libs,libpng16.a:libz.a)
