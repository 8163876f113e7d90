// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/accounts_keeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/roles/identifiers.h"
#include "common/roster/roster_directory.h"
#include "common/roster/stamp.h"
#include "common/system/errno_text.h"
#include "common/system/uids.h"
#include "together_refresh/update/accounts_writer.h"
#include "together_refresh/update/nscd.h"

namespace together {
namespace {

constexpr const char* group_of_refresh = "together";

template <std::size_t size>
void put(std::array<char, size>& field, const std::string& text) {
    std::memcpy(field.data(), text.data(), std::min(text.size(), size - 1));
}

void put_group(AccountsHeader& header, const std::optional<RosterGroup>& group) {
    header.has_group = group ? 1 : 0;
    if (!group) return;
    put(header.group_name, group->name);
    header.gid = group->gid.value_or(no_uid);
    header.admin_gid = group->admin_gid.value_or(no_uid);
}

std::optional<std::vector<RosterEntry>> entries_of(const Snapshot& roster) {
    std::vector<RosterEntry> entries;
    entries.reserve(roster.header().entries);
    if (!roster.for_each([&](const RosterEntry& entry) { entries.push_back(entry); }))
        return std::nullopt;
    return entries;
}

// What is known of the node's other name services: what they answered now, and of whom they did not
// answer about now, which accounts were theirs.
class OtherServices {
  public:
    OtherServices(const Accounts& before, const RosterAccounts* fetched)
        : before_(before), fetched_(fetched) {
        if (none_to_ask()) return;
        for (const auto& account : before.accounts) had_.emplace(account.login, &account);
        if (fetched != nullptr) asked_.insert(fetched->asked.begin(), fetched->asked.end());
    }

    // True where some are from memory.
    bool add_to(NodeNames& node) const {
        if (fetched_ != nullptr)
            for (const auto& [login, uid] : fetched_->elsewhere) add(node, login, uid);
        if (fetched_ != nullptr)
            for (const auto& [name, gid] : fetched_->groups_elsewhere) {
                node.groups.emplace(name, gid);
                node.gids.insert(gid);
            }
        bool some_remembered = false;
        for (const auto& account : before_.accounts)
            if (account.is_the_nodes && !answered_about(account.login))
                some_remembered = add(node, account.login, account.uid) || some_remembered;
        return some_remembered;
    }

    // True for who is new, or has another uid, or is another person whose keys nobody knows.
    bool must_wait(const RosterEntry& entry) const {
        if (entry.uid_source != UidSource::authority || answered_about(entry.login)) return false;
        const auto one = had_.find(entry.login);
        return one == had_.end() || one->second->uid != entry.uid ||
               (fetched_ == nullptr && one->second->gecos != gecos_of(entry.user_id));
    }

    bool answered_about(const std::string& login) const {
        return none_to_ask() || asked_.contains(login);
    }

    // Of a group's name, or one of its gids.
    bool have(const std::string& name, const RosterGroup& group) const {
        const auto& theirs = fetched_->groups_elsewhere;
        return std::any_of(theirs.begin(), theirs.end(), [&](const auto& one) {
            return one.first == name || one.first == name + std::string(admin_suffix) ||
                   one.second == group.gid || one.second == group.admin_gid;
        });
    }

  private:
    bool none_to_ask() const { return fetched_ != nullptr && fetched_->none_to_ask; }

    static bool add(NodeNames& node, const std::string& login, uid_t uid) {
        node.uids.insert(uid);
        return node.users.emplace(login, uid).second;
    }

    const Accounts& before_;
    const RosterAccounts* fetched_;
    std::unordered_map<std::string_view, const Account*> had_;
    std::unordered_set<std::string_view> asked_;
};

// One record for each account of ours that has keys.
AccountsRecords fetched_keys(const Accounts& accounts, const std::vector<SshKey>& keys) {
    std::unordered_map<std::string_view, std::size_t> first_of;  // those of one stand together
    first_of.reserve(accounts.accounts.size());
    for (std::size_t i = 0; i < keys.size(); ++i) first_of.try_emplace(keys[i].login, i);
    AccountsRecords records;
    records.reserve(accounts.accounts.size());
    for (const auto& account : accounts.accounts) {
        const auto found = first_of.find(account.login);
        if (account.is_the_nodes || found == first_of.end()) continue;
        std::string text;
        text.reserve(keys[found->second].text.size() + 1);  // most have one
        std::uint16_t number = 0;
        for (auto i = found->second; i < keys.size() && keys[i].login == account.login; ++i) {
            text.append(keys[i].text) += '\n';
            ++number;
        }
        const auto key = login_key(account.login);
        records.emplace_back(key, encode_keys(key, account, number, text));
    }
    return records;
}

AccountsRecords stored_keys(const Accounts& accounts, const AccountsDatabase& stored) {
    AccountsRecords records;
    std::vector<char> buffer;
    for (const auto& account : accounts.accounts)
        if (auto record = account.is_the_nodes ? std::nullopt : stored.keys_of(account, buffer))
            records.emplace_back(login_key(account.login), *std::move(record));
    return records;
}

std::string summary_of(const Accounts& accounts) {
    std::map<std::string_view, std::size_t> reasons;
    for (const auto& one : accounts.without) ++reasons[text_of(one.reason).name];
    std::string text = std::to_string(accounts.accounts.size()) + " accounts, " +
                       std::to_string(accounts.groups.size()) + " groups, " +
                       std::to_string(accounts.removed.size()) + " removed";
    for (const auto& [reason, count] : reasons)
        text += ", " + std::to_string(count) + " " + std::string(reason);
    return text;
}

Result<void> write_where_new(const std::string& path, const AccountsRecords& records,
                             const AccountsHeader& header, const FileAccess& access,
                             const std::optional<AccountsDatabase>& stored) {
    if (stored && is_same_content(stored->header(), header)) return {};
    return write_accounts_file(path, records, header, access);
}

// When each that is kept, a person's uid or a group's gid, was removed.
std::vector<Moment> removals(const Accounts& accounts) {
    std::vector<Moment> moments;
    for (const auto& one : accounts.removed) moments.push_back(one.removed);
    for (const auto& one : accounts.used_gids)
        if (one.removed) moments.push_back(*one.removed);
    return moments;
}

Moment first_of(const std::vector<Moment>& moments) {
    const auto first = std::min_element(
        moments.begin(), moments.end(),
        [](const auto& a, const auto& b) { return elapsed(a, b) > Nanoseconds::zero(); });
    return first == moments.end() ? Moment{} : *first;
}

Result<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return failure(errno_text("cannot make " + path, errno));
    return check_roster_directory(path);
}

// Else a round ended between them, or one was lost.
bool are_of_one_round(const std::optional<AccountsDatabase>& accounts,
                      const std::optional<AccountsDatabase>& keys) {
    return accounts && keys && accounts->header().roster == keys->header().roster &&
           accounts->header().node == keys->header().node;
}

std::optional<AccountsDatabase> open_one(const std::string& path, const AccountsMagic& magic,
                                         VerifiedFile& seen) {
    auto file = AccountsDatabase::open(path, magic);
    if (!file || !seen.is_intact(file->status(), file->header().digest,
                                 [&] { return file->verify_intact(); }))
        return std::nullopt;
    return *std::move(file);
}

// An open file's number is nobody else's.
bool stands_at(const std::string& path, const std::optional<AccountsDatabase>& opened) {
    struct stat status {};
    return opened && ::lstat(path.c_str(), &status) == 0 &&
           status.st_dev == opened->status().st_dev && status.st_ino == opened->status().st_ino &&
           status.st_ctim.tv_sec == opened->status().st_ctim.tv_sec &&
           status.st_ctim.tv_nsec == opened->status().st_ctim.tv_nsec;
}

bool is_of(const std::optional<AccountsDatabase>& file, const std::string& project) {
    return file && project_in(file->header()) == project;
}

bool has_records(const std::optional<AccountsDatabase>& file, const Digest& records) {
    return file && file->header().records == records;
}

bool has_shell(const NodeConfig& config) {
    return ::access(config.accounts.shell.c_str(), X_OK) == 0;
}

}  // namespace

// What files are derived from, besides the authority's group and keys.
struct AccountsKeeper::Source {
    NodeTexts texts;
    Digest node;    // of them and of the configuration
    Digest roster;  // the snapshot's content
    std::string project;
    Nanoseconds keep_removed;
};

AccountsKeeper::AccountsKeeper(Clock& clock, const std::string& directory, NodeFiles node)
    : clock_(clock), paths_(directory), node_(std::move(node)), accounts_(clock), keys_(clock) {}

Result<AccountsKeeper::Source> AccountsKeeper::read_source(const NodeConfig& config,
                                                           const Digest& roster) const {
    auto texts = read_node_texts(node_);
    if (!texts) return tl::make_unexpected(texts.error());
    DigestStream node;
    digest_into(node, *texts);
    for (const auto& [name, value] : settings_in_force(config))
        if (name.starts_with("accounts.")) node.update(std::as_bytes(std::span(value)));
    return Source{*std::move(texts), node.finish(), roster, config.project,
                  config.accounts.keep_removed};
}

AccountsKeeper::Stored AccountsKeeper::open_intact() {
    return {open_one(paths_.accounts, accounts_magic, accounts_),
            open_one(paths_.keys, keys_magic, keys_)};
}

AccountsKeeper::Stored AccountsKeeper::open_again() {
    auto opened = std::exchange(opened_, {});
    if (!stands_at(paths_.accounts, opened.accounts))
        opened.accounts = open_one(paths_.accounts, accounts_magic, accounts_);
    if (!stands_at(paths_.keys, opened.keys))
        opened.keys = open_one(paths_.keys, keys_magic, keys_);
    return opened;
}

bool AccountsKeeper::is_current(const Stored& stored, const Source& source) {
    if (!stored.accounts || !are_of_one_round(stored.accounts, stored.keys)) return false;
    const auto& header = stored.accounts->header();
    const auto age = age_of(header.first_removed, clock_.now(), Nanoseconds::zero());
    const bool one_is_over =
        header.removed > 0 && !age.uncertain && age.value >= source.keep_removed;
    return project_in(header) == source.project && header.roster == source.roster &&
           header.node == source.node && !one_is_over;
}

bool AccountsKeeper::needs_all(const NodeConfig& config, const Snapshot& roster) {
    // Whatever came could not be used.
    if (!has_shell(config)) return false;
    const auto source = read_source(config, roster.header().content);
    if (!source) return false;
    opened_ = open_intact();
    return !is_current(opened_, *source) || opened_.accounts->header().some_wait != 0;
}

Result<AccountsKeeper::Kept> AccountsKeeper::keep(const NodeConfig& config, const Snapshot& roster,
                                                  const RosterAccounts* fetched) {
    const auto source = read_source(config, roster.header().content);
    if (!source) return tl::make_unexpected(source.error());
    const auto stored = open_again();
    if (fetched == nullptr && is_current(stored, *source)) return Kept{};
    if (!has_shell(config))
        return failure("[accounts] shell " + config.accounts.shell + " is no program on this node");
    if (fetched == nullptr && !is_of(stored.accounts, config.project))
        return failure("they wait for an answer of the authority");
    auto entries = entries_of(roster);
    if (!entries) return failure("the roster is damaged");
    return derive(config, *std::move(entries), *source, stored, fetched);
}

bool AccountsKeeper::has_any_of(const std::string& project) const {
    const auto is_its = [&](const std::string& path, const AccountsMagic& magic) {
        const auto file = AccountsDatabase::open(path, magic);
        return file && project_in(file->header()) == project;
    };
    return is_its(paths_.accounts, accounts_magic) || is_its(paths_.keys, keys_magic);
}

Result<AccountsKeeper::Kept> AccountsKeeper::take_away(const NodeConfig& config) {
    const auto source = read_source(config, Digest{});
    if (!source) return tl::make_unexpected(source.error());
    const auto stored = open_intact();
    if (is_current(stored, *source)) return Kept{};
    RosterAccounts nobody;
    nobody.none_to_ask = true;
    return derive(config, {}, *source, stored, &nobody);
}

Result<AccountsKeeper::Kept> AccountsKeeper::derive(const NodeConfig& config,
                                                    std::vector<RosterEntry> entries,
                                                    const Source& source, const Stored& stored,
                                                    const RosterAccounts* fetched) {
    const auto before = stored.accounts ? stored.accounts->people() : Accounts{};
    if (!before) return failure(paths_.accounts + " is damaged");
    auto node = names_in(source.texts);
    // Of the node's own files there is no need to ask.
    const auto files = node.users;
    const auto readers = node.groups.contains(group_of_refresh) ? node.groups[group_of_refresh] : 0;
    const OtherServices others(*before, fetched);
    const bool some_remembered = others.add_to(node);
    const auto waiting = std::erase_if(entries, [&](const auto& entry) {
        return !files.contains(entry.login) && others.must_wait(entry);
    });
    auto group =
        is_of(stored.accounts, config.project) ? group_in(stored.accounts->header()) : std::nullopt;
    bool group_waits = false;
    if (fetched != nullptr && fetched->group != group) {
        const auto name = group_name(config, fetched->group);
        group_waits = fetched->group && is_login(name) && !others.answered_about(name);
        if (!group_waits) group = fetched->group;
    }
    // A round without an answer would not know that it is theirs.
    const bool is_theirs =
        fetched != nullptr && group && others.have(group_name(config, group), *group);
    const bool some_wait = some_remembered || waiting > 0 || group_waits;
    const Moment now = clock_.now();
    const auto accounts = derive_accounts({config, entries, group, node, *before, now});

    AccountsHeader header;
    const auto people = account_records(accounts, config.accounts, header.people_records);
    put(header.project, source.project);
    put_group(header, is_theirs ? std::nullopt : group);
    header.accounts = static_cast<std::uint32_t>(accounts.accounts.size());
    const auto removed = removals(accounts);
    header.removed = static_cast<std::uint32_t>(removed.size());
    header.without = static_cast<std::uint32_t>(accounts.without.size());
    header.some_wait = some_wait ? 1 : 0;
    header.first_removed = first_of(removed);
    header.roster = source.roster;
    header.node = source.node;

    if (auto made = make_directory(paths_.directory); !made)
        return tl::make_unexpected(made.error());
    // Who has no account any more has no key first. Without an answer, keys that are not of the
    // accounts' round stay as they are: which are missing there, the authority says.
    bool same_keys = true;
    if (fetched != nullptr || are_of_one_round(stored.accounts, stored.keys)) {
        const auto keys = fetched != nullptr ? fetched_keys(accounts, fetched->keys)
                                             : stored_keys(accounts, *stored.keys);
        header.magic = keys_magic;
        header.records = digest_of(keys);
        same_keys = has_records(stored.keys, header.records);
        const FileAccess for_refresh = {0640, readers};
        if (auto written = write_where_new(paths_.keys, keys, header, for_refresh, stored.keys);
            !written)
            return tl::make_unexpected(written.error());
    }
    header.magic = accounts_magic;
    header.records = digest_of(people);
    const bool same_people = has_records(stored.accounts, header.records);
    const FileAccess for_all = {0644, ::getegid()};
    if (auto written = write_where_new(paths_.accounts, people, header, for_all, stored.accounts);
        !written)
        return tl::make_unexpected(written.error());
    if (!same_people) tell_nscd();
    return Kept{!same_people || !same_keys, summary_of(accounts)};
}

}  // namespace together
