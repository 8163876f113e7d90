// SPDX-License-Identifier: Apache-2.0
// Is a module there, and fit to be loaded?
#pragma once

#include <string>

#include "common/system/result.h"

namespace together::ctl {

// Where libpam looks for modules without a path; empty where it cannot be found out.
std::string pam_module_folder();
// In libpam's folder, where it has no path of its own.
std::string pam_module_path(const std::string& module);

// Root's alone to write, readable, and a child could load it and find what libpam calls.
together::Result<void> check_pam_module(const std::string& path,
                                        const char* function = "pam_sm_acct_mgmt");

// Which release an adapter is of and, for Slurm's, for which Slurm (cmake/adapter_build.cpp).
struct AdapterBuild {
    std::string release;
    std::string slurm;
};
// Fails where the file cannot be read, or does not say.
together::Result<AdapterBuild> build_of_adapter(const std::string& path);

// Root's alone to write, readable by all, and of our build. Not loaded: it takes its
// functions from Slurm's program.
together::Result<void> check_slurm_plugin(const std::string& path);

// The folder of PluginDir (several, with colons) that holds the file, or Slurm's own where the
// setting is empty; the path, or an empty text.
std::string find_slurm_plugin(const std::string& plugin_dir, const std::string& name);

}  // namespace together::ctl
