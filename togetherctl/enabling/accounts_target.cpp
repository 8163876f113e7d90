// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/accounts_target.h"

#include <dlfcn.h>

#include "common/node_config/node_config.h"
#include "togetherctl/editing/file_manager.h"
#include "togetherctl/enabling/name_services.h"
#include "togetherctl/node/name_answers.h"
#include "togetherctl/node/watcher.h"
#include "togetherctl/processes/invoker.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

std::string uid_text(const std::optional<uid_t>& uid) {
    return uid ? "the uid " + std::to_string(*uid) : "no account";
}

// Those behind this command who would be somebody else then, or nobody.
void look_at_callers(const PlannedEdit& edit, Plan& plan) {
    const auto people = people_behind_this();
    if (people.empty() || !edit.changes()) return;
    const auto now = uids_by(services_of(edit.file.text, "passwd"), people);
    const auto then = uids_by(services_of(edit.after, "passwd"), people);
    if (!now || !then) {
        plan.notes.push_back("whether you keep your account could not be asked: " +
                             (now ? then : now).error().message);
        return;
    }
    for (std::size_t i = 0; i < people.size(); ++i) {
        if ((*now)[i] == (*then)[i]) continue;
        plan.lockouts.push_back("you would be locked out. " + people[i] + " has " +
                                uid_text((*now)[i]) + " now, and would have " +
                                uid_text((*then)[i]));
    }
}

// Each of them leaves the line without effect, and no harm is done.
void note_what_is_missing(const CommandLine& line, Plan& plan) {
    if (!name_service_is_installed())
        plan.notes.emplace_back(
            "libnss_together.so.2 is not installed: nobody is found until it is");
    const auto config = together::load_node_config(line.config_path());
    if (!config) {
        plan.notes.push_back("there are no accounts yet: " + config.error().message);
        return;
    }
    if (!config->accounts.enabled)
        plan.notes.push_back("[accounts] enabled is not yes in " + config->path +
                             ": the roster gives this node no account");
    if (!watcher_runs(*config))
        plan.notes.push_back(
            "no together-refresh --watch runs here: sshd asks nobody for a name that is unknown, "
            "so that new people get in only after some other refresh; " +
            std::string(start_watcher));
}

std::string managed_by(const EditedFile& file) {
    if (file.target.find("/authselect/") != std::string::npos)
        return file.path +
               " is authselect's, which writes it anew: add the lines to "
               "/etc/authselect/user-nsswitch.conf, then authselect apply-changes";
    return why_managed(file.path, file.text);
}

}  // namespace

bool name_service_is_installed() {
    void* module = ::dlopen("libnss_together.so.2", RTLD_LAZY | RTLD_LOCAL);
    if (module != nullptr) ::dlclose(module);
    return module != nullptr;
}

Result<Plan> plan_accounts(const CommandLine& line, bool enable) {
    Plan plan;
    plan.target = GateTarget::accounts;
    auto file = read_for_editing(line.value("file").value_or(nsswitch_path));
    if (!file) return tl::make_unexpected(file.error());
    const auto without = without_together(file->text);
    auto after = enable ? with_together(file->text) : without;
    if (!after) return failure(file->path + ": " + after.error().message);
    if (*after != file->text) plan.managed_by = managed_by(*file);
    auto lines = lines_of_databases(*after);
    plan.edits.push_back({*std::move(file), *std::move(after), without, std::move(lines)});
    look_at_callers(plan.edits.front(), plan);
    if (enable) note_what_is_missing(line, plan);
    return plan;
}

}  // namespace together::ctl
