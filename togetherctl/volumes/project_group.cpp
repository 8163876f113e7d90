// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/volumes/project_group.h"

#include <grp.h>

#include <cerrno>
#include <vector>

#include "common/system/errno_text.h"

namespace together::ctl {
namespace {

using namespace together;

// A group of 100,000 members needs two megabytes.
constexpr std::size_t max_group_entry = std::size_t{16} * 1024 * 1024;

Result<gid_t> gid_of(const std::string& name) {
    std::vector<char> buffer(std::size_t{64} * 1024);
    while (true) {
        group entry{};
        group* found = nullptr;
        const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
        if (found != nullptr) return entry.gr_gid;
        if (error != ERANGE || buffer.size() >= max_group_entry)
            return failure(error == 0 ? "there is no group " + name + " on this node"
                                      : errno_text("cannot look up the group " + name, error));
        buffer.resize(buffer.size() * 4);
    }
}

}  // namespace

Result<ProjectGroup> project_group(const Config& config, bool of_admins) {
    if (config.accounts.group.empty())
        return failure("the project's group is not known: set [accounts] group");
    const auto name = config.accounts.group + (of_admins ? "-admin" : "");
    const auto gid = gid_of(name);
    if (!gid) return tl::make_unexpected(gid.error());
    return ProjectGroup{name, *gid};
}

}  // namespace together::ctl
