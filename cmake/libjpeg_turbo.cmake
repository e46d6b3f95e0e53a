# libjpeg-turbo from its source, to be linked into binaries that go to other machines: JPEG::JPEG. The
# source is Debian's copy of the release, which its mirrors keep.
include(ExternalProject)

set(LIBJPEG_TURBO_VERSION 2.1.5)
set(LIBJPEG_TURBO_SHA256 254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c)
set(LIBJPEG_TURBO_PATH pool/main/libj/libjpeg-turbo/libjpeg-turbo_${LIBJPEG_TURBO_VERSION}.orig.tar.gz)
set(LIBJPEG_TURBO_PLACES
  http://deb.debian.org/debian/${LIBJPEG_TURBO_PATH}
  https://snapshot.debian.org/archive/debian/20250901T000000Z/${LIBJPEG_TURBO_PATH})

# Without it the build would go on without SIMD, at a third of the speed.
find_program(BIGTRANSFER_NASM NAMES nasm yasm)
if(NOT BIGTRANSFER_NASM)
  message(FATAL_ERROR "libjpeg-turbo is assembled by nasm: install it (Debian: apt install nasm)")
endif()

set(_built ${CMAKE_BINARY_DIR}/libjpeg-turbo)
set(_archive ${_built}/lib/libjpeg.a)
foreach(name CMAKE_MAKE_PROGRAM CMAKE_TOOLCHAIN_FILE BIGTRANSFER_SYSROOT CMAKE_C_COMPILER)
  if(${name})
    list(APPEND _given -D${name}=${${name}})
  endif()
endforeach()
ExternalProject_Add(libjpeg_turbo
  URL ${LIBJPEG_TURBO_PLACES}
  URL_HASH SHA256=${LIBJPEG_TURBO_SHA256}
  DOWNLOAD_EXTRACT_TIMESTAMP OFF
  PREFIX ${_built}
  CMAKE_ARGS ${_given}
    -DCMAKE_INSTALL_PREFIX=${_built} -DCMAKE_INSTALL_LIBDIR=${_built}/lib -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_ASM_NASM_COMPILER=${BIGTRANSFER_NASM}
    -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF -DREQUIRE_SIMD=ON
  BUILD_BYPRODUCTS ${_archive}
  LOG_DOWNLOAD ON LOG_CONFIGURE ON LOG_BUILD ON LOG_INSTALL ON LOG_OUTPUT_ON_FAILURE ON)

# CMake wants the folder to be there already.
file(MAKE_DIRECTORY ${_built}/include)
add_library(JPEG::JPEG STATIC IMPORTED GLOBAL)
add_dependencies(JPEG::JPEG libjpeg_turbo)
set_target_properties(JPEG::JPEG PROPERTIES
  IMPORTED_LOCATION ${_archive} INTERFACE_INCLUDE_DIRECTORIES ${_built}/include)
