// SPDX-License-Identifier: Apache-2.0
// together org: the organization's settings.
#include <array>
#include <cstdint>

#include "cli/printable.h"
#include "common/system/parse_number.h"
#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

struct Setting {
    const char* option;
    const char* field;
    std::string_view label;
    enum class Kind { text, yes_or_no, number } kind;
};
constexpr Setting settings[] = {
    {"name", "name", "Name", Setting::Kind::text},
    {"external-collaborators", "external_collaborators", "External collaborators",
     Setting::Kind::yes_or_no},
    {"allocate-uids", "allocate_uids", "Allocates uids", Setting::Kind::yes_or_no},
    {"first-id", "first_id", "First uid and gid", Setting::Kind::number},
    {"last-id", "last_id", "Last uid and gid", Setting::Kind::number},
};

int run_show(const CommandLine& line, Output& output) {
    return in_session(line, output, [&](Session& session) -> Outcome<int> {
        const auto organization = session.organization();
        if (!organization) return tl::unexpected(organization.error());
        const auto answer = session.authority.get("/organizations/" + escaped(organization->id));
        if (!answer) return tl::unexpected(answer.error());
        if (output.json()) {
            output.document(answer->body);
            return exit_yes;
        }
        if (session.quiet()) {
            output.line(organization->id);
            return exit_yes;
        }
        Fields fields = {{"Id", organization->id}};
        for (const auto& one : settings)
            if (answer->body.isMember(one.field))
                fields.push_back({one.label, cell_of(answer->body[one.field])});
        output.fields(fields);
        return exit_yes;
    });
}

Outcome<Json::Value> value_of(const Setting& setting, const std::string& text) {
    switch (setting.kind) {
        case Setting::Kind::text:
            return Json::Value(text);
        case Setting::Kind::yes_or_no:
            if (text == "yes" || text == "no") return Json::Value(text == "yes");
            break;
        case Setting::Kind::number:
            if (const auto number = parse_number<std::int64_t>(text))
                return Json::Value(Json::Int64{*number});
            break;
    }
    return trouble(
        exit_cannot_tell,
        "--" + std::string(setting.option) + " " + in_quotes(text) +
            (setting.kind == Setting::Kind::number ? " is no number" : " is neither yes nor no"));
}

int run_set(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        Json::Value body(Json::objectValue);
        for (const auto& one : settings) {
            const auto text = session.line.value(one.option);
            if (!text) continue;
            const auto value = value_of(one, *text);
            if (!value) return tl::unexpected(value.error());
            body[one.field] = *value;
        }
        if (body.empty())
            return trouble(exit_cannot_tell, "name what to set (see together org set --help)");
        const auto organization = session.organization();
        if (!organization) return tl::unexpected(organization.error());
        return ChangeReport(session, organization->name + " is changed")
            .make("PATCH", "/organizations/" + escaped(organization->id), body);
    });
}

constexpr std::array<Option, 1> show_options = {{organization_option}};
constexpr std::array<Option, 7> set_options = {{
    {"name", "NAME", "another name"},
    {"external-collaborators", "yes|no", "whether projects may take in who is no member"},
    {"allocate-uids", "yes|no", "whether the authority gives uids and gids"},
    {"first-id", "N", "the first of them"},
    {"last-id", "N", "the last of them"},
    organization_option,
    dry_run_option,
}};

}  // namespace

constinit const Verb org_verb = {
    .name = "org",
    .operand = "",
    .summary = "show the organization and its settings",
    .about = "External collaborators see its name alone.",
    .options = show_options,
    .statuses = statuses,
    .example = "together org",
    .run = run_show,
};

constinit const Verb org_set_verb = {
    .name = "org set",
    .operand = "",
    .summary = "change its settings",
    .about = "For its Admins.",
    .options = set_options,
    .statuses = statuses,
    .example = "together org set --external-collaborators yes",
    .run = run_set,
};

}  // namespace together::cli
