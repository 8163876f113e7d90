// SPDX-License-Identifier: Apache-2.0
#include "together_cli/commands/change_report.h"

#include <unistd.h>

#include <algorithm>

#include "cli/printable.h"
#include "common/system/duration.h"
#include "common/system/io.h"
#include "together_cli/commands/lists.h"

namespace together::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What watching nodes need, many times over, and nobody minds.
constexpr auto without_wait = 2s;
constexpr char no_receipt[] =
    ": which nodes have it is not known: the authority named no roster (together nodes)";

struct Consequence {
    const char* field;
    const char* text;
};
constexpr Consequence of_projects[] = {{"left_projects", "no longer in"},
                                       {"owner_became_admin_of", "the Owner is Admin now of"}};
constexpr Consequence of_keys[] = {
    {"revoked_keys", "revoked"},
    {"remaining_project_keys", "project keys that they made and that stay"}};

bool progress_is_seen() {
    return ::isatty(STDERR_FILENO) != 0;
}

void write_on_terminal(const std::string& text) {
    static_cast<void>(write_full(STDERR_FILENO, text.data(), text.size()));
}

constexpr char clear_line[] = "\r\033[K";

// One line that the next one, or the last word, takes the place of.
void show_progress(const Receipt& receipt) {
    const auto text = printable(receipt.project.name + ": " + text_of(receipt));
    write_on_terminal(clear_line + text.substr(0, text.find(';')) + " …");
}

// The id, where it is of none of them.
std::string name_of(const Json::Value& id, const std::vector<Named>& projects) {
    const auto known = std::find_if(projects.begin(), projects.end(),
                                    [&](const Named& one) { return one.id == cell_of(id); });
    return known == projects.end() ? cell_of(id) : known->name;
}

std::string named_by(const Json::Value& ids, const std::vector<Named>& projects) {
    std::string text;
    for (const auto& id : ids) text += (text.empty() ? "" : ", ") + name_of(id, projects);
    return text;
}

}  // namespace

ChangeReport& ChangeReport::in(Named project) {
    project_ = std::move(project);
    return *this;
}

ChangeReport& ChangeReport::anywhere() {
    anywhere_ = true;
    return *this;
}

Outcome<Patience> ChangeReport::patience(Deadline since) const {
    const auto text = session_.line.value("wait");
    const bool is_watched = !session_.quiet() && !session_.output.json() && progress_is_seen();
    const auto progress = is_watched ? &show_progress : nullptr;
    if (!text) return Patience{since, since + without_wait, false, progress};
    const auto wait = parse_duration(*text);
    if (!wait)
        return trouble(exit_cannot_tell,
                       "--wait " + in_quotes(*text) + " is no duration such as 10s or 5m");
    return Patience{since, since + *wait, true, progress};
}

Outcome<int> ChangeReport::make(const std::string& method, const std::string& path,
                                const Json::Value& body) {
    const auto since = Clock::now();
    if (const auto wait = patience(since); !wait) return tl::unexpected(wait.error());
    const bool dry = session_.line.has("dry-run");
    const auto answer = session_.authority.change(method, path, body, dry);
    if (!answer) return tl::unexpected(answer.error());
    return dry ? would_be(answer->body) : report(*answer, since);
}

Outcome<int> ChangeReport::report(const Answer& answer, Deadline since) {
    const auto wait = patience(since);
    if (!wait) return tl::unexpected(wait.error());
    const auto receipts = receipts_of(answer, *wait);
    if (wait->progress && !receipts.empty()) write_on_terminal(clear_line);
    const bool must_wait = session_.line.has("wait");
    const bool complete =
        !receipts.empty() && std::all_of(receipts.begin(), receipts.end(),
                                         [](const Receipt& one) { return one.is_complete(); });
    const int status = must_wait && !complete ? exit_no : exit_yes;
    if (session_.output.json()) return as_document(answer, receipts, status);
    const bool one_line = receipts.size() == 1;
    const std::string unknown = must_wait && receipts.empty() ? no_receipt : "";
    session_.say(done_ + (one_line ? ": " + text_of(receipts.front()) : unknown),
                 status == exit_yes ? Tone::good : Tone::warning);
    say_consequences(answer.body["consequences"]);
    if (!one_line)
        for (const auto& one : receipts)
            session_.say("  " + one.project.name + ": " + text_of(one));
    return status;
}

std::vector<Receipt> ChangeReport::receipts_of(const Answer& answer, const Patience& wait) {
    auto& authority = session_.authority;
    // Without a revision nothing has changed; nodes may lack an earlier change all the same.
    if (project_ && (answer.revision || session_.line.has("wait")))
        return {receipt_of(authority, *project_, answer.revision, wait)};
    if (!anywhere_) return {};
    const auto projects = touched(answer.body["consequences"]["rosters"]);
    if (!projects) {
        Receipt unknown;
        unknown.project.name = "your projects";
        unknown.trouble = projects.error().message;
        return {unknown};
    }
    std::vector<Receipt> receipts;
    for (const auto& one : *projects)
        receipts.push_back(receipt_of(authority, one, std::nullopt, wait));
    return receipts;
}

Outcome<std::vector<Named>> ChangeReport::touched(const Json::Value& rosters) {
    std::vector<Named> all;
    if (rosters.isNull()) {
        const auto mine = session_.authority.list("/users/me/projects");
        if (!mine) return tl::unexpected(mine.error());
        for (const auto& one : *mine) all.push_back({text_in(one, "id"), text_in(one, "name")});
        return all;
    }
    const auto seen = rosters.empty() ? std::vector<Named>() : projects_seen(session_.authority);
    for (const auto& id : rosters) all.push_back({cell_of(id), name_of(id, seen)});
    return all;
}

int ChangeReport::would_be(const Json::Value& body) {
    if (session_.output.json()) {
        session_.output.document(body);
        return exit_yes;
    }
    session_.say("Nothing was changed (--dry-run). It can be done.");
    say_consequences(body["consequences"]);
    const auto rosters =
        named_by(body["consequences"]["rosters"], projects_seen(session_.authority));
    if (!rosters.empty()) session_.say("  changes the rosters of: " + rosters);
    return exit_yes;
}

int ChangeReport::as_document(const Answer& answer, const std::vector<Receipt>& receipts,
                              int status) {
    Json::Value document;
    document["answer"] = answer.body;
    document["receipts"] = Json::arrayValue;
    for (const auto& one : receipts) document["receipts"].append(json_of(one));
    session_.output.document(document);
    return status;
}

void ChangeReport::say_consequences(const Json::Value& consequences) {
    if (!consequences.isObject()) return;
    std::vector<Named> projects;
    for (const auto& [field, text] : of_projects) {
        if (consequences[field].empty()) continue;
        if (projects.empty()) projects = projects_seen(session_.authority);
        session_.say("  " + std::string(text) + ": " + named_by(consequences[field], projects));
    }
    for (const auto& [field, text] : of_keys)
        if (!consequences[field].empty())
            session_.say("  " + std::string(text) + ": " + cell_of(consequences[field]));
}

}  // namespace together::cli
