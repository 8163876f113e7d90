// SPDX-License-Identifier: Apache-2.0
#include "common/decision/explanation.h"

#include "common/system/duration.h"

namespace together {
namespace {

std::string age_text(const Decision& decision) {
    if (!decision.age && !decision.age_uncertain) return "of unknown age";
    return together::age_text(decision.age.value_or(Nanoseconds::zero()), decision.age_uncertain);
}

std::string uid_text(const std::optional<uid_t>& uid) {
    return uid ? std::to_string(*uid) : "unknown";
}

std::string why_nothing_newer(const Decision& d) {
    return d.asked ? "the role authority does not answer"
                   : "only root's services, such as sshd, may ask for a newer one";
}

// Why not: who, what is wrong, and what to do next. Of an allow, nothing.
std::string why(const Decision& d) {
    const std::string who = subject_of(d);
    const std::string project = "project " + d.project;
    switch (d.reason) {
        case Reason::lockdown:
            return who + " cannot use " + project + " now: the cluster is locked down" +
                   (d.detail.empty() ? "" : " (" + d.detail + ")") +
                   ". Nobody but the operators gets in until they end it.";
        case Reason::not_a_collaborator:
            return who + " is not a collaborator of " + project +
                   ". An Admin of the project can add you.";
        case Reason::role_forbids:
            return who + " has the role " + d.role_text + " in " + project +
                   ", which does not permit " + std::string(permission(d.action).name) +
                   ". An Admin of the project can change your role.";
        case Reason::unknown_role:
            return who + " has a role in " + project + " that this node does not know (" +
                   d.role_text + "). Tell the operators: this node's software may be too old.";
        case Reason::admin_required:
            return who + " has the role " + d.role_text + " in " + project +
                   "; this needs the role admin. An Admin of the project can change your role.";
        case Reason::login_shared:
            return "two collaborators of " + project + " have the login " + who +
                   ". An Admin of the project must give one of them another.";
        case Reason::uid_shared:
            return "two collaborators of " + project + " have the uid " + uid_text(d.uid) + " of " +
                   who + ". An Admin of the project must give one of them another.";
        case Reason::uid_below_minimum:
            return who + " has the uid " + uid_text(d.uid) + " on the roster of " + project +
                   ", and uids below " + std::to_string(d.min_uid) +
                   " are system accounts here, which a roster cannot admit.";
        case Reason::uid_differs:
            return who + " has the uid " + uid_text(d.uid) + " on the roster of " + project +
                   " but " + uid_text(d.node_uid) +
                   " on this node. The operators must make them agree.";
        case Reason::no_such_account:
            return who + " is a collaborator of " + project +
                   ", but has no account on this node. The operators see why with togetherctl "
                   "explain.";
        case Reason::configuration:
            return "this node's access gate is not configured correctly.";
        case Reason::module_argument:
            return "this node's access gate is called with wrong arguments.";
        case Reason::name_service:
            return "this node's name service does not answer.";
        case Reason::roster_too_old:
            return "the roster of project " + d.project + " on this node is " + age_text(d) +
                   ", and " + why_nothing_newer(d) + ".";
        case Reason::node_fault:
            return "this node cannot take a new roster of project " + d.project +
                   ", and the one that it has is " + age_text(d) +
                   ". It is a fault of this node alone (its disk, ports or memory may be used "
                   "up): try another one.";
        case Reason::no_roster:
            return "this node has no usable roster of project " + d.project + ", and " +
                   why_nothing_newer(d) + ".";
        case Reason::name_pending:  // not_yet_known()
        case Reason::root:
        case Reason::exempt:
        case Reason::admitted:
        case Reason::role_permits:
            break;
    }
    return {};
}

// No fault yet: whoever tries again finds the answer.
std::string not_yet_known(const Decision& d) {
    return "Access cannot be decided yet: this node is still asking its name service who " +
           subject_of(d) +
           " is. Nobody was refused: try again in a second, and tell the operators if it lasts.";
}

// A deny from an old roster must say so: whoever was added since is refused by our outage.
std::string how_old(const Decision& d) {
    if (d.evidence != Evidence::old) return {};
    return " (The roster is " + age_text(d) + ": " + why_nothing_newer(d) +
           ". If you were added since, try again later.)";
}

}  // namespace

std::string where_members_work(const std::vector<std::string>& namespaces) {
    if (namespaces.empty()) return "No namespace of this cluster is the project's.";
    std::string names;
    for (const auto& one : namespaces) names += (names.empty() ? "" : ", ") + one;
    return "Members of the project work in the namespace" +
           std::string(namespaces.size() == 1 ? " " : "s ") + names + ".";
}

std::string farewell(const std::string& login, const Config& config) {
    const bool jobs = config.on_removal == OnRemoval::end_sessions_and_jobs;
    const auto when = config.on_removal_grace > Nanoseconds::zero()
                          ? "in " + format_duration(config.on_removal_grace) + ": save your work."
                          : std::string("now.");
    return login + " is no longer a collaborator of project " + config.project +
           ". Your sessions on this node" + (jobs ? ", your jobs" : "") +
           " and all that you started there end " + when +
           " An Admin of the project can add you again." +
           (config.contact.empty() ? "" : " " + config.contact);
}

std::string welcome_back(const std::string& login, const Config& config) {
    return login + " is a collaborator of project " + config.project +
           " again: nothing of yours is ended.";
}

std::string age_text(Nanoseconds at_least, bool uncertain) {
    if (!uncertain) return format_age(at_least) + " old";
    return (at_least > Nanoseconds::zero() ? "at least " + format_age(at_least) + " old"
                                           : "of unknown age") +
           std::string(" (this node's clock was set back)");
}

std::string subject_of(const Decision& decision) {
    if (!decision.login.empty()) return decision.login;
    return "uid " + uid_text(decision.uid);
}

std::string message_for_user(const Decision& d) {
    std::string text;
    switch (d.verdict) {
        case Verdict::allow:
            return {};
        case Verdict::deny:
            text = "Access denied: " + why(d) + how_old(d);
            break;
        case Verdict::unavailable:
            if (d.reason == Reason::name_pending) {
                text = not_yet_known(d);
                break;
            }
            text = "Access cannot be decided now: " + why(d) + " " + subject_of(d) +
                   " was not refused, and nobody can be let in. This is a fault on our side: try "
                   "again in a "
                   "minute, and tell the operators if it lasts.";
            break;
    }
    if (!d.contact.empty()) text += " " + d.contact;
    return text;
}

std::string row_of(const Decision& d) {
    const std::string nothing_newer =
        d.asked ? ", and the refresh failed" : ", and this caller may not refresh";
    switch (d.reason) {
        case Reason::root:
            return "root is always let in";
        case Reason::configuration:
            return "the configuration is missing or wrong";
        case Reason::module_argument:
            return "the module's arguments are wrong";
        case Reason::exempt:
            return "exempt: listed in [gate] exempt_users";
        case Reason::lockdown:
            return "a lockdown is in force";
        case Reason::admitted:
            return "admitted until a time not yet past";
        case Reason::no_roster:
            return "no usable roster" + nothing_newer;
        case Reason::roster_too_old:
            return "the roster is older than stale_for" + nothing_newer;
        case Reason::node_fault:
            return "the roster is older than local_fault_for, and this node cannot take a new one";
        case Reason::role_permits:
        case Reason::not_a_collaborator:
        case Reason::role_forbids:
        case Reason::unknown_role:
        case Reason::admin_required:
        case Reason::login_shared:
        case Reason::uid_shared:
        case Reason::uid_below_minimum:
        case Reason::uid_differs:
        case Reason::no_such_account:
        case Reason::name_service:
        case Reason::name_pending:
            break;  // by the roster: how it stood
    }
    const std::string presence = d.reason == Reason::not_a_collaborator ? "absent from" : "on";
    switch (d.evidence) {
        case Evidence::fresh:
            return presence + " a fresh roster";
        case Evidence::refreshed:
            return presence + " a roster that was refreshed for this";
        case Evidence::old:
            return presence + " an old roster within stale_for" + nothing_newer;
        case Evidence::none:
            break;
    }
    return "none";
}

}  // namespace together
