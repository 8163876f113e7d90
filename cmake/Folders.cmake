# SPDX-License-Identifier: Apache-2.0
# A folder is a library of all its sources. Its links state the layers: what stands in it includes
# files of its own folder and of those that it is ABOVE, and of what these are above. tests/lint
# holds every include against these lines.
function(together_folder folder)
  cmake_parse_arguments(PARSE_ARGV 1 FOLDER "" "" "ABOVE;LIBRARIES")
  string(REPLACE "/" "_" library ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(${library} STATIC ${sources})
  # Nothing that a process keeps after dlclose, nothing that an adapter does not call.
  target_compile_options(${library} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>
                         -ffunction-sections -fdata-sections)
  string(REPLACE "/" "_" layers "${FOLDER_ABOVE}")
  target_link_libraries(${library} PRIVATE together_flags PUBLIC ${layers} ${FOLDER_LIBRARIES})
endfunction()
