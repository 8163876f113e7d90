// SPDX-License-Identifier: Apache-2.0
// together audit, review: who did what, and who has access to what.
#include <array>
#include <cstdint>

#include "cli/printable.h"
#include "common/system/clock.h"
#include "common/system/duration.h"
#include "common/system/parse_number.h"
#include "common/system/utc.h"
#include "together_cli/commands/access_changes.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column of_audit[] = {{"SEQ", "seq"},       {"TIME", "time", Cell::time},
                               {"ACTOR", "actor"},   {"ACTION", "action"},
                               {"TARGET", "target"}, {"OUTCOME", "outcome"}};
constexpr Column of_review[] = {{"LOGIN", "login"},
                                {"ROLE", "role"},
                                {"SOURCE", "source"},
                                {"SINCE", "since", Cell::time},
                                {"GRANTED BY", "granted_by"},
                                {"UNTIL", "until", Cell::time},
                                {"LAST USED", "last_used_at", Cell::time},
                                {"LAST SEEN", "last_seen"},
                                {"EMAIL", "email"}};
constexpr Column of_changes[] = {{"LOGIN", "login"},           {"CHANGE", "change"},
                                 {"THEN", "role_then"},        {"NOW", "role_now"},
                                 {"TIME", "time", Cell::time}, {"BY", "by"}};
constexpr Json::ArrayIndex default_last = 50;

// In the place of an id where the roster or the members have one.
void put_logins(Json::Value& rows, const char* field, const Json::Value& people) {
    for (auto& row : rows)
        for (const auto& person : people)
            if (text_in(person, "user_id") == text_in(row, field) &&
                !text_in(person, "login").empty())
                row[field] = text_in(person, "login");
}

Outcome<Json::ArrayIndex> last_of(const Session& session) {
    const auto text = session.line.value("last");
    if (!text) return default_last;
    const auto number = parse_number<std::uint32_t>(*text);
    if (!number || *number == 0)
        return trouble(exit_cannot_tell, "--last " + in_quotes(*text) + " is no number of records");
    return Json::ArrayIndex{*number};
}

Outcome<int> audit(Session& session) {
    const auto last = last_of(session);
    if (!last) return tl::unexpected(last.error());
    const auto organization = session.organization();
    if (!organization) return tl::unexpected(organization.error());
    const auto path = "/organizations/" + escaped(organization->id);
    const auto all = session.authority.list(path + "/audit");
    if (!all) return tl::unexpected(all.error());
    Json::Value rows(Json::arrayValue);
    for (auto i = all->size() - std::min(*last, all->size()); i < all->size(); ++i)
        rows.append((*all)[i]);
    if (!session.output.json()) {
        put_logins(rows, "actor",
                   session.authority.list(path + "/members").value_or(Json::arrayValue));
        for (auto& row : rows)
            if (row["time_ms"].isInt64())
                row["time"] = Json::Int64{row["time_ms"].asInt64() / 1000};
    }
    return show(session.output, session.quiet(), rows, of_audit, "nothing was done yet");
}

// "2026-11-30T12:00:00Z ssh"
void put_last_seen(Json::Value& rows) {
    for (auto& row : rows)
        if (row["last_seen_at"].isInt64())
            row["last_seen"] =
                cell_of(row["last_seen_at"], Cell::time) + " " + text_in(row, "last_seen_door");
}

// To who is no member of the organization, the authority does not even tell how many there are.
bool is_use_told(const Json::Value& row) {
    return row["tokens"].isInt64() || row["last_used_at"].isInt64();
}

// Those alone that used no token since then, and were seen at no door; who never was, too.
Outcome<Json::Value> unused(Json::Value rows, const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration)
        return trouble(exit_cannot_tell,
                       "--unused-for " + in_quotes(text) + " is no duration such as 90d");
    const auto since = (SystemClock().now().realtime - duration->count()) / 1'000'000'000;
    Json::Value left(Json::arrayValue);
    const auto is_later = [&](const Json::Value& time) {
        return time.isInt64() && time.asInt64() >= since;
    };
    for (auto& row : rows) {
        if (is_later(row["last_used_at"]) || is_later(row["last_seen_at"])) continue;
        if (!is_use_told(row))
            return trouble(exit_cannot_tell,
                           "--unused-for: when tokens were used last is told to members of the "
                           "organization alone, and you are none: who is unused cannot be told");
        left.append(row);
    }
    return left;
}

// A day begins at midnight UTC. In seconds since 1970.
Outcome<std::int64_t> time_of(const std::string& text) {
    const auto time = parse_utc(text.find('T') == std::string::npos ? text + "T00:00:00Z" : text);
    if (!time)
        return trouble(exit_cannot_tell, "--diff " + in_quotes(text) +
                                             " is no day such as 2026-01-31 and no time such as "
                                             "2026-01-31T08:00:00Z");
    if (*time > SystemClock().now().realtime)
        return trouble(exit_cannot_tell, "--diff " + in_quotes(text) + " has not come yet");
    return *time / 1'000'000'000;
}

Outcome<int> as_csv(Session& session, const std::string& url) {
    const auto answer = session.authority.get(url);
    if (!answer) return tl::unexpected(answer.error());
    session.output.verbatim(answer->text);
    return exit_yes;
}

Outcome<int> changes_since(Session& session, const std::string& path, const std::string& text) {
    const auto since = time_of(text);
    if (!since) return tl::unexpected(since.error());
    const auto url = path + "?since=" + std::to_string(*since);
    if (session.line.has("csv")) return as_csv(session, url + "&format=csv");
    const auto periods = session.authority.list(url);
    if (!periods) return tl::unexpected(periods.error());
    auto changes = access_changes(*periods, *since);
    if (!session.output.json()) put_logins(changes, "by", *periods);
    return show(session.output, session.quiet(), changes, of_changes, "nothing has changed");
}

Outcome<int> review(Session& session) {
    const auto project = session.project();
    if (!project) return tl::unexpected(project.error());
    const auto path = "/projects/" + escaped(project->id) + "/access_review";
    if (const auto day = session.line.value("diff")) return changes_since(session, path, *day);
    if (session.line.has("csv")) return as_csv(session, path + "?format=csv");
    auto rows = session.authority.list(path);
    if (!rows) return tl::unexpected(rows.error());
    if (!session.output.json()) put_logins(*rows, "granted_by", Json::Value(*rows));
    if (const auto duration = session.line.value("unused-for")) {
        rows = unused(*std::move(rows), *duration);
        if (!rows) return tl::unexpected(rows.error());
    }
    if (!session.output.json()) put_last_seen(*rows);
    return show(session.output, session.quiet(), *rows, of_review, "nobody");
}

int run_audit(const CommandLine& line, Output& output) {
    return in_session(line, output, audit);
}
int run_review(const CommandLine& line, Output& output) {
    return in_session(line, output, review);
}

constexpr std::array<Option, 2> audit_options = {{
    {"last", "N", "so many of the newest records (default: 50)"},
    organization_option,
}};
constexpr std::array<Option, 4> review_options = {{
    {"csv", "", "as a table for a spreadsheet, all of it"},
    {"diff", "DATE",
     "what has changed since a day, or a time, of UTC; with --csv all periods since"},
    {"unused-for", "DURATION",
     "those alone who for so long used no token and were seen at no door, such as 90d"},
    project_option,
}};

}  // namespace

constinit const Verb audit_verb = {
    .name = "audit",
    .operand = "",
    .summary = "show who changed what, and what was refused",
    .about = "The newest record last. For the organization's Admins.",
    .options = audit_options,
    .statuses = statuses,
    .example = "together audit --last 10",
    .run = run_audit,
};

constinit const Verb review_verb = {
    .name = "review",
    .operand = "",
    .summary = "show who has access to a project, since when, and who granted it",
    .about =
        "LAST USED is when a token of theirs was used last; that and EMAIL are told to members of "
        "the\n"
        "organization alone, so that an Admin who is none has no --unused-for. LAST SEEN is when "
        "and at\n"
        "which door a node let them in last, as nodes with [api] report_last_seen = yes tell it; "
        "of the\n"
        "others' logins the authority knows nothing. For the project's Admins.",
    .options = review_options,
    .statuses = statuses,
    .example = "together review --unused-for 90d",
    .run = run_review,
};

}  // namespace together::cli
