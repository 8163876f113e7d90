// SPDX-License-Identifier: Apache-2.0
#include "common/accounts/derivation.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/roles/identifiers.h"
#include "common/roles/permissions.h"
#include "common/system/first_account_id.h"

namespace together {
namespace {

std::string eight_hex_digits(const std::string& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto bits = checksum(std::as_bytes(std::span(text)));
    std::string hex;
    for (int i = 0; i < 8; ++i, bits >>= 4) hex += digits[bits & 15];
    return hex;
}

class Derivation {
  public:
    explicit Derivation(const AccountsInput& input)
        : in_(input),
          settings_(input.config.accounts),
          group_name_(group_name(input.config, input.group)),
          admin_group_name_(group_name_ + std::string(admin_suffix)),
          keep_(settings_.keep_removed) {
        for (const auto& login : settings_.reserved_logins) reserved_.insert(folded(login));
        list_holders();
        list_given();
    }

    Accounts run() {
        out_.accounts.reserve(in_.entries.size());
        choose_groups();
        for (const auto& entry : in_.entries) take(entry);
        keep_removed();
        keep_gids();
        return std::move(out_);
    }

  private:
    struct Holder {
        std::string_view login;
        std::string_view gecos;
        const Moment* removed;  // of the input: they are many
        bool has_account = false;
    };

    // In any boot the wall clock may have been wrong. Certain is the time that this node was up.
    Moment in_this_boot(const Moment& removed) const {
        if (!is_of_a_known_boot(in_.now) || same_timeline(removed, in_.now)) return removed;
        const auto then =
            same_timeline(removed, in_.seen) ? elapsed(removed, in_.seen) : Nanoseconds::zero();
        return earlier(in_.now, std::max(then, Nanoseconds::zero()));
    }

    bool is_over(const Moment& removed) const {
        return keep_ == Nanoseconds::zero() ||
               (is_of_a_known_boot(in_.now) && elapsed(in_this_boot(removed), in_.now) >= keep_);
    }

    // Whose each uid is or was, as far as it is still kept.
    void list_holders() {
        holders_.reserve(in_.before.accounts.size() + in_.before.removed.size());
        for (const auto& one : in_.before.removed)
            if (!is_over(one.removed)) holders_[one.uid] = {one.login, one.gecos, &one.removed};
        if (keep_ == Nanoseconds::zero()) return;
        for (const auto& one : in_.before.accounts)
            if (!one.is_the_nodes) holders_[one.uid] = {one.login, one.gecos, &in_.now};
        for (const auto& one : in_.before.used_gids)
            if (!one.removed || !is_over(*one.removed)) used_gids_[one.gid] = one;
    }

    void without(const std::string& name, NoAccount reason) {
        out_.without.push_back({name, reason});
    }

    void take(const RosterEntry& entry) {
        bool is_the_nodes = false;
        if (const auto reason = why_not(entry, is_the_nodes)) {
            without(entry.login, *reason);
            return;
        }
        Account account{entry.login, gecos_of(entry.user_id), entry.uid, {}, is_the_nodes};
        const auto role = role_named(entry.role);
        if (role) join(project_, account);
        if (role == Role::admin) join(admins_, account);
        if (is_the_nodes && account.groups.empty()) return;
        if (const auto holder = holders_.find(entry.uid); holder != holders_.end() && !is_the_nodes)
            holder->second.has_account = true;
        out_.accounts.push_back(std::move(account));
    }

    std::optional<NoAccount> why_not(const RosterEntry& entry, bool& is_the_nodes) const {
        const auto& node = in_.node;
        if (entry.login_shared) return NoAccount::login_shared;
        if (entry.uid_source != UidSource::authority) return NoAccount::no_uid;
        if (entry.uid_shared) return NoAccount::uid_shared;
        if (!settings_.uid_range.contains(entry.uid) || entry.uid < first_account_id)
            return NoAccount::uid_out_of_range;
        if (is_reserved(entry.login)) return NoAccount::login_reserved;
        if (is_owner_and_group(entry.login)) return NoAccount::login_is_an_owner;
        if (entry.login == group_name_ || entry.login == admin_group_name_)
            return NoAccount::login_is_our_group;
        if (const auto user = node.users.find(entry.login); user != node.users.end()) {
            is_the_nodes = user->second == entry.uid;
            return is_the_nodes ? std::nullopt : std::optional(NoAccount::login_of_the_node);
        }
        if (node.uids.contains(entry.uid)) return NoAccount::uid_of_the_node;
        // Its private group would answer for the node's: sudo compares names.
        if (node.groups.contains(entry.login)) return NoAccount::login_is_a_group_of_the_node;
        const auto holder = holders_.find(entry.uid);
        if (node.gids.contains(entry.uid) ||
            (node.primary_gids.contains(entry.uid) && !was_given(entry)))
            return NoAccount::uid_is_a_gid_of_the_node;
        // Letters make no other name for sudo.
        if (node.folded.contains(folded(entry.login))) return NoAccount::login_of_the_node;
        if (node.sudoers_groups.contains(folded(entry.login)))
            return NoAccount::login_is_a_group_in_sudoers;
        if (node.sudoers_gids.contains(entry.uid)) return NoAccount::uid_is_a_gid_in_sudoers;
        if (holder != holders_.end() && holder->second.login != entry.login &&
            holder->second.gecos != gecos_of(entry.user_id))
            return NoAccount::uid_of_a_removed_account;
        if (used_gids_.contains(entry.uid)) return NoAccount::uid_is_a_used_gid;
        if (holder == holders_.end() && used_gids_.contains(every_id))
            return NoAccount::id_may_be_anothers;
        return std::nullopt;
    }

    // The node's users were given these gids after they were ours: they are meant to have them.
    void list_given() {
        const auto& before = in_.before;
        const auto is_wanted = [&](gid_t gid) { return in_.node.primary_gids.contains(gid); };
        for (const auto& one : before.removed)
            if (is_wanted(one.uid)) given_[one.uid] = one.gecos;
        for (const auto& one : before.accounts)
            if (is_wanted(one.uid) && !one.is_the_nodes) given_[one.uid] = one.gecos;
        for (const auto& one : before.used_gids)
            if (is_wanted(one.gid)) given_groups_[one.gid] = {one.project, one.for_admins};
    }

    bool was_given(const RosterEntry& entry) const {
        const auto given = given_.find(entry.uid);
        return given != given_.end() && given->second == gecos_of(entry.user_id);
    }

    bool was_given(gid_t gid, bool for_admins) const {
        const auto given = given_groups_.find(gid);
        return given != given_groups_.end() &&
               given->second == std::pair(in_.config.project, for_admins);
    }

    bool is_reserved(const std::string& login) const {
        return reserved_.contains(folded(login)) || in_.node.reserved.contains(folded(login)) ||
               is_service_account(login);
    }

    // chown(1) takes "root.root" for root's and its group's, unless there is such a login.
    bool is_owner_and_group(const std::string& login) const {
        const auto dot = login.find('.');
        if (dot == login.npos) return false;
        const auto owner = login.substr(0, dot);
        const auto group = login.substr(dot + 1);
        return (in_.node.users.contains(owner) || is_digits(owner)) &&
               (group.empty() || in_.node.groups.contains(group) || is_digits(group));
    }

    // The groups that there will be; members follow.
    void choose_groups() {
        if (!in_.group) return;
        project_ = choose_group(group_name_, in_.group->gid, false);
        admins_ = choose_group(admin_group_name_, in_.group->admin_gid, true);
    }

    std::optional<std::size_t> choose_group(const std::string& name, std::optional<gid_t> gid,
                                            bool for_admins) {
        if (const auto reason = why_no_group(name, gid, for_admins)) {
            without(name, *reason);
            return std::nullopt;
        }
        out_.used_gids.push_back({*gid, in_.config.project, for_admins, std::nullopt});
        out_.groups.push_back({name, *gid, {}});
        return out_.groups.size() - 1;
    }

    std::optional<NoAccount> why_no_group(const std::string& name, std::optional<gid_t> gid,
                                          bool for_admins) const {
        if (!gid) return NoAccount::group_without_gid;
        if (settings_.group.empty() && !is_name_for_a_group(name))
            return NoAccount::group_name_not_ours;
        if (!settings_.gid_range.contains(*gid) || *gid < first_account_id)
            return NoAccount::group_gid_out_of_range;
        if (in_.node.groups.contains(name)) return NoAccount::group_name_of_the_node;
        if (in_.node.gids.contains(*gid) ||
            (in_.node.primary_gids.contains(*gid) && !was_given(*gid, for_admins)))
            return NoAccount::group_gid_of_the_node;
        if (is_a_uid(*gid)) return NoAccount::group_gid_is_a_uid;
        if (in_.group->gid == in_.group->admin_gid) return NoAccount::group_gids_shared;
        if (const auto used = used_gids_.find(*gid);
            used != used_gids_.end() &&
            (used->second.project != in_.config.project || used->second.for_admins != for_admins))
            return NoAccount::group_gid_of_a_removed_group;
        if (used_gids_.contains(every_id) && !used_gids_.contains(*gid))
            return NoAccount::id_may_be_anothers;
        return std::nullopt;
    }

    // No package has a group of such a name.
    static bool is_name_for_a_group(std::string_view name) {
        return name.starts_with("p-") && is_login(name);
    }

    bool is_a_uid(gid_t gid) const {
        return in_.node.uids.contains(gid) || holders_.contains(gid) ||
               std::any_of(in_.entries.begin(), in_.entries.end(), [gid](const auto& entry) {
                   return entry.uid_source != UidSource::none && entry.uid == gid;
               });
    }

    void join(std::optional<std::size_t> group, Account& account) {
        if (!group) return;
        auto& joined = out_.groups[*group];
        account.groups.push_back(joined.gid);
        if (settings_.group_members) joined.members.push_back(account.login);
    }

    void keep_removed() {
        for (const auto& [uid, holder] : holders_) {
            if (holder.has_account || in_.node.uids.contains(uid)) continue;
            const std::string login(holder.login);
            const bool is_found = !in_.node.users.contains(login) &&
                                  !in_.node.groups.contains(login) && !in_.node.gids.contains(uid);
            out_.removed.push_back(
                {login, std::string(holder.gecos), uid, in_this_boot(*holder.removed), is_found});
        }
        std::sort(out_.removed.begin(), out_.removed.end(),
                  [](const auto& a, const auto& b) { return a.uid < b.uid; });
    }

    void keep_gids() {
        if (keep_ == Nanoseconds::zero()) return;
        for (const auto& one : out_.used_gids) used_gids_.erase(one.gid);
        for (auto [gid, used] : used_gids_) {
            used.removed = in_this_boot(used.removed.value_or(in_.now));
            out_.used_gids.push_back(std::move(used));
        }
        std::sort(out_.used_gids.begin(), out_.used_gids.end(),
                  [](const auto& a, const auto& b) { return a.gid < b.gid; });
    }

    const AccountsInput& in_;
    const AccountsConfig& settings_;
    std::unordered_set<std::string> reserved_;
    std::string group_name_;
    std::string admin_group_name_;
    Nanoseconds keep_;
    std::unordered_map<uid_t, Holder> holders_;
    std::unordered_map<gid_t, UsedGid> used_gids_;
    std::unordered_map<uid_t, std::string> given_;  // gecos
    std::unordered_map<gid_t, std::pair<std::string, bool>> given_groups_;
    std::optional<std::size_t> project_;
    std::optional<std::size_t> admins_;
    Accounts out_;
};

}  // namespace

// A colon would end the field in what getent prints, a comma begins an office's number.
std::string gecos_of(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == ':' || c == ','; }, '_');
    return text;
}

std::string group_name(const NodeConfig& config, const std::optional<RosterGroup>& group) {
    if (!config.accounts.group.empty()) return config.accounts.group;
    if (group && !group->name.empty()) return group->name;
    return "p-" + eight_hex_digits(config.project);
}

Accounts derive_accounts(const AccountsInput& input) {
    return Derivation(input).run();
}

}  // namespace together
