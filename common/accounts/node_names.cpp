// SPDX-License-Identifier: Apache-2.0
#include "common/accounts/node_names.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "common/system/directory.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/parse_number.h"

namespace together {
namespace {

// One name a line; sorted, which a test looks at.
constexpr std::array service_accounts = std::to_array<std::string_view>({
#include "common/accounts/service_accounts.inc"
});

constexpr std::string_view blanks = " \t\v\f\r";

template <class Visit>
void for_each_line(std::string_view text, const Visit& visit) {
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        // As glibc does.
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (!line.empty() && line.front() != '#') visit(line);
    }
}

std::string_view take_field(std::string_view& line) {
    const auto field = line.substr(0, line.find(':'));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
    return field;
}

// strtoul(3) is glibc's reader.
std::optional<std::uint32_t> number_in(std::string_view field) {
    field.remove_prefix(std::min(field.find_first_not_of(blanks), field.size()));
    if (field.starts_with('+')) field.remove_prefix(1);
    return parse_number<std::uint32_t>(field);
}

// The beginning of a line NAME:PASSWORD:NUMBER:…, and what follows it. Names of the compat service
// are none.
struct NameAndNumber {
    std::string name;
    std::uint32_t number;
    std::string_view rest;
};
std::optional<NameAndNumber> name_and_number(std::string_view line) {
    const auto name = take_field(line);
    if (name.empty() || name.front() == '+' || name.front() == '-') return std::nullopt;
    take_field(line);
    const auto number = number_in(take_field(line));
    if (!number) return std::nullopt;
    return NameAndNumber{std::string(name), *number, line};
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

Result<std::string> read_text(const std::string& path) {
    constexpr off_t max_text = off_t{256} * 1024 * 1024;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0)
        return failure(errno_text("cannot read " + path, errno));
    if (!S_ISREG(status.st_mode) || status.st_size > max_text)
        return failure(path + " is no file of a usual size");
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const auto got = read_full_at(file.get(), text.data(), text.size(), 0);
    if (got < 0) return failure(errno_text("cannot read " + path, errno));
    text.resize(static_cast<std::size_t>(got));
    return text;
}

std::vector<std::string> files_in_folder(const std::string& folder, std::string_view ending) {
    std::vector<std::string> paths;
    const Directory directory(::opendir(folder.c_str()));
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr)
        if (const std::string_view name = entry->d_name;
            name.front() != '.' && name.ends_with(ending))
            paths.push_back(folder + "/" + entry->d_name);
    std::sort(paths.begin(), paths.end());
    return paths;
}

// A folder that is not there has no files; one in it that cannot be read is overlooked, like one
// that systemd-sysusers cannot read.
std::vector<std::string> texts_in_folder(const std::string& folder) {
    std::vector<std::string> texts;
    for (const auto& path : files_in_folder(folder, ".conf"))
        if (auto text = read_text(path)) texts.push_back(*std::move(text));
    return texts;
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

bool is_read_by_sudo(const std::string& path) {
    const auto name = path.substr(path.rfind('/') + 1);
    struct stat status {};
    return name.find('.') == name.npos && !name.ends_with('~') &&
           ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// sudo may read what we cannot: then nobody knows whose group is whose.
Result<std::vector<std::string>> sudoers_texts(const std::string& sudoers) {
    auto paths = files_in_folder(sudoers + ".d", "");
    std::erase_if(paths, [](const auto& path) { return !is_read_by_sudo(path); });
    if (exists(sudoers)) paths.push_back(sudoers);
    std::vector<std::string> texts;
    for (const auto& path : paths) {
        auto text = read_text(path);
        if (!text) return tl::make_unexpected(text.error());
        texts.push_back(*std::move(text));
    }
    return texts;
}

// One line of sudoers, word by word.
class SudoersWords {
  public:
    explicit SudoersWords(std::string_view line) : line_(line) {}

    // Empty at the end; quotes and escapes are resolved.
    std::string next() {
        std::string word;
        bool is_quoted = false;
        while (!line_.empty() && (is_quoted || line_.front() != '#' || !is_comment(word))) {
            const char c = take();
            if (c == '"')
                is_quoted = !is_quoted;
            else if (c == '\\' && !line_.empty())
                word += escaped();
            else if (c != '\\' && (is_quoted || ends.find(c) == ends.npos))
                word += c;
            else if (!word.empty())
                return word;
        }
        line_ = {};
        return word;
    }

  private:
    static constexpr std::string_view ends = " \t\r,:=!()";

    // "%#GID" and "#UID" are none.
    bool is_comment(std::string_view word) const {
        const bool is_number =
            line_.size() > 1 && std::string_view("-0123456789").find(line_[1]) != line_.npos;
        return word != "%" && !(word.empty() && is_number);
    }

    char take() {
        const char c = line_.front();
        line_.remove_prefix(1);
        return c;
    }

    char escaped() {
        const char c = take();
        const auto digits = line_.substr(0, 2);
        const auto is_digit = [](unsigned char one) { return std::isxdigit(one) != 0; };
        if (c != 'x' || digits.size() < 2 || !std::all_of(digits.begin(), digits.end(), is_digit))
            return c;
        line_.remove_prefix(2);
        return static_cast<char>(std::stoul(std::string(digits), nullptr, 16));
    }

    std::string_view line_;
};

}  // namespace

std::string folded(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

void add_passwd(NodeNames& names, std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        if (auto user = name_and_number(line)) {
            names.uids.insert(user->number);
            names.folded.insert(folded(user->name));
            if (const auto gid = number_in(take_field(user->rest))) names.primary_gids.insert(*gid);
            names.users.emplace(std::move(user->name), user->number);
        }
    });
}

void add_group(NodeNames& names, std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        if (auto group = name_and_number(line)) {
            names.gids.insert(group->number);
            names.folded.insert(folded(group->name));
            names.groups.emplace(std::move(group->name), group->number);
        }
    });
}

// sysusers.d(5): "u NAME …" and "g NAME …" make NAME, "m USER GROUP" both.
void add_sysusers(NodeNames& names, std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        const auto type = take_word(line);
        if (type.empty() || std::string_view("ugm").find(type.front()) == type.npos) return;
        names.reserved.insert(folded(take_word(line)));
        if (type.front() == 'm') names.reserved.insert(folded(take_word(line)));
    });
}

// sudoers(5), as far as it tells "%GROUP" from other words. What a backslash continues is read as
// lines of their own: for sudo, too, the word ends there.
void add_sudoers(NodeNames& names, std::string_view text) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        SudoersWords words(line);
        for (auto word = words.next(); !word.empty(); word = words.next()) {
            if (!word.starts_with('%')) continue;
            const auto name = std::string_view(word).substr(1);
            if (!name.starts_with('#'))
                names.sudoers_groups.insert(folded(name));
            else if (const auto gid = number_in(name.substr(1)))
                names.sudoers_gids.insert(*gid);
        }
    }
}

Result<NodeTexts> read_node_texts(const NodeFiles& files) {
    auto passwd = read_text(files.passwd);
    if (!passwd) return tl::make_unexpected(passwd.error());
    auto group = read_text(files.group);
    if (!group) return tl::make_unexpected(group.error());
    auto sudoers = sudoers_texts(files.sudoers);
    if (!sudoers) return tl::make_unexpected(sudoers.error());
    NodeTexts texts{*std::move(passwd), *std::move(group), {}, *std::move(sudoers)};
    for (const auto& folder : files.sysusers)
        for (auto& text : texts_in_folder(folder)) texts.sysusers.push_back(std::move(text));
    return texts;
}

NodeNames names_in(const NodeTexts& texts) {
    NodeNames names;
    add_passwd(names, texts.passwd);
    add_group(names, texts.group);
    for (const auto& text : texts.sysusers) add_sysusers(names, text);
    for (const auto& text : texts.sudoers) add_sudoers(names, text);
    return names;
}

void digest_into(DigestStream& digest, const NodeTexts& texts) {
    const auto add = [&](const std::string& text) {
        digest.update(bytes_of(static_cast<std::uint64_t>(text.size())));
        digest.update(std::as_bytes(std::span(text)));
    };
    add(texts.passwd);
    add(texts.group);
    for (const auto* texts_of : {&texts.sysusers, &texts.sudoers})
        for (const auto& text : *texts_of) add(text);
}

bool is_service_account(std::string_view login) {
    return std::binary_search(service_accounts.begin(), service_accounts.end(), folded(login));
}

}  // namespace together
