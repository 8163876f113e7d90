// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/volumes/project_group.h"

#include <grp.h>

#include <cerrno>
#include <vector>

#include "common/accounts/accounts_database.h"
#include "common/system/errno_text.h"
#include "togetherctl/node/accounts_state.h"

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

// A group of the node's own may have the name: the folder would be its members'.
Result<void> check_group_is_ours(const std::string& name, gid_t gid) {
    const AccountsPaths paths;
    const auto stored = AccountsDatabase::open(paths.accounts, accounts_magic);
    if (!stored) return failure(stored.error().message);
    if (stored->gid_of_group(name) == gid) return {};
    return failure("the group " + name + " (" + std::to_string(gid) +
                   ") is this node's own, not the project's; [accounts] group gives that another "
                   "name, or remove the node's");
}

// The authority's name stands in accounts.v1 alone.
std::string name_of_group(const NodeConfig& config) {
    if (!config.accounts.group.empty()) return config.accounts.group;
    const auto state = look_at_accounts(config, nullptr);
    return state.problem.empty() ? state.group : group_name(config, std::nullopt);
}

}  // namespace

Result<ProjectGroup> project_group(const NodeConfig& config, bool of_admins) {
    const auto name = name_of_group(config) + (of_admins ? "-admin" : "");
    const auto gid = gid_of(name);
    if (!gid) return tl::make_unexpected(gid.error());
    if (config.accounts.enabled)
        if (auto ours = check_group_is_ours(name, *gid); !ours)
            return tl::make_unexpected(ours.error());
    return ProjectGroup{name, *gid};
}

}  // namespace together::ctl
