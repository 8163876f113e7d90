// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/kubectl.h"

#include <utility>

#include "togetherctl/processes/installed_program.h"
#include "togetherctl/processes/run_program.h"

namespace together::ctl {

using namespace together;

namespace {
constexpr std::chrono::seconds patience{60};
}  // namespace

Result<Kubectl> Kubectl::find(const std::string& path) {
    if (!path.empty()) {
        if (!path.starts_with('/')) return failure("--kubectl needs an absolute path");
        return Kubectl(path);
    }
    auto found = first_program({"/usr/bin/kubectl", "/usr/local/bin/kubectl", "/snap/bin/kubectl"});
    if (found.empty())
        return failure(
            "no kubectl of root's in /usr/bin, /usr/local/bin or /snap/bin: --kubectl PATH");
    return Kubectl(std::move(found));
}

Result<std::string> Kubectl::run(const std::vector<std::string>& arguments,
                                 std::string_view input) const {
    return output_as_caller(path_, arguments, patience, input);
}

}  // namespace together::ctl
