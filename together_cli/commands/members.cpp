// SPDX-License-Identifier: Apache-2.0
// together members: who is in the organization.
#include "together_cli/commands/change_report.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns[] = {{"LOGIN", "login"},
                              {"ROLE", "role"},
                              {"OWNER", "owner"},
                              {"SUSPENDED", "suspended"},
                              {"UNTIL", "until", Cell::time},
                              {"EMAIL", "email"},
                              {"ID", "user_id"}};

std::string path_of(const Named& organization) {
    return "/organizations/" + escaped(organization.id) + "/members";
}

int run_list(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) -> Outcome<int> {
        const auto organization = session.organization();
        if (!organization) return tl::unexpected(organization.error());
        const auto members = session.authority.list(path_of(*organization));
        if (!members) return tl::unexpected(members.error());
        return show(session.output, session.quiet(), *members, columns, "there is no member");
    });
}

// What it brings about in which project stands in the answer.
Outcome<int> change(Session& session, const std::string& method, const Json::Value& body,
                    const std::string& what) {
    const auto organization = session.organization();
    if (!organization) return tl::unexpected(organization.error());
    const auto who = member_named(session.authority, *organization, session.line.operand());
    if (!who) return tl::unexpected(who.error());
    return ChangeReport(session, name_of_person(*who) + " " + what + " " + organization->name)
        .anywhere()
        .make(method, path_of(*organization) + "/" + escaped(text_in(*who, "user_id")), body);
}

template <class Value>
Outcome<int> set(Session& session, const char* field, Value value, const std::string& what) {
    Json::Value body;
    body[field] = value;
    return change(session, "PATCH", body, what);
}

int run_remove(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return change(session, "DELETE", {}, "is removed from");
    });
}
int run_promote(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return set(session, "role", "admin", "is an Admin of");
    });
}
int run_demote(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return set(session, "role", "member", "is a Member of");
    });
}
int run_suspend(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return set(session, "suspended", true, "is suspended in");
    });
}
int run_resume(const CommandLine& line, Output& output) {
    return in_session(line, output, [](Session& session) {
        return set(session, "suspended", false, "is suspended no longer in");
    });
}

constexpr std::array<Option, 1> list_options = {{organization_option}};
constexpr std::array<Option, 3> options = {{organization_option, wait_option, dry_run_option}};

}  // namespace

constinit const Verb members_verb = {
    .name = "members",
    .operand = "",
    .summary = "list the organization's members",
    .about = "External collaborators are in a project alone: together collaborators.",
    .options = list_options,
    .statuses = statuses,
    .example = "together members",
    .run = run_list,
};

constinit const Verb members_remove_verb = {
    .name = "members remove",
    .operand = "WHO",
    .summary = "remove somebody from the organization and all its projects",
    .about =
        "Their tokens end, unless they are in another organization. It says which projects they\n"
        "leave, which keys of projects stay that they made, and which nodes know it.",
    .options = options,
    .statuses = statuses,
    .example = "together members remove bob --wait 30s",
    .run = run_remove,
};

constinit const Verb members_promote_verb = {
    .name = "members promote",
    .operand = "WHO",
    .summary = "make a member an Admin of the organization",
    .about = "They are Admin of each project that they are in, then.",
    .options = options,
    .statuses = statuses,
    .example = "together members promote bob",
    .run = run_promote,
};

constinit const Verb members_demote_verb = {
    .name = "members demote",
    .operand = "WHO",
    .summary = "make an Admin of the organization a Member",
    .about = "A project that would be left without an Admin gets the Owner.",
    .options = options,
    .statuses = statuses,
    .example = "together members demote bob",
    .run = run_demote,
};

constinit const Verb members_suspend_verb = {
    .name = "members suspend",
    .operand = "WHO",
    .summary = "keep somebody out for a while; their roles stay as they are",
    .about = "They are on no roster until together members resume.",
    .options = options,
    .statuses = statuses,
    .example = "together members suspend bob",
    .run = run_suspend,
};

constinit const Verb members_resume_verb = {
    .name = "members resume",
    .operand = "WHO",
    .summary = "let somebody in again who was suspended",
    .about = "With the roles that they had.",
    .options = options,
    .statuses = statuses,
    .example = "together members resume bob",
    .run = run_resume,
};

}  // namespace together::cli
