# One compiler: clang 16 (docs/decisions/0002-clang-16-only.md). GCC 12 destroys some temporaries twice around co_await.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR
    "Fairlead is built with clang 16 or newer; found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}.\n"
    "Use a preset (cmake --preset dev), or pass -DCMAKE_C_COMPILER=clang-16 -DCMAKE_CXX_COMPILER=clang++-16. "
    "On Debian 12: tools/bootstrap installs it.")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
add_compile_options(-pthread -fPIC)  # one code model for programs and for the library of other languages
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

option(FAIRLEAD_FUZZ "Build the fuzz targets" OFF)
set(FAIRLEAD_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

find_program(CCACHE ccache)
if(CCACHE)
  # Where its folder cannot be written (a read-only home), it would fail every compilation.
  file(WRITE ${PROJECT_BINARY_DIR}/probe.c "int probe;\n")
  execute_process(COMMAND ${CCACHE} ${CMAKE_C_COMPILER} -c probe.c -o probe.o WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
                  RESULT_VARIABLE CCACHE_FAILED ERROR_VARIABLE CCACHE_WORDS)
endif()
if(CCACHE AND CCACHE_FAILED)
  message(NOTICE "Building without ccache: ${CCACHE_WORDS}")
elseif(CCACHE)
  # The sloppiness lets ccache serve files that use the precompiled header; its contents hold the checkout's path, so
  # ccache is given a sum of what it is made of instead (room.cmake): every checkout is served from one cache.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_program(MOLD mold)
find_program(LLD ld.lld-16)
find_program(LLVM_AR llvm-ar-16)
find_program(LLVM_RANLIB llvm-ranlib-16)
if(LLD AND LLVM_AR AND LLVM_RANLIB AND CMAKE_BUILD_TYPE STREQUAL "Release")  # optimized across files; mold cannot
  set(CMAKE_AR ${LLVM_AR})
  set(CMAKE_RANLIB ${LLVM_RANLIB})
  add_compile_options(-flto=thin)
  add_link_options(-flto=thin -fuse-ld=lld-16 -Wl,--thinlto-cache-dir=${PROJECT_BINARY_DIR}/lto)
elseif(MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LLD)
  add_link_options(-fuse-ld=lld-16)
endif()

# A release is optimized by what ran (docs/decisions/0016-optimized-by-what-runs.md): `make profile` writes the file anew.
# A function that changed since is optimized without it. The sum has everything built again after a new file;
# functions of one file go by that file's name alone, so that the profile holds in every checkout.
set(FAIRLEAD_PROFILE ${PROJECT_SOURCE_DIR}/cmake/fairlead.profdata)
option(FAIRLEAD_PROFILING "Build the program that notes what runs" OFF)
if(FAIRLEAD_PROFILING)
  add_compile_options(-fprofile-generate -fprofile-update=atomic "SHELL:-mllvm -static-func-full-module-prefix=false")
  add_link_options(-fprofile-generate)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FAIRLEAD_PROFILE})
  file(SHA256 ${FAIRLEAD_PROFILE} sum)
  cmake_path(RELATIVE_PATH FAIRLEAD_PROFILE BASE_DIRECTORY ${PROJECT_BINARY_DIR})  # the same for ccache in every checkout
  add_compile_definitions(FAIRLEAD_PROFILE_SUM="${sum}")
  add_compile_options(-fprofile-use=${FAIRLEAD_PROFILE} -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin
    "SHELL:-mllvm -static-func-full-module-prefix=false" "SHELL:-mllvm -profile-summary-cutoff-hot=999900")  # the loops over answers would count as all that is hot
endif()

add_compile_options(-Xclang -fno-pch-timestamp)
# CMake's own also names the header by a path that ccache cannot make relative.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
if(FAIRLEAD_SANITIZE)
  add_compile_options(-fsanitize=${FAIRLEAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FAIRLEAD_SANITIZE})
endif()

# Hardening (security.md D71); _FORTIFY_SOURCE needs optimization, and sanitizers bring their own checks.
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(NOT FAIRLEAD_SANITIZE)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fzero-call-used-regs=used-gpr)
  endif()
endif()

# Warnings are errors in our code; third-party headers are SYSTEM.
add_library(fairlead_warnings INTERFACE)
target_compile_options(fairlead_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat -Werror=format-security -Werror>)
