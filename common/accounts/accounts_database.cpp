// SPDX-License-Identifier: Apache-2.0
#include "common/accounts/accounts_database.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "common/accounts/record_layout.h"
#include "common/accounts/ssh_key.h"
#include "common/roster/constant_database.h"
#include "common/roster/file_digest.h"
#include "common/system/io.h"
#include "common/system/uids.h"

namespace together {
namespace {

template <std::size_t size>
std::string text_in(const std::array<char, size>& field) {
    return {field.data(), ::strnlen(field.data(), size)};
}

constexpr std::string_view login_variable = "%u";
constexpr std::string_view no_password = "*";
constexpr const char* no_shell = "/usr/sbin/nologin";

struct RemovedHead {
    std::uint64_t checksum;
    Moment removed;
    std::uint32_t uid;
    std::uint16_t fixed;
    std::uint16_t is_found;
};

struct UsedGidHead {
    std::uint64_t checksum;
    Moment removed;
    std::uint32_t gid;
    std::uint16_t fixed;
    std::uint8_t for_admins;
    std::uint8_t is_removed;
};

void add_text(std::string& texts, std::string_view text) {
    texts.append(text);
    texts += '\0';
}

template <class T>
std::string_view chars_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

// The head, and room for as many bytes behind it; under_key() makes a record of it.
template <class Head>
std::string begun_with(Head head, std::size_t rest) {
    head.fixed = sizeof head;
    std::string record;
    record.reserve(sizeof head + rest);
    record.append(chars_of(head));
    return record;
}

template <class Head>
std::optional<Head> head_of(std::string_view key, std::string_view record) {
    Head head;
    if (record.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, record.data(), sizeof head);
    if (head.fixed < sizeof head || head.fixed > record.size() ||
        record_checksum(key.data(), key.size(), record.data(), record.size()) != head.checksum)
        return std::nullopt;
    return head;
}

std::string take_text(std::string_view& texts) {
    std::string text(texts.substr(0, texts.find('\0')));
    texts.remove_prefix(std::min(text.size() + 1, texts.size()));
    return text;
}

struct AccountTexts {
    std::string_view login;
    std::string_view gecos;
    std::string_view home;
    std::string_view shell;
};

std::string account_record(std::string_view key, uid_t uid, std::uint16_t flags,
                           const std::vector<gid_t>& groups, const AccountTexts& texts) {
    const auto& [login, gecos, home, shell] = texts;
    const auto homes = home.substr(0, home.size() - login_variable.size());
    const auto size =
        2 * login.size() + no_password.size() + gecos.size() + homes.size() + shell.size() + 5;
    AccountHead head{};
    head.uid = head.gid = uid;
    head.groups = static_cast<std::uint16_t>(groups.size());
    head.text = static_cast<std::uint16_t>(size);
    head.flags = flags;
    auto record = begun_with(head, groups.size() * sizeof(gid_t) + size);
    for (const auto gid : groups) record.append(chars_of(gid));
    add_text(record, login);
    add_text(record, no_password);
    add_text(record, gecos);
    record.append(homes);
    add_text(record, login);
    add_text(record, shell);
    return under_key(key, std::move(record));
}

std::optional<Account> account_in(std::string_view key, std::string_view record) {
    const auto head = head_of<AccountHead>(key, record);
    if (!head || head->fixed + head->groups * sizeof(gid_t) + head->text > record.size())
        return std::nullopt;
    record.remove_prefix(head->fixed);
    Account account;
    account.uid = head->uid;
    account.is_the_nodes = (head->flags & account_is_the_nodes) != 0;
    account.groups.resize(head->groups);
    for (auto& gid : account.groups) {
        std::memcpy(&gid, record.data(), sizeof gid);
        record.remove_prefix(sizeof gid);
    }
    account.login = take_text(record);
    take_text(record);
    account.gecos = take_text(record);
    return account;
}

std::optional<RemovedAccount> removed_in(std::string_view key, std::string_view record) {
    const auto head = head_of<RemovedHead>(key, record);
    if (!head) return std::nullopt;
    record.remove_prefix(head->fixed);
    RemovedAccount account;
    account.uid = head->uid;
    account.removed = head->removed;
    account.is_found = head->is_found != 0;
    account.login = take_text(record);
    account.gecos = take_text(record);
    return account;
}

std::optional<UsedGid> used_gid_in(std::string_view key, std::string_view record) {
    const auto head = head_of<UsedGidHead>(key, record);
    if (!head) return std::nullopt;
    record.remove_prefix(head->fixed);
    UsedGid used{head->gid, take_text(record), head->for_admins != 0, std::nullopt};
    if (head->is_removed != 0) used.removed = head->removed;
    return used;
}

tl::unexpected<OpenFailure> unusable(const std::string& path, const char* reason) {
    return tl::make_unexpected(OpenFailure{FileError::unusable, path + " " + reason});
}

}  // namespace

std::span<const std::byte> digested_part(const AccountsHeader& header) {
    return bytes_of(header).first(offsetof(AccountsHeader, digest));
}

bool is_same_content(AccountsHeader one, AccountsHeader other) {
    static_assert(std::has_unique_object_representations_v<AccountsHeader>);
    one.length = other.length = 0;  // the writer's
    const auto a = digested_part(one);
    const auto b = digested_part(other);
    return std::equal(a.begin(), a.end(), b.begin());
}

std::string project_in(const AccountsHeader& header) {
    return text_in(header.project);
}

std::optional<RosterGroup> group_in(const AccountsHeader& header) {
    if (header.has_group == 0) return std::nullopt;
    const auto gid = [](std::uint32_t id) {
        return id == no_uid ? std::nullopt : std::optional<gid_t>(id);
    };
    return RosterGroup{text_in(header.group_name), gid(header.gid), gid(header.admin_gid)};
}

std::uint64_t checksum_of(const AccountsHeader& header) {
    return checksum(bytes_of(header).first(offsetof(AccountsHeader, checksum)));
}

std::string group_key(std::string_view name) {
    return "g" + std::string(name);
}

std::string gid_key(gid_t gid) {
    return id_key('i', gid);
}

std::string removed_key(uid_t uid) {
    return id_key('r', uid);
}

std::string used_gid_key(gid_t gid) {
    return id_key('k', gid);
}

std::string encode_account(std::string_view key, const Account& account, const AccountsConfig& as) {
    return account_record(key, account.uid, account.is_the_nodes ? account_is_the_nodes : 0,
                          account.groups, {account.login, account.gecos, as.home, as.shell});
}

std::string encode_nologin(std::string_view key, const RemovedAccount& account,
                           const AccountsConfig& as) {
    return account_record(key, account.uid, account_is_removed, {},
                          {account.login, account.gecos, as.home, no_shell});
}

std::string under_key(std::string_view key, std::string record) {
    const auto checksum = record_checksum(key.data(), key.size(), record.data(), record.size());
    std::memcpy(record.data(), &checksum, sizeof checksum);
    return record;
}

std::string encode_removed(std::string_view key, const RemovedAccount& account) {
    RemovedHead head{};
    head.removed = account.removed;
    head.uid = account.uid;
    head.is_found = account.is_found ? 1 : 0;
    auto record = begun_with(head, account.login.size() + account.gecos.size() + 2);
    add_text(record, account.login);
    add_text(record, account.gecos);
    return under_key(key, std::move(record));
}

std::string encode_used_gid(std::string_view key, const UsedGid& used) {
    UsedGidHead head{};
    head.removed = used.removed.value_or(Moment{});
    head.gid = used.gid;
    head.for_admins = used.for_admins ? 1 : 0;
    head.is_removed = used.removed ? 1 : 0;
    auto record = begun_with(head, used.project.size() + 1);
    add_text(record, used.project);
    return under_key(key, std::move(record));
}

std::string encode_group(std::string_view key, const AccountGroup& group) {
    std::string texts;
    std::string offsets;
    add_text(texts, group.name);
    add_text(texts, no_password);
    for (const auto& member : group.members) {
        offsets.append(chars_of(static_cast<std::uint32_t>(texts.size())));
        add_text(texts, member);
    }
    GroupHead head{};
    head.gid = group.gid;
    head.members = static_cast<std::uint32_t>(group.members.size());
    head.text = static_cast<std::uint32_t>(texts.size());
    auto record = begun_with(head, offsets.size() + texts.size());
    record.append(offsets).append(texts);
    return under_key(key, std::move(record));
}

std::uint64_t person_of(const Account& account) {
    return person_of(account.uid, account.gecos.data(), account.gecos.size());
}

std::string encode_keys(std::string_view key, const Account& account, std::uint16_t keys,
                        std::string_view text) {
    KeysHead head{};
    head.person = person_of(account);
    head.text = static_cast<std::uint32_t>(text.size());
    head.keys = keys;
    auto record = begun_with(head, text.size());
    record.append(text);
    return under_key(key, std::move(record));
}

tl::expected<Account, Absence> find_account(int file, std::string_view login) {
    constexpr std::size_t lengths = 8;
    std::array<char, lengths + max_account_key + max_account_record> buffer;
    if (login.size() > max_login) return tl::make_unexpected(Absence::not_found);
    const auto key = login_key(login);
    const auto record = find_in_database(file, key, buffer);
    if (!record) return tl::make_unexpected(record.error());
    auto account = account_in(key, *record);
    if (!account) return tl::make_unexpected(Absence::damaged);
    return *std::move(account);
}

tl::expected<AccountsDatabase, OpenFailure> AccountsDatabase::open(const std::string& path,
                                                                   const AccountsMagic& magic,
                                                                   Behind behind) {
    auto file = open_trusted(path, Links::refuse);
    if (!file) return tl::make_unexpected(std::move(file.error()));
    AccountsHeader header;
    const int fd = file->descriptor.get();
    const auto at = behind == Behind::nothing
                        ? file->status.st_size - static_cast<off_t>(sizeof header)
                        : static_cast<off_t>(length_of_database(fd).value_or(0));
    if (at < 0 || read_full_at(fd, &header, sizeof header, at) != ssize_t{sizeof header})
        return unusable(path, "is damaged (too short)");
    if (header.magic != magic) return unusable(path, "is not of this format");
    if (header.checksum != checksum_of(header) ||
        header.length != static_cast<std::uint64_t>(at) + sizeof header)
        return unusable(path, "is damaged (its header's checksum or length is wrong)");
    return AccountsDatabase(std::move(*file), header);
}

bool AccountsDatabase::verify_intact() const {
    const auto content = static_cast<off_t>(header_.length - sizeof header_);
    return digest_of_file(file_.descriptor.get(), content, digested_part(header_)) ==
           header_.digest;
}

bool AccountsDatabase::lost_whom_it_had() const {
    std::array<char, 256> buffer;
    return find_in_database(file_.descriptor.get(), used_gid_key(every_id), buffer).has_value();
}

std::optional<Accounts> AccountsDatabase::people() const {
    Accounts people;
    people.accounts.reserve(
        std::min<std::uint64_t>(header_.accounts, header_.length / sizeof(AccountHead)));
    DatabaseRecords records(file_.descriptor.get());
    if (!records.begin()) return std::nullopt;
    for (std::uint32_t i = 0; i < header_.people_records; ++i) {
        const auto record = records.next();
        if (!record || record->key.empty()) return std::nullopt;
        if (record->key.front() == 'l') {
            auto account = account_in(record->key, record->value);
            if (!account) return std::nullopt;
            people.accounts.push_back(*std::move(account));
        } else if (record->key.front() == 'r') {
            auto account = removed_in(record->key, record->value);
            if (!account) return std::nullopt;
            people.removed.push_back(*std::move(account));
        } else if (record->key.front() == 'k') {
            auto used = used_gid_in(record->key, record->value);
            if (!used) return std::nullopt;
            people.used_gids.push_back(*std::move(used));
        }
    }
    return people;
}

std::optional<gid_t> AccountsDatabase::gid_of_group(const std::string& name) const {
    std::vector<char> buffer(header_.length);
    const auto key = group_key(name);
    const auto record = find_in_database(file_.descriptor.get(), key, buffer);
    const auto head = record ? head_of<GroupHead>(key, *record) : std::nullopt;
    return head ? std::optional(head->gid) : std::nullopt;
}

std::optional<std::string> AccountsDatabase::keys_of(const Account& account,
                                                     std::vector<char>& buffer) const {
    // Lengths, key, head, and the most that somebody can have.
    constexpr std::size_t max_length =
        8 + 1 + max_login + sizeof(KeysHead) + max_ssh_keys * (max_ssh_key + 1);
    buffer.resize(max_length);
    const auto key = login_key(account.login);
    const auto record = find_in_database(file_.descriptor.get(), key, buffer);
    const auto head = record ? head_of<KeysHead>(key, *record) : std::nullopt;
    if (!head || head->person != person_of(account)) return std::nullopt;
    return std::string(*record);
}

}  // namespace together
