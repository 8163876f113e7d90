// SPDX-License-Identifier: Apache-2.0
#include "common/decision/decision.h"

namespace together {

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::allow:
            return "allow";
        case Verdict::deny:
            return "deny";
        case Verdict::unavailable:
            break;
    }
    return "unavailable";
}

std::string_view name_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::none:
            return "none";
        case Evidence::fresh:
            return "fresh";
        case Evidence::refreshed:
            return "refreshed";
        case Evidence::old:
            break;
    }
    return "old";
}

std::string_view name_of(Reason reason) {
    switch (reason) {
        case Reason::root:
            return "root";
        case Reason::exempt:
            return "exempt";
        case Reason::admitted:
            return "admitted";
        case Reason::role_permits:
            return "role_permits";
        case Reason::lockdown:
            return "lockdown";
        case Reason::not_a_collaborator:
            return "not_a_collaborator";
        case Reason::role_forbids:
            return "role_forbids";
        case Reason::unknown_role:
            return "unknown_role";
        case Reason::admin_required:
            return "admin_required";
        case Reason::login_shared:
            return "login_shared";
        case Reason::uid_shared:
            return "uid_shared";
        case Reason::uid_below_minimum:
            return "uid_below_minimum";
        case Reason::uid_differs:
            return "uid_differs";
        case Reason::no_such_account:
            return "no_such_account";
        case Reason::configuration:
            return "configuration";
        case Reason::no_roster:
            return "no_roster";
        case Reason::roster_too_old:
            return "roster_too_old";
        case Reason::node_fault:
            return "node_fault";
        case Reason::name_service:
            return "name_service";
        case Reason::name_pending:
            return "name_pending";
        case Reason::module_argument:
            break;
    }
    return "module_argument";
}

Verdict verdict_of(Reason reason) {
    switch (reason) {
        case Reason::root:
        case Reason::exempt:
        case Reason::admitted:
        case Reason::role_permits:
            return Verdict::allow;
        case Reason::lockdown:
        case Reason::not_a_collaborator:
        case Reason::role_forbids:
        case Reason::unknown_role:
        case Reason::admin_required:
        case Reason::login_shared:
        case Reason::uid_shared:
        case Reason::uid_below_minimum:
        case Reason::uid_differs:
        case Reason::no_such_account:
            return Verdict::deny;
        case Reason::configuration:
        case Reason::no_roster:
        case Reason::node_fault:
        case Reason::roster_too_old:
        case Reason::name_service:
        case Reason::name_pending:
        case Reason::module_argument:
            break;
    }
    return Verdict::unavailable;
}

}  // namespace together
