# SPDX-License-Identifier: Apache-2.0
# Slurm's headers and its plug-in folder.
find_path(SLURM_INCLUDE slurm/spank.h)
if(NOT SLURM_INCLUDE)
  together_missing("Slurm's headers (slurm/spank.h)" libslurm-dev slurm-devel TOGETHER_SLURM)
endif()

# SchedMD's packages have a slurm.pc, a running cluster tells, Debian has neither.
function(together_find_slurm_plugins)
  pkg_get_variable(folder slurm plugindir)
  find_program(SCONTROL scontrol)
  if(NOT folder AND SCONTROL)
    execute_process(COMMAND ${SCONTROL} show config TIMEOUT 5 ERROR_QUIET OUTPUT_VARIABLE settings)
    if(settings MATCHES "PluginDir *= *([^ :\n]+)")
      set(folder ${CMAKE_MATCH_1})
    endif()
  endif()
  if(NOT folder)
    find_path(SLURM_OWN_PLUGINS auth_munge.so PATHS /usr/lib /usr/lib64 /usr/local/lib
              PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/slurm-wlm slurm-wlm slurm)
    if(SLURM_OWN_PLUGINS)
      set(folder ${SLURM_OWN_PLUGINS})
    endif()
  endif()
  if(NOT folder)
    message(FATAL_ERROR "Slurm's plug-in folder not found, neither by pkg-config nor by scontrol: "
      "set it with -DSLURM_PLUGIN_DIR=…, or leave this part out with -DTOGETHER_SLURM=OFF")
  endif()
  set(SLURM_PLUGIN_DIR ${folder} CACHE PATH "Where Slurm looks for plug-ins")
endfunction()

if(NOT SLURM_PLUGIN_DIR)
  together_find_slurm_plugins()
endif()

# Of the headers, as 22.05.8: what the plug-ins are built for.
file(STRINGS ${SLURM_INCLUDE}/slurm/slurm_version.h line REGEX "define SLURM_VERSION_NUMBER +0x")
string(REGEX MATCH "0x[0-9a-fA-F]+" SLURM_VERSION_NUMBER "${line}")
math(EXPR SLURM_MAJOR "(${SLURM_VERSION_NUMBER} >> 16) & 255")
math(EXPR SLURM_MINOR "(${SLURM_VERSION_NUMBER} >> 8) & 255")
math(EXPR SLURM_MICRO "${SLURM_VERSION_NUMBER} & 255")
if(SLURM_MINOR LESS 10)
  string(PREPEND SLURM_MINOR 0)
endif()
set(SLURM_VERSION ${SLURM_MAJOR}.${SLURM_MINOR}.${SLURM_MICRO})
message(STATUS "Slurm ${SLURM_VERSION}, plug-ins in ${SLURM_PLUGIN_DIR}")
