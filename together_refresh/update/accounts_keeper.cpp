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
#include "common/system/duration.h"
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
                node.folded.insert(folded(name));
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
        node.folded.insert(folded(login));
        return node.users.emplace(login, uid).second;
    }

    const Accounts& before_;
    const RosterAccounts* fetched_;
    std::unordered_map<std::string_view, const Account*> had_;
    std::unordered_set<std::string_view> asked_;
};

// One record for each account of ours, whether it has keys or not: it says whose the uid is.
void add_fetched_keys(const Accounts& accounts, const std::vector<SshKey>& keys,
                      CdbImage& records) {
    std::unordered_map<std::string_view, std::size_t> first_of;  // those of one stand together
    first_of.reserve(accounts.accounts.size());
    for (std::size_t i = 0; i < keys.size(); ++i) first_of.try_emplace(keys[i].login, i);
    records.reserve(accounts.accounts.size(), accounts.accounts.size() * usual_record);
    std::string text;
    for (const auto& account : accounts.accounts) {
        const auto found = first_of.find(account.login);
        if (account.is_the_nodes) continue;
        auto i = found == first_of.end() ? keys.size() : found->second;
        text.clear();
        std::uint16_t number = 0;
        for (; i < keys.size() && keys[i].login == account.login; ++i, ++number)
            text.append(keys[i].text) += '\n';
        const auto key = login_key(account.login);
        records.add(key, encode_keys(key, account, number, text));
    }
}

void add_stored_keys(const Accounts& accounts, const AccountsDatabase& stored, CdbImage& records) {
    std::vector<char> buffer;
    for (const auto& account : accounts.accounts)
        if (const auto record =
                account.is_the_nodes ? std::nullopt : stored.keys_of(account, buffer))
            records.add(login_key(account.login), *record);
}

// What is known of whom this node had where accounts.v1 is lost: who left before, and of those on
// the roster or on the one before, whose record among the keys says that the uid is theirs.
Accounts known_by_keys(const std::optional<AccountsDatabase>& keys,
                       const std::vector<RosterEntry>& entries,
                       const std::vector<RosterEntry>& entries_before, const Moment& now) {
    auto known = keys ? keys->people().value_or(Accounts{}) : Accounts{};
    known.used_gids.push_back({every_id, {}, false, now});
    if (!keys) return known;
    std::vector<char> buffer;
    for (const auto* some : {&entries_before, &entries})
        for (const auto& entry : *some) {
            Account account{entry.login, gecos_of(entry.user_id), entry.uid, {}, false};
            if (keys->keys_of(account, buffer)) known.accounts.push_back(std::move(account));
        }
    return known;
}

// Nothing where nothing is kept from others.
std::string lost_text(const std::string& path, const NodeConfig& config) {
    const auto& keep = config.accounts.keep_removed;
    if (keep == Nanoseconds::zero()) return {};
    return "ALERT: " + path +
           " and its spare are damaged, and whom this node had is not known any more: for " +
           format_duration(keep) +
           " nobody new gets an account or a group here, unless you say that no id was another's "
           "(togetherctl accounts)";
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

AccountsKeeper::Without without_account(const Accounts& accounts,
                                        const std::optional<AccountsDatabase>& stored) {
    constexpr std::size_t max_named = 3;
    const auto& without = accounts.without;
    DigestStream of_whom;
    std::string names;
    for (std::size_t i = 0; i < without.size(); ++i) {
        const auto name =
            without[i].name + " (" + std::string(text_of(without[i].reason).name) + ")";
        of_whom.update(std::as_bytes(std::span(name)));
        if (i < max_named) names += (i == 0 ? "" : ", ") + name;
    }
    if (without.size() > max_named) names += ", …";
    const std::string text =
        without.empty() ? "nobody on the roster is without an account now, and no group is missing"
                        : std::to_string(without.size()) +
                              " without an account, or groups that are missing: " + names +
                              "; togetherctl accounts says what to do";
    return {text, of_whom.finish(), without.size() != (stored ? stored->header().without : 0)};
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

bool is_of(const std::optional<AccountsDatabase>& file, const std::string& project) {
    return file && project_in(file->header()) == project;
}

bool has_records(const std::optional<AccountsDatabase>& file, const Digest& records) {
    return file && file->header().records == records;
}

void add_problem(std::string& problem, const std::string& more) {
    if (!more.empty()) problem += (problem.empty() ? "" : "; ") + more;
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

struct AccountsKeeper::Derived {
    Accounts accounts;
    AccountsHeader header;  // without what is a file's own
    gid_t readers = 0;      // of the keys
    std::string problem;
};

AccountsKeeper::AccountsKeeper(Clock& clock, const std::string& directory, NodeFiles node)
    : clock_(clock),
      directory_(directory),
      node_(std::move(node)),
      accounts_(clock, AccountsPaths(directory).accounts, accounts_magic, 0644),
      keys_(clock, AccountsPaths(directory).keys, keys_magic, 0640) {}

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

Result<AccountsKeeper::Stored> AccountsKeeper::open_or_restore() {
    auto stored = std::exchange(opened_, {});
    for (const auto& [file, opened] :
         {std::pair(&accounts_, &stored.accounts), std::pair(&keys_, &stored.keys)}) {
        auto one = file->open_or_restore(std::move(*opened), stored.problem);
        if (!one) return tl::make_unexpected(one.error());
        *opened = *std::move(one);
    }
    return stored;
}

bool AccountsKeeper::is_current(const Stored& stored, const Source& source) {
    if (!stored.accounts || !are_of_one_round(stored.accounts, stored.keys)) return false;
    const auto& header = stored.accounts->header();
    const auto now = clock_.now();
    const bool one_is_over = header.removed > 0 && same_timeline(header.first_removed, now) &&
                             elapsed(header.first_removed, now) >= source.keep_removed;
    return project_in(header) == source.project && header.roster == source.roster &&
           header.node == source.node && !one_is_over;
}

// Since an earlier boot: from now on by this one's clock.
bool AccountsKeeper::counts_removals(const Stored& stored) {
    const auto& header = stored.accounts->header();
    const auto now = clock_.now();
    return header.removed == 0 || !is_of_a_known_boot(now) ||
           same_timeline(header.first_removed, now);
}

void AccountsKeeper::was_up_at(const Moment& moment) {
    if (seen_ == Moment{} || !same_timeline(moment, clock_.now())) seen_ = moment;
}

bool AccountsKeeper::can_follow(const NodeConfig& config) const {
    if (config.accounts.enabled) return has_shell(config) && read_node_texts(node_).has_value();
    return !accounts_.has_accounts_of(config.project) && !keys_.has_accounts_of(config.project);
}

bool AccountsKeeper::needs_all(const NodeConfig& config, const Snapshot& roster) {
    // Whatever came could not be used.
    if (!has_shell(config)) return false;
    const auto source = read_source(config, roster.header().content);
    if (!source) return false;
    opened_ = {accounts_.open_intact(), keys_.open_intact(), {}, {}};
    if (!opened_.accounts && accounts_.is_there())
        opened_.entries_before = entries_of(roster).value_or(std::vector<RosterEntry>());
    return !is_current(opened_, *source) || opened_.accounts->header().some_wait != 0;
}

Result<AccountsKeeper::Kept> AccountsKeeper::keep(const NodeConfig& config, const Snapshot& roster,
                                                  const RosterAccounts* fetched) {
    const auto source = read_source(config, roster.header().content);
    if (!source) return tl::make_unexpected(source.error());
    const auto stored = open_or_restore();
    if (!stored) return tl::make_unexpected(stored.error());
    return with_spares(keep(config, roster, *source, *stored, fetched), *stored);
}

Result<AccountsKeeper::Kept> AccountsKeeper::keep(const NodeConfig& config, const Snapshot& roster,
                                                  const Source& source, const Stored& stored,
                                                  const RosterAccounts* fetched) {
    if (fetched == nullptr && is_current(stored, source) && counts_removals(stored)) return Kept{};
    if (!has_shell(config))
        return failure("[accounts] shell " + config.accounts.shell + " is no program on this node");
    if (fetched == nullptr && !is_of(stored.accounts, config.project))
        return failure("they wait for an answer of the authority");
    auto entries = entries_of(roster);
    if (!entries) return failure("the roster is damaged");
    auto derived = derive(config, *std::move(entries), source, stored, fetched);
    if (!derived) return tl::make_unexpected(derived.error());
    return write(config, *std::move(derived), stored, fetched);
}

Result<AccountsKeeper::Kept> AccountsKeeper::with_spares(Result<Kept> kept, const Stored& stored) {
    if (!kept) return kept;
    std::string problem = stored.problem;
    add_problem(problem, kept->problem);
    for (auto* file : {&keys_, &accounts_})
        if (const auto spare = file->keep_spare(); !spare)
            add_problem(problem, spare.error().message);
    kept->problem = std::move(problem);
    return kept;
}

bool AccountsKeeper::has_any_of(const std::string& project) const {
    return accounts_.is_of(project) || keys_.is_of(project);
}

Result<AccountsKeeper::Kept> AccountsKeeper::take_away(const NodeConfig& config) {
    const auto source = read_source(config, Digest{});
    if (!source) return tl::make_unexpected(source.error());
    const auto stored = open_or_restore();
    if (!stored) return tl::make_unexpected(stored.error());
    if (is_current(*stored, *source) && counts_removals(*stored))
        return with_spares(Kept{}, *stored);
    RosterAccounts nobody;
    nobody.none_to_ask = true;
    auto derived = derive(config, {}, *source, *stored, &nobody);
    if (!derived) return tl::make_unexpected(derived.error());
    return with_spares(write(config, *std::move(derived), *stored, &nobody), *stored);
}

Result<AccountsKeeper::Derived> AccountsKeeper::derive(const NodeConfig& config,
                                                       std::vector<RosterEntry> entries,
                                                       const Source& source, const Stored& stored,
                                                       const RosterAccounts* fetched) const {
    // Where neither it nor its spare is there, this node is a new one.
    const bool is_lost = !stored.accounts && accounts_.is_there();
    const Moment now = clock_.now();
    const auto before = is_lost ? known_by_keys(stored.keys, entries, stored.entries_before, now)
                        : stored.accounts ? stored.accounts->people()
                                          : Accounts{};
    if (!before) return failure(accounts_.path() + " is damaged");
    auto node = names_in(source.texts);
    Derived derived;
    if (is_lost) derived.problem = lost_text(accounts_.path(), config);
    if (node.groups.contains(group_of_refresh)) derived.readers = node.groups[group_of_refresh];
    // Of the node's own files there is no need to ask.
    const auto files = node.users;
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
    derived.accounts = derive_accounts({config, entries, group, node, *before, now, seen_});

    auto& header = derived.header;
    put(header.project, source.project);
    put_group(header, is_theirs ? std::nullopt : group);
    header.accounts = static_cast<std::uint32_t>(derived.accounts.accounts.size());
    const auto removed = removals(derived.accounts);
    header.removed = static_cast<std::uint32_t>(removed.size());
    header.without = static_cast<std::uint32_t>(derived.accounts.without.size());
    header.some_wait = some_remembered || waiting > 0 || group_waits ? 1 : 0;
    header.first_removed = first_of(removed);
    header.roster = source.roster;
    header.node = source.node;
    return derived;
}

Result<AccountsKeeper::Kept> AccountsKeeper::write(const NodeConfig& config, Derived derived,
                                                   const Stored& stored,
                                                   const RosterAccounts* fetched) {
    if (auto made = make_directory(directory_); !made) return tl::make_unexpected(made.error());
    auto& [accounts, header, readers, problem] = derived;
    // Who has no account any more has no key first. Without an answer, keys that are not of the
    // accounts' round stay as they are: which are missing there, the authority says.
    bool same_keys = true;
    if (fetched != nullptr || are_of_one_round(stored.accounts, stored.keys)) {
        CdbImage keys;
        add_reserved(keys, accounts);
        header.people_records = keys.size();
        if (fetched != nullptr)
            add_fetched_keys(accounts, fetched->keys, keys);
        else
            add_stored_keys(accounts, *stored.keys, keys);
        header.records = keys.digest();
        const auto written = keys_.write_where_new(std::move(keys), header, readers, stored.keys);
        same_keys = !written || has_records(stored.keys, header.records);
        // Keys that stay are of no use to who has no account, or to another person.
        if (!written) add_problem(problem, "the keys stay as they are: " + written.error().message);
    }
    auto people = account_records(accounts, config.accounts, header.people_records);
    header.records = people.digest();
    const bool same_people = has_records(stored.accounts, header.records);
    if (auto written =
            accounts_.write_where_new(std::move(people), header, ::getegid(), stored.accounts);
        !written)
        return tl::make_unexpected(written.error());
    if (!same_people) tell_nscd();
    return Kept{!same_people || !same_keys, summary_of(accounts), std::move(problem),
                without_account(accounts, stored.accounts)};
}

}  // namespace together
