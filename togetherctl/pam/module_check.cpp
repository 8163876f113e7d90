// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/pam/module_check.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/system/folder_of.h"
#include "common/system/io.h"
#include "common/system/trusted_file.h"
#include "common/system/trusted_path.h"
#include "processes/child.h"
#include "togetherctl/editing/edited_file.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

// In the child: the module's constructors run, and may do what they like to it.
int load(const char* path, const char* function, int pipe) {
    ::alarm(20);
    std::string problem;
    void* module = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr)
        problem = ::dlerror();
    else if (::dlsym(module, function) == nullptr)
        problem = "it has no " + std::string(function);
    if (problem.empty()) return 0;
    static_cast<void>(write_full(pipe, problem.data(), problem.size()));
    return 1;
}

Result<void> check_file(const std::string& path) {
    const auto file = open_trusted(path, Links::follow);
    if (!file) return failure(file.error().message);
    if (const auto why = why_exchangeable(folder_of(path)); !why.empty())
        return failure(path + ": " + why);
    return {};
}

}  // namespace

std::string pam_module_folder() {
    const std::string triplet = TOGETHER_LIBRARY_ARCHITECTURE;
    std::vector<std::string> folders = {TOGETHER_LIBDIR};
    for (const char* base : {"/lib/", "/usr/lib/"})
        if (!triplet.empty()) folders.push_back(base + triplet);
    for (const char* folder : {"/usr/lib64", "/lib64", "/usr/lib", "/lib"})
        folders.emplace_back(folder);
    for (const auto& folder : folders)
        if (::access((folder + "/security/pam_permit.so").c_str(), F_OK) == 0)
            return folder + "/security";
    return {};
}

std::string pam_module_path(const std::string& module) {
    return module.starts_with('/') ? module : pam_module_folder() + "/" + module;
}

Result<void> check_pam_module(const std::string& path, const char* function) {
    if (auto good = check_file(path); !good) return good;
    // Longer than its alarm, which it may have switched off.
    const auto run = run_child(1, {.patience = 25s}, [&](const std::vector<int>& pipes) {
        return load(path.c_str(), function, pipes[0]);
    });
    if (!run) return tl::make_unexpected(run.error());
    if (run->status == 0) return {};
    const std::string why = WIFSIGNALED(run->status)
                                ? "it ended with signal " + std::to_string(WTERMSIG(run->status))
                            : run->output[0].empty() ? "for no known reason"
                                                     : run->output[0];
    return failure(path + " cannot be loaded: " + why);
}

Result<AdapterBuild> build_of_adapter(const std::string& path) {
    constexpr std::string_view sign = "@(#)together-access ";
    constexpr std::string_view slurm_sign = " for Slurm ";
    constexpr std::size_t largest = std::size_t{64} * 1024 * 1024;
    const auto file = open_trusted(path, Links::follow);
    const auto size = file ? static_cast<std::size_t>(file->status.st_size) : 0;
    std::string bytes(std::min(size, largest), '\0');
    if (!file || read_full_at(file->descriptor.get(), bytes.data(), bytes.size(), 0) !=
                     static_cast<ssize_t>(bytes.size()))
        return failure(file ? "cannot read " + path : file.error().message);
    const auto at = bytes.find(sign);
    if (at == bytes.npos) return failure(path + " is no part of together-access");
    const std::string text = bytes.c_str() + at + sign.size();
    const auto slurm = text.find(slurm_sign);
    if (slurm == text.npos) return AdapterBuild{text, {}};
    return AdapterBuild{text.substr(0, slurm), text.substr(slurm + slurm_sign.size())};
}

Result<void> check_slurm_plugin(const std::string& path) {
    if (auto good = check_file(path); !good) return good;
    const auto build = build_of_adapter(path);
    if (!build) return failure(build.error().message);
    if (build->slurm.empty()) return failure(path + " is no plug-in for Slurm");
    // Else srun fails for everybody.
    const auto file = open_trusted(path, Links::follow);
    if (!file || (file->status.st_mode & S_IROTH) == 0)
        return failure(path + " cannot be read by everybody (chmod a+r)");
    return {};
}

std::string find_slurm_plugin(const std::string& plugin_dir, const std::string& name) {
    std::vector<std::string> folders;
    if (plugin_dir.empty()) {
        const std::string triplet = TOGETHER_LIBRARY_ARCHITECTURE;
        const std::vector<std::string> bases = {"/usr/lib/" + triplet, "/usr/lib64", "/usr/lib",
                                                "/usr/local/lib", "/opt/slurm/lib"};
        for (const auto& base : bases)
            for (const char* own : {"/slurm-wlm/", "/slurm/"}) folders.push_back(base + own);
    }
    for (std::size_t at = 0; at < plugin_dir.size();) {
        const auto end = std::min(plugin_dir.find(':', at), plugin_dir.size());
        folders.push_back(plugin_dir.substr(at, end - at) + "/");
        at = end + 1;
    }
    for (const auto& folder : folders)
        if (::access((folder + name).c_str(), F_OK) == 0) return folder + name;
    return {};
}

}  // namespace together::ctl
