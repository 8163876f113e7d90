// SPDX-License-Identifier: Apache-2.0
// togetherctl admit: lets one login in until a time, whatever the roster says.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "common/config/config.h"
#include "common/roles/identifiers.h"
#include "common/system/duration.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/node_accounts.h"
#include "common/system/trusted_file.h"
#include "common/system/uids.h"
#include "common/system/utc.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/enabling/emergency_files.h"
#include "togetherctl/node/node_status.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr Nanoseconds longest = 24h * 30;

std::int64_t now() {
    return SystemClock().now().realtime;
}

Result<Nanoseconds> duration_of(const CommandLine& line) {
    const auto text = line.value("for");
    if (!text) return failure("--for is missing: an admission has an end, such as --for 2h");
    const auto duration = parse_duration(*text);
    if (!duration || *duration < 1s)
        return failure("--for " + in_quotes(*text) + " is no duration such as 30m, 2h or 1d");
    if (*duration > longest)
        return failure("--for " + in_quotes(*text) + " is longer than " + format_duration(longest) +
                       "; whoever needs longer belongs on the roster");
    return *duration;
}

Result<std::optional<uid_t>> given_uid(const CommandLine& line) {
    const auto text = line.value("uid");
    if (!text) return std::nullopt;
    const auto uid = parse_uid(*text);
    if (!uid) return failure("--uid " + in_quotes(*text) + " is no uid");
    return uid;
}

// The node's for that login, where it has one: Slurm asks by uid.
Result<std::optional<uid_t>> uid_of(const CommandLine& line) {
    auto given = given_uid(line);
    if (!given) return given;
    SystemAccounts accounts;
    const auto found = accounts.uid_of(line.operand());
    const auto own = found ? *found : std::nullopt;
    if (*given && own && **given != *own)
        return failure(line.operand() + " has the uid " + std::to_string(*own) +
                       " on this node, not " + std::to_string(**given));
    const auto uid = own ? own : *given;
    if (uid == 0U) return failure("uid 0 is root, who is always let in");
    return uid;
}

Result<Admission> admission_of(const CommandLine& line) {
    Admission admission;
    admission.login = line.operand();
    if (!is_login(admission.login)) return failure(in_quotes(admission.login) + " is no login");
    if (admission.login == "root") return failure("root is always let in");
    const auto duration = duration_of(line);
    if (!duration) return tl::make_unexpected(duration.error());
    const auto reason = line.value("reason");
    if (!reason) return failure("--reason is missing: every log line will say it");
    if (auto good = check_reason(*reason); !good) return tl::make_unexpected(good.error());
    const auto uid = uid_of(line);
    if (!uid) return tl::make_unexpected(uid.error());
    admission.uid = *uid;
    admission.reason = *reason;
    // Whole seconds, as they are written.
    admission.until = (now() + duration->count()) / 1'000'000'000 * 1'000'000'000;
    return admission;
}

Json::Value with_its_state(const Admission& admission) {
    Json::Value json = json_of(admission);
    json["in_force"] = admission.until > now();
    return json;
}

// What keeps an admission from working; it is written all the same.
std::vector<std::string> notes_on(const Admission& admission, const CommandLine& line) {
    std::vector<std::string> notes;
    if (!admission.uid)
        notes.emplace_back(
            "no account and no --uid: Slurm, which asks by uid, will not let them in");
    if (lockdown_in_force(emergency_folder(line.config_path())))
        notes.emplace_back("a lockdown is in force, and comes first (togetherctl lockdown --off)");
    if (const auto config = load_config(line.config_path()); !config)
        notes.push_back("nobody but root gets in with this configuration: " +
                        config.error().message);
    return notes;
}

tl::expected<Replaced, WriteFailure> write(const std::string& path, const std::string& text) {
    const auto folder = folder_of(path);
    if (::mkdir(folder.c_str(), 0755) == 0)
        ::chmod(folder.c_str(), 0755);  // whatever the umask
    else if (errno != EEXIST)
        return tl::make_unexpected(
            WriteFailure{errno == EROFS ? WriteError::managed_elsewhere : WriteError::failed,
                         errno_text("cannot make " + folder, errno)});
    return write_new(path, text, 0644);
}

// Where the folder is managed by something else, what is to be written there.
int not_written(const WriteFailure& why, const std::string& path, const std::string& text,
                Output& output) {
    const bool elsewhere = why.kind == WriteError::managed_elsewhere;
    output.fail("admit: " + write_problem(why, path) + (elsewhere ? ", with these lines:" : ""));
    for (std::size_t at = 0; elsewhere && !output.json() && at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        output.line(text.substr(at, end - at));
        at = end + 1;
    }
    return exit_cannot_tell;
}

int finish(const std::vector<std::string>& not_reached) {
    for (const auto& complaint : not_reached) Output::complain("admit: " + complaint);
    return not_reached.empty() ? exit_yes : exit_no;
}

int admit(const CommandLine& line, Output& output) {
    const auto admission = admission_of(line);
    if (!admission) return output.fail("admit: " + admission.error().message);
    const auto not_reached = services_not_reached(line.config_path());
    auto notes = notes_on(*admission, line);
    notes.insert(notes.begin(), not_reached.begin(), not_reached.end());
    const auto text = admission_text(*admission);
    if (!text) return output.fail("admit: " + text.error().message);
    const auto path = admission_path(emergency_folder(line.config_path()), admission->login);
    const auto written = write(path, *text);
    if (!written) return not_written(written.error(), path, *text, output);
    if (!written->warning.empty()) notes.push_back(written->warning);
    if (output.json()) {
        auto json = with_its_state(*admission);
        json["path"] = path;
        json["notes"] = Json::arrayValue;
        for (const auto& note : notes) json["notes"].append(note);
        output.document(json);
        return finish(not_reached);
    }
    output.line(admission->login + " is admitted until " + format_utc(admission->until) + ": " +
                    admission->reason,
                Tone::good);
    for (const auto& note : notes) output.line("Note: " + note, Tone::warning);
    output.line("On this node (" + path + "). Earlier: togetherctl admit --end " +
                admission->login);
    return finish(not_reached);
}

int list(const CommandLine& line, Output& output) {
    std::vector<std::string> problems;
    const auto admissions = read_admissions(emergency_folder(line.config_path()), problems);
    if (output.json()) {
        Json::Value json;
        json["admissions"] = json["problems"] = Json::arrayValue;
        for (const auto& admission : admissions)
            json["admissions"].append(with_its_state(admission));
        for (const auto& problem : problems) json["problems"].append(problem);
        output.document(json);
        return exit_yes;
    }
    std::vector<Row> rows;
    for (const auto& one : admissions)
        rows.push_back({one.login, one.uid ? std::to_string(*one.uid) : "-", format_utc(one.until),
                        one.until > now() ? "in force" : "past", one.reason});
    if (rows.empty())
        output.line("no admissions");
    else
        output.table({"LOGIN", "UID", "UNTIL", "STATE", "REASON"}, rows);
    for (const auto& problem : problems) output.line("ignored: " + problem, Tone::warning);
    return exit_yes;
}

int end(const std::string& login, const CommandLine& line, Output& output) {
    if (!is_login(login)) return output.fail("admit: " + in_quotes(login) + " is no login");
    const auto path = admission_path(emergency_folder(line.config_path()), login);
    const auto removed = remove_if_there(path);
    if (!removed) return output.fail("admit: " + removed.error().message);
    const bool gone = *removed;
    if (output.json()) {
        Json::Value json;
        json["login"] = login;
        json["ended"] = gone;
        output.document(json);
    } else {
        output.line(gone
                        ? login + " is no longer admitted. Open sessions stay: togetherctl sessions"
                        : login + " was not admitted: there is no " + path);
    }
    return gone ? exit_yes : exit_no;
}

int run(const CommandLine& line, Output& output) {
    const bool lists = line.has("list");
    const auto ends = line.value("end");
    const int asked = int{lists} + int{ends.has_value()} + int{!line.operand().empty()};
    if (asked != 1)
        return output.fail(
            "admit: name a LOGIN, or --list, or --end LOGIN (see togetherctl admit "
            "--help)");
    for (const char* option : {"for", "reason", "uid"})
        if (line.has(option) && line.operand().empty())
            return output.fail("admit: --" + std::string(option) + " goes with a LOGIN");
    if (lists) return list(line, output);
    if (::geteuid() != 0) return output.fail("admit: needs root");
    return ends ? end(*ends, line, output) : admit(line, output);
}

constexpr std::array<Option, 5> options = {{
    {"for", "DURATION", "how long, at most 30d; cannot be left out"},
    {"reason", "TEXT", "why; every log line and status show it"},
    {"uid", "N", "for Slurm, where this node has no such account"},
    {"list", "", "show the admissions, past ones too"},
    {"end", "LOGIN", "take an admission back"},
}};

constexpr std::array<Status, 3> statuses = {{
    {"0", "done"},
    {"1",
     "--end: there was none; else done, but a PAM service or Slurm has a configuration elsewhere"},
    {"2", "nothing was changed: not possible, or wrong usage"},
}};

}  // namespace

constinit const Verb admit_verb = {
    .name = "admit",
    .operand = "[LOGIN]",
    .summary = "let LOGIN in until a time, whatever the roster says",
    .about =
        "For an emergency, also while the authority is away: writes admit.d/LOGIN beside the\n"
        "configuration, on this node alone. It ends by itself. A lockdown comes first.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl admit dave --for 2h --reason on-call",
    .run = run,
};

}  // namespace together::ctl
