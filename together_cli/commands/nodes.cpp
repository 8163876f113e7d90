// SPDX-License-Identifier: Apache-2.0
// together nodes: which nodes of a project there are, and which roster each holds.
#include <cstdint>

#include "common/system/parse_number.h"
#include "together_cli/api/receipt.h"
#include "together_cli/commands/lists.h"
#include "together_cli/commands/session.h"
#include "together_cli/commands/verbs.h"

namespace together::cli {
namespace {

constexpr Column columns[] = {{"NODE", "name"},
                              {"REVISION", "revision"},
                              {"MODE", "mode"},
                              {"VERSION", "version"},
                              {"LAST SEEN", "last_seen", Cell::time}};

Outcome<int> nodes(Session& session) {
    const auto project = session.project();
    if (!project) return tl::unexpected(project.error());
    auto path = "/projects/" + escaped(project->id) + "/nodes";
    const auto revision = session.option("revision");
    if (!revision.empty() && !parse_number<std::int64_t>(revision))
        return trouble(exit_cannot_tell, "--revision is a number, as a receipt has it");
    if (!revision.empty()) path += "?revision=" + revision;
    const auto all = session.authority.list(path);
    if (!all) return tl::unexpected(all.error());
    const auto summary = session.authority.get(path);
    if (!summary) return tl::unexpected(summary.error());
    if (!session.output.json() && !all->empty())
        session.say(cell_of(summary->body["confirmed"]) + " of " + std::to_string(all->size()) +
                    (all->size() == 1 ? " node holds" : " nodes hold") + " revision " +
                    cell_of(summary->body["revision"]) + " of " + project->name);
    return show(session.output, session.quiet(), *all, columns,
                "no node of " + project->name + " has reported itself yet");
}

int run(const CommandLine& line, Output& output) {
    return in_session(line, output, nodes);
}

constexpr std::array<Option, 2> options = {{
    {"revision", "N", "those without it first (default: the newest)"},
    project_option,
}};

}  // namespace

constinit const Verb nodes_verb = {
    .name = "nodes",
    .operand = "",
    .summary = "list a project's nodes and the roster that each holds",
    .about =
        "Those that do not hold the newest roster stand first. A node that watches is seen all "
        "the\n"
        "time; one that has been silent for 30 days is forgotten.",
    .options = options,
    .statuses = statuses,
    .example = "together nodes --project cluster",
    .run = run,
};

}  // namespace together::cli
