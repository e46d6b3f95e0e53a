# A toolchain that builds with this machine's compiler for the older C library in BIGTRANSFER_SYSROOT, the
# root of a Debian 11 (scripts/debian11.js makes one). What comes out asks for no newer glibc than that
# one's 2.31 and no newer libstdc++ than its 3.4.28.
#
# Headers of the C++ library are the compiler's own; what they need of it is taken from the older shared
# library, and the few functions that it lacks from the compiler's archive, as Red Hat's toolsets do it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_HOST_SYSTEM_PROCESSOR})
# Seen by the checks of the compiler too, which are projects of their own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BIGTRANSFER_SYSROOT)
if(NOT EXISTS "${BIGTRANSFER_SYSROOT}/usr/include/features.h")
  message(FATAL_ERROR "BIGTRANSFER_SYSROOT is '${BIGTRANSFER_SYSROOT}', which has no usr/include/features.h")
endif()
set(CMAKE_SYSROOT "${BIGTRANSFER_SYSROOT}")
set(CMAKE_C_COMPILER gcc)
set(CMAKE_CXX_COMPILER g++)

execute_process(COMMAND ${CMAKE_CXX_COMPILER} -E -x c++ -v /dev/null
  OUTPUT_QUIET ERROR_VARIABLE _searched)
# The list of folders has a line for each, after a blank.
string(REGEX MATCHALL "\n /[^\n\"]*c\\+\\+[^\n\"]*" _folders "${_searched}")
list(REMOVE_DUPLICATES _folders)
string(REGEX REPLACE ";?\n " " -isystem " _folders "${_folders}")
set(CMAKE_CXX_FLAGS_INIT "-nostdinc++${_folders}")

execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.a
  OUTPUT_VARIABLE _archive OUTPUT_STRIP_TRAILING_WHITESPACE)
file(GLOB _shared "${BIGTRANSFER_SYSROOT}/usr/lib/*/libstdc++.so.6")
# Found before the compiler's own, which asks for newer symbols.
set(_libraries ${CMAKE_BINARY_DIR}/old_glibc)
file(WRITE ${_libraries}/libstdc++.so
  "INPUT ( ${_shared} ${_archive} AS_NEEDED ( -lpthread -ldl ) )\n")
# The C library and its start files too: the compiler would look beside itself before the root.
get_filename_component(_system ${_shared} DIRECTORY)
foreach(kind SHARED MODULE EXE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-B${_system} -L${_libraries} -L${_system} -Wl,--exclude-libs,ALL")
endforeach()
