# SPDX-License-Identifier: Apache-2.0
add_library(together_flags INTERFACE)
target_compile_options(together_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wformat=2 -fstack-protector-strong)
# Not -Wnull-dereference: g++ 12 sees null pointers in libstdc++ and Asio once they are inlined.
if(TOGETHER_WARNINGS_AS_ERRORS)
  target_compile_options(together_flags INTERFACE -Werror)
endif()

set(TOGETHER_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
if(TOGETHER_SANITIZE)
  add_compile_options(-fsanitize=${TOGETHER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOGETHER_SANITIZE})
else()
  target_compile_definitions(together_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()

# A module that a program we do not control loads with dlopen (sshd, sudo, slurmctld, slurmstepd, srun):
# its C++ runtime inside, nothing exported but what the map names, no STB_GNU_UNIQUE symbols, which
# would keep it mapped after dlclose (all seen by experiment). A third argument is what else it is
# built for, in adapter_build.cpp.
function(together_loaded_module target map)
  set_target_properties(${target} PROPERTIES PREFIX "" LINK_DEPENDS ${map})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${map} -Wl,-Bsymbolic -Wl,-z,now -Wl,--no-undefined -Wl,--exclude-libs,ALL
    -Wl,--gc-sections -Wl,--as-needed)
  if(NOT TOGETHER_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/adapter_build.cpp)
  target_link_options(${target} PRIVATE -Wl,-u,together_adapter_build)
  target_compile_definitions(${target} PRIVATE
    TOGETHER_ADAPTER_BUILD="together-access ${PROJECT_VERSION}${ARGV2}")
endfunction()
