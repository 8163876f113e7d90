// SPDX-License-Identifier: Apache-2.0
// togetherctl kubernetes: the roster for an API server that takes no webhook, as RBAC objects.
#include <array>
#include <chrono>
#include <thread>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/decision/emergency.h"
#include "common/kubernetes/policy.h"
#include "common/roster/roster_paths.h"
#include "common/system/file_identity.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/kubernetes/cluster_people.h"
#include "togetherctl/kubernetes/rbac_sync.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

// Which roster it is and whether there is a lockdown is looked at once a second. An edited
// configuration counts after so many looks, and so long is it until what failed is tried again.
constexpr int looks_until_all_anew = 10;
// What somebody changed in the cluster is put right then.
constexpr auto again_after = 60s;

struct Wanted {
    std::vector<RbacObject> objects;
    RbacScope scope;
    std::string evidence;
};

Result<std::vector<std::string>> namespaces_of(const KubernetesConfig& config,
                                               const std::optional<std::string>& given) {
    if (given) {
        if (!kubernetes::is_workload_namespace(*given, config.namespaces))
            return failure(*given + " is none of [kubernetes] namespaces");
        return std::vector<std::string>{*given};
    }
    for (const auto& pattern : config.namespaces)
        if (pattern.ends_with('*'))
            return failure("[kubernetes] namespaces has " + pattern +
                           ": name each by --namespace, and those of the cluster in a "
                           "configuration without it");
    return config.namespaces;
}

// What decides, as it can be told apart from another: the roster's file, and a lockdown.
std::string evidence_of(const Config& config) {
    return file_identity(RosterPaths(config).snapshot) +
           (lockdown_in_force(config.folder()) ? " lockdown" : "");
}

Result<Wanted> wanted(const CommandLine& line) {
    // By a slip in a section of others nobody stays bound who was removed.
    const auto config = load_authorizer_config(line.config_path());
    if (!config) return tl::make_unexpected(config.error());
    if (line.has("apply") && config->mode == Mode::observe)
        return failure("[gate] mode = observe: nobody's rights are changed, --apply needs enforce");
    const auto ns = line.value("namespace");
    auto namespaces = namespaces_of(config->kubernetes, ns);
    if (!namespaces) return tl::make_unexpected(namespaces.error());
    auto evidence = evidence_of(*config);
    const auto people = cluster_people(*config);
    if (!people) return tl::make_unexpected(people.error());
    RbacScope scope{config->project, *std::move(namespaces), !ns};
    auto objects = rbac_objects(*people, config->kubernetes.username_prefix, scope);
    return Wanted{std::move(objects), std::move(scope), std::move(evidence)};
}

std::string told(const RbacChange& change) {
    auto text = std::to_string(change.applied) + " objects applied";
    for (const auto& object : change.removed) text += ", " + shown(object) + " removed";
    for (const auto& problem : change.problems) text += "; " + problem;
    return text;
}

int apply(const CommandLine& line, const Kubectl& kubectl, Output& output) {
    const auto objects = wanted(line);
    if (!objects) return output.fail(objects.error().message);
    const auto change = bring_about(kubectl, objects->objects, objects->scope);
    if (!change) return output.fail(change.error().message);
    if (!change->problems.empty()) return output.fail(told(*change));
    output.line(told(*change));
    return exit_yes;
}

std::string text_of(const std::vector<RbacObject>& objects) {
    std::string text;
    for (const auto& object : objects) text += object.yaml;
    return text;
}

// One round of --watch. What is wanted and was applied a moment ago is not sent again.
class Watch {
  public:
    Watch(const CommandLine& line, const Kubectl& kubectl) : line_(line), kubectl_(kubectl) {}

    void round() {
        const auto objects = wanted(line_);
        if (!objects) return say(objects.error().message);
        evidence_ = objects->evidence;
        const auto text = text_of(objects->objects);
        if (text == applied_ && Steady::now() - applied_at_ < again_after) return;
        const auto change = bring_about(kubectl_, objects->objects, objects->scope);
        applied_ = change && change->problems.empty() ? text : "";
        applied_at_ = Steady::now();
        say(change ? told(*change) : change.error().message);
    }

    bool has_other_evidence() const {
        const auto config = load_authorizer_config(line_.config_path());
        return config && evidence_of(*config) != evidence_;
    }

  private:
    using Steady = std::chrono::steady_clock;

    // The same again is no news.
    void say(const std::string& now) {
        if (now != said_) Output::complain(now);
        said_ = now;
    }

    const CommandLine& line_;
    const Kubectl& kubectl_;
    std::string evidence_;
    std::string applied_;
    Steady::time_point applied_at_;
    std::string said_;
};

// Until a signal ends it.
[[noreturn]] void watch(const CommandLine& line, const Kubectl& kubectl) {
    Watch watch(line, kubectl);
    while (true) {
        watch.round();
        for (int look = 0; look < looks_until_all_anew; ++look) {
            std::this_thread::sleep_for(1s);
            if (watch.has_other_evidence()) break;
        }
    }
}

int run(const CommandLine& line, Output& output) {
    if (output.json()) return output.fail("it prints YAML, and no JSON");
    if (line.has("watch") && !line.has("apply")) return output.fail("--watch needs --apply");
    if (!line.has("apply")) {
        const auto objects = wanted(line);
        if (!objects) return output.fail(objects.error().message);
        for (const auto& object : objects->objects) output.verbatim(object.yaml);
        return exit_yes;
    }
    const auto kubectl = Kubectl::find(line.value("kubectl").value_or(""));
    if (!kubectl) return output.fail(kubectl.error().message);
    if (line.has("watch")) watch(line, *kubectl);
    return apply(line, *kubectl, output);
}

constexpr std::array<Option, 4> options = {{
    {"namespace", "NAME", "only what stands in this one of [kubernetes] namespaces"},
    {"apply", "", "bring the cluster to it through kubectl, with your rights there"},
    {"watch", "", "with --apply: go on, and apply each change of the roster"},
    {"kubectl", "PATH", "another kubectl, which root alone can write"},
}};

constexpr Status statuses[] = {
    {"0", "printed, or applied"},
    {"2", "nothing is known, kubectl failed, an object is somebody else's, or wrong usage"},
};

}  // namespace

constinit const Verb kubernetes_verb = {
    .name = "kubernetes rolebindings",
    .operand = "",
    .summary = "the roster as RBAC objects, where the API server takes no webhook",
    .about =
        "Prints Roles, ClusterRoles and their bindings: what a Member may do by the policy table,\n"
        "and cluster-admin for Admins. A hash of the project is in their names; they have the "
        "labels\n"
        "app.kubernetes.io/managed-by=togetherctl and together/project; --apply removes what has\n"
        "them and is no longer wanted, of the cluster and in [kubernetes] namespaces, and touches\n"
        "nothing else. Where the roster decides nothing, nothing is changed; a lockdown unbinds\n"
        "everybody, whatever the roster is. Who was removed is\n"
        "refused when kubectl has said so, seconds later and not while the cluster cannot be\n"
        "reached: together-authorizer is the better way.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl kubernetes rolebindings",
    .run = run,
};

}  // namespace together::ctl
