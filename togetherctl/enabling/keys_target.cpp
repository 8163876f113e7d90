// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/keys_target.h"

#include <glob.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "authorized_keys/served_keys.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/io.h"
#include "common/system/node_accounts.h"
#include "common/system/trusted_file.h"
#include "common/system/trusted_path.h"
#include "processes/installed_program.h"
#include "togetherctl/editing/file_manager.h"
#include "togetherctl/editing/marked_block.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/node/known_people.h"
#include "togetherctl/pam/sshd_config_file.h"
#include "togetherctl/pam/sshd_settings.h"
#include "togetherctl/processes/invoker.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr const char* user_of_command = "together";
constexpr std::size_t largest = std::size_t{1024} * 1024;

std::string command_line() {
    return authorized_keys_command() + " %u";
}

std::vector<std::string> key_lines(bool keep_files) {
    std::vector<std::string> lines = {
        "AuthorizedKeysCommand " + command_line(),
        std::string("AuthorizedKeysCommandUser ") + user_of_command,
    };
    if (!keep_files) lines.emplace_back("AuthorizedKeysFile none");
    return lines;
}

// Of any version, wherever its command stands.
bool is_key_line(std::string_view line) {
    if (line.starts_with("AuthorizedKeysCommand ") &&
        line.ends_with("/together-authorized-keys %u"))
        return true;
    const auto ours = key_lines(false);
    return std::find(ours.begin(), ours.end(), line) != ours.end();
}

// What somebody wrote between our comments is refused, not lost.
Result<std::string> without_keys(std::string_view text) {
    if (auto ours = only_ours_in_block(text, is_key_line); !ours)
        return tl::make_unexpected(ours.error());
    return without_block(text);
}

// What sshd makes of a text that does not stand there yet, which it reads from our memory. Its
// includes are absolute, or of /etc/ssh.
Result<SshdSettings> sshd_reads(const std::string& text) {
    const FileDescriptor file(::memfd_create("sshd_config", MFD_CLOEXEC));
    if (!file || !write_full(file.get(), text.data(), text.size()))
        return failure(errno_text("cannot hand it to sshd", errno));
    return ask_sshd(
        {"-f", "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file.get())});
}

// ---- what stands in the way --------------------------------------------------------------------

// sshd refuses a command that another could exchange, and says so only in its log.
void check_command(Plan& plan) {
    const auto command = authorized_keys_command();
    if (first_program({command}).empty())
        plan.problems.push_back(command + " is not installed, or not root's alone to write");
    else if (const auto why = why_exchangeable(folder_of(command)); !why.empty())
        plan.problems.push_back("sshd does not execute " + command + ": " + why);
    if (::getpwnam(user_of_command) == nullptr)
        plan.problems.emplace_back(
            "there is no user together, as whom sshd is to ask: systemd-sysusers");
}

void check_other_command(const SshdSettings& before, Plan& plan) {
    if (before.keys_command.empty() || before.keys_command == command_line()) return;
    plan.problems.push_back(
        "sshd asks another program for keys already (sshd -T): "
        "AuthorizedKeysCommand " +
        before.keys_command + "; it has one, take that out first");
}

// As sshd itself reads the planned file: an earlier line may win, or none of it be read at all.
void check_that_it_takes_effect(const SshdSettings& after, bool keep_files, Plan& plan) {
    std::string why;
    if (after.keys_command != command_line())
        why = "AuthorizedKeysCommand is " + after.keys_command;
    else if (after.keys_command_user != user_of_command)
        why = "AuthorizedKeysCommandUser is " + after.keys_command_user;
    else if (!keep_files && !after.key_files.empty())
        why = "AuthorizedKeysFile is " + after.key_files.front();
    if (!why.empty()) plan.problems.push_back("it would not take effect (sshd -T): " + why);
}

std::vector<std::string> files_of(const std::string& pattern) {
    std::vector<std::string> files;
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return files;
}

// For whom a Match is, it overrides ours; sshd -T does not say so.
void note_matches(const EditedFile& file, Plan& plan) {
    std::vector<std::pair<std::string, std::string>> texts = {{file.path, file.text}};
    for (const auto& pattern : sshd_includes(file.text))
        for (const auto& path : files_of(pattern))
            texts.emplace_back(path, read_trusted(path, largest).value_or(""));
    for (const auto& [path, text] : texts)
        for (const auto& [number, keyword] : key_settings_in_match(text))
            plan.notes.push_back(path + ":" + std::to_string(number) + ": " + keyword +
                                 " behind a Match stays in force for whom that is");
}

// ---- whom it would lock out --------------------------------------------------------------------

class KeysOfPeople {
  public:
    explicit KeysOfPeople(const SshdSettings& before)
        : served_(ServedKeys::open()), in_files_(before.key_files) {}

    const Result<ServedKeys>& served() const { return served_; }

    // Of those logins whose keys stand in files that would not count any more, and in no roster.
    std::vector<std::string> losing(const std::vector<std::string>& logins) const {
        const auto found = logins_with_keys(logins, in_files_);
        std::vector<std::string> losing;
        std::copy_if(found.begin(), found.end(), std::back_inserter(losing),
                     [&](const auto& login) { return !are_served(login); });
        return losing;
    }

    // Of those whose keys the roster has, who has none in a file that would count then.
    std::vector<std::string> losing_served(const std::vector<std::string>& logins,
                                           const std::vector<std::string>& files_then) const {
        const auto found = logins_with_keys(logins, files_then);
        std::vector<std::string> losing;
        std::copy_if(logins.begin(), logins.end(), std::back_inserter(losing),
                     [&](const auto& login) {
                         return are_served(login) &&
                                std::find(found.begin(), found.end(), login) == found.end();
                     });
        return losing;
    }

  private:
    bool are_served(const std::string& login) const {
        if (!served_) return false;
        const auto keys = served_->of(login);
        return keys && !keys->empty();
    }

    Result<ServedKeys> served_;
    std::vector<std::string> in_files_;
};

void look_at_callers(const KeysOfPeople& keys, bool root_may_log_in, Plan& plan) {
    if (!keys.served())
        plan.lockouts.push_back("nobody would log in with a key: " + keys.served().error().message);
    auto people = people_behind_this();
    if (root_may_log_in) people.emplace_back("root");
    for (const auto& login : keys.losing(people))
        plan.lockouts.push_back((login == "root" ? "root" : "you, " + login + ",") +
                                " would be locked out: a key that counts today is in a file, and "
                                "none of " +
                                login + " is on the roster; --keep-files lets files count");
}

void note_others(const KeysOfPeople& keys, const SshdSettings& before, Plan& plan) {
    std::vector<std::string> known;
    for (const auto& [login, person] : find_known_people(before.key_files).by_login)
        known.push_back(login);
    std::string names;
    for (const auto& login : keys.losing(known)) names += (names.empty() ? "" : ", ") + login;
    if (!names.empty())
        plan.notes.push_back("keys in files count no more, and the roster has none: " + names);
}

void note_missing_gate(const SshdSettings& sshd, Plan& plan) {
    const auto file = pam_folder + (sshd.pam_service.empty() ? "sshd" : sshd.pam_service);
    const auto gate = find_gate(file);
    if (!gate || !gate->call)
        plan.notes.push_back(file +
                             " does not ask the gate: with these keys whoever has an account gets "
                             "in, in a lockdown too (togetherctl enable ssh)");
}

void look_at_sshd(const CommandLine& line, const PlannedEdit& edit, Plan& plan) {
    const bool keep_files = line.has("keep-files");
    const auto before = sshd_reads(edit.without_us);
    const auto after = sshd_reads(edit.after);
    if (!before || !after) {
        plan.problems.push_back("sshd does not take it: " +
                                (before ? after : before).error().message);
        return;
    }
    if (!before->use_pam)
        plan.problems.emplace_back(
            "sshd has \"UsePAM no\" (sshd -T): who was removed would be refused by nobody; set "
            "UsePAM yes");
    note_missing_gate(*before, plan);
    check_other_command(*before, plan);
    if (plan.problems.empty()) check_that_it_takes_effect(*after, keep_files, plan);
    if (keep_files || edit.file.text == edit.after) return;
    const KeysOfPeople keys(*before);
    look_at_callers(keys, before->root_may_log_in, plan);
    if (line.has("dry-run")) note_others(keys, *before, plan);
}

void look_at_callers_without(const PlannedEdit& edit, Plan& plan) {
    if (!edit.changes()) return;
    const auto people = people_behind_this();
    if (people.empty()) return;
    const auto now = sshd_reads(edit.file.text);
    const auto then = sshd_reads(edit.after);
    if (!now || !then) {
        plan.notes.push_back("whether you keep your keys could not be asked: " +
                             (now ? then : now).error().message);
        return;
    }
    if (now->keys_command != command_line() || then->keys_command == command_line()) return;
    for (const auto& login : KeysOfPeople(*now).losing_served(people, then->key_files))
        plan.lockouts.push_back("you, " + login +
                                ", would be locked out: your keys are the roster's, and none is in "
                                "a file that counts then");
}

}  // namespace

std::string authorized_keys_command() {
    return TOGETHER_AUTHORIZED_KEYS;
}

Result<Plan> plan_keys(const CommandLine& line, bool enable) {
    Plan plan;
    plan.target = GateTarget::keys;
    auto file = read_for_editing(line.value("file").value_or(sshd_config_path));
    if (!file) return tl::make_unexpected(file.error());
    const auto without = without_keys(file->text);
    if (!without) return failure(file->path + ": " + without.error().message);
    const auto lines = key_lines(line.has("keep-files"));
    // The first value counts: before all that is there, and what it includes.
    auto after = enable ? with_block(*without, 0, lines) : *without;
    plan.edits.push_back({*std::move(file), std::move(after), *without,
                          enable ? lines : std::vector<std::string>()});
    const auto& edit = plan.edits.front();
    if (edit.changes()) plan.managed_by = why_managed(edit.file.path, edit.without_us);
    if (enable) {
        check_command(plan);
        look_at_sshd(line, edit, plan);
        note_matches(edit.file, plan);
        if (line.has("keep-files"))
            plan.notes.emplace_back(
                "keys in ~/.ssh/authorized_keys count beside the roster's: one that is taken off "
                "the roster still opens the account where it stands there, too");
    } else {
        look_at_callers_without(edit, plan);
    }
    if (edit.changes())
        plan.notes.emplace_back("sshd reads it when it is reloaded: systemctl reload ssh (sshd)");
    return plan;
}

}  // namespace together::ctl
