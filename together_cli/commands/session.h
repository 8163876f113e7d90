// SPDX-License-Identifier: Apache-2.0
// What verbs have in common: who asks, and the options and statuses that many of them have.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "together_cli/api/authority.h"
#include "together_cli/api/names.h"

namespace together::cli {

struct Session {
    Authority authority;
    const CommandLine& line;
    Output& output;

    std::string option(const char* name) const { return line.value(name).value_or(""); }
    bool quiet() const { return line.has("quiet"); }
    Outcome<Named> project() { return project_named(authority, option("project")); }
    Outcome<Named> organization() { return organization_named(authority, option("organization")); }
    // Not where --quiet is said, nor beside a JSON document.
    void say(const std::string& text, Tone tone = Tone::plain);
};

// --config, or the default.
Result<std::string> credentials_path(const CommandLine& line);

// --ca-file as it is found from any folder; empty where there is none.
std::string ca_file_of(const CommandLine& line);

int tell(const Trouble& trouble, Output& output);

// Carries `work` out as whoever is logged in; a Trouble is told and is the exit status.
int in_session(const CommandLine& line, Output& output,
               const std::function<Outcome<int>(Session&)>& work);

// The end of a role or key in seconds since 1970, of a date, a time in UTC or a duration from now;
// null for "never".
Outcome<Json::Value> until_of(const std::string& text);

inline constexpr Option project_option{"project", "PROJECT",
                                       "its name or id (default: together projects use)"};
inline constexpr Option organization_option{"organization", "ORG",
                                            "its name or id, where you are in several"};
inline constexpr Option wait_option{"wait", "DURATION",
                                    "so long for all nodes; status 1 if some do not have it"};
inline constexpr Option dry_run_option{"dry-run", "", "only say what it would bring about"};
inline constexpr Option until_option{
    "until", "WHEN", "when it ends: 30d, 2027-01-31, 2027-01-31T18:00:00Z or never"};
inline constexpr Option out_option{"out", "FILE", "the secret goes there, for you alone (0600)"};

inline constexpr std::array<Status, 8> statuses = {{
    {"0", "done, or yes"},
    {"1", "no; with --wait: done, and not all nodes have it, or that is not known"},
    {"2", "wrong usage, or you are not logged in"},
    {"3", "your role does not permit it; the message says who could"},
    {"4", "there is no such thing, or several of that name"},
    {"5", "the authority does not take it: a rule, or a value"},
    {"6", "the authority does not accept your token"},
    {"7", "the authority did not answer, or cannot now"},
}};

}  // namespace together::cli
