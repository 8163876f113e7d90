# SPDX-License-Identifier: Apache-2.0
# What the build needs. A missing library is an error that names its package and, where the part can
# be left out, the switch.
find_package(PkgConfig REQUIRED)

function(together_missing what deb rpm switch)
  set(advice "install ${deb} (Debian) or ${rpm} (EL)")
  if(switch)
    string(APPEND advice ", or leave this part out with -D${switch}=OFF")
  endif()
  message(FATAL_ERROR "${what} not found: ${advice}. scripts/setup installs all that a full build needs.")
endfunction()

# A C library from pkg-config, linked statically where a static one is packaged: the adapters are
# loaded into sshd and slurmctld, where each further shared library costs time and can clash.
function(together_static_library target module header deb rpm)
  find_path(${target}_INCLUDE ${header})
  find_library(${target}_LIBRARY NAMES ${ARGN})
  if(NOT ${target}_INCLUDE OR NOT ${target}_LIBRARY)
    together_missing(${module} ${deb} ${rpm} "")
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${${target}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${${target}_INCLUDE})
endfunction()

# libcdb_pic.a is bookworm's; newer Debians build libcdb.a itself position-independent.
together_static_library(Cdb tinycdb cdb.h libcdb-dev tinycdb-devel libcdb_pic.a libcdb.a)
together_static_library(Inih inih ini.h libinih-dev inih-devel libinih.a inih)

find_path(XXHASH_INCLUDE xxhash.h)
if(NOT XXHASH_INCLUDE)
  together_missing(xxhash.h libxxhash-dev xxhash-devel "")
endif()
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp)
if(NOT TL_EXPECTED_INCLUDE)
  together_missing(tl/expected.hpp libexpected-dev expected-devel "")
endif()

pkg_check_modules(JSONCPP IMPORTED_TARGET GLOBAL jsoncpp)
if(NOT JSONCPP_FOUND)
  together_missing(jsoncpp libjsoncpp-dev jsoncpp-devel "")
endif()
pkg_check_modules(CURL IMPORTED_TARGET GLOBAL libcurl)
if(NOT CURL_FOUND)
  together_missing(libcurl libcurl4-openssl-dev libcurl-devel "")
endif()

if(TOGETHER_PAM)
  find_path(PAM_INCLUDE security/pam_modules.h)
  find_library(PAM_LIBRARY pam)
  if(NOT PAM_INCLUDE OR NOT PAM_LIBRARY)
    together_missing(Linux-PAM libpam0g-dev pam-devel TOGETHER_PAM)
  endif()
endif()

if(TOGETHER_TESTS)
  # Not through pkg-config, and without leak detection: both bring `new` macros that break standard headers. Leaks are the sanitizers' business.
  find_path(CPPUTEST_INCLUDE CppUTest/TestHarness.h)
  find_library(CPPUTEST_LIBRARY CppUTest)
  if(NOT CPPUTEST_INCLUDE OR NOT CPPUTEST_LIBRARY)
    together_missing(CppUTest libcpputest-dev cpputest-devel TOGETHER_TESTS)
  endif()
  add_library(CppUTest INTERFACE)
  target_include_directories(CppUTest SYSTEM INTERFACE ${CPPUTEST_INCLUDE})
  target_compile_definitions(CppUTest INTERFACE CPPUTEST_MEM_LEAK_DETECTION_DISABLED)
  target_link_libraries(CppUTest INTERFACE ${CPPUTEST_LIBRARY})
endif()
