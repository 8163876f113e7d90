// SPDX-License-Identifier: Apache-2.0
#include "common/decision/gate.h"

#include <algorithm>
#include <cstdint>

#include "common/decision/emergency.h"
#include "common/roster/backoff.h"

namespace together {
namespace {

void add_detail(std::string& detail, const std::vector<std::string>& problems) {
    for (const auto& problem : problems) detail += (detail.empty() ? "" : "; ") + problem;
}

bool is_root(const Subject& subject) {
    if (!subject.has_account) return false;
    return subject.uid ? *subject.uid == 0 : subject.login == "root";
}

// Of the accounts.
Reason reason_of(const Error& error) {
    return error.not_yet ? Reason::name_pending : Reason::name_service;
}

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
    return std::find(range.begin(), range.end(), value) != range.end();
}

}  // namespace

// What the disk says about a subject right now.
struct Gate::View {
    enum class Kind { unusable, absent, found } kind = Kind::unusable;
    std::optional<Moment> validated;  // a damaged one's too: a newer one is wanted
    Age age;
    std::optional<std::int64_t> revision;
    RosterEntry entry;
    std::string problem;            // why there is no usable roster
    std::string nameless;           // why an entry without a uid could not be looked for
    std::optional<Reason> no_name;  // where its name could not be told
};

Gate::Gate(Result<Config> config, Clock& clock, NodeAccounts& accounts, Refresher& refresher)
    : config_(std::move(config)), clock_(clock), accounts_(accounts), refresher_(refresher) {}

Decision Gate::decide(const Question& question) {
    Decision decision;
    decision.action = question.action;
    decision.login = question.subject.login;
    decision.uid = question.subject.uid;
    decision.reason = decide_without_observing(question, decision);
    decision.verdict = verdict_of(decision.reason);
    decision.observing = config_ && config_->mode == Mode::observe;
    if (decision.observing && !decision.allowed()) {
        decision.would = decision.verdict;
        decision.verdict = Verdict::allow;
    }
    return decision;
}

// The rows of docs/decision-table.md, top to bottom: the first one that applies decides.
Reason Gate::decide_without_observing(const Question& question, Decision& decision) {
    if (is_root(question.subject)) return Reason::root;
    if (!config_) {
        decision.detail = config_.error().message;
        return Reason::configuration;
    }
    decision.project = config_->project;
    decision.contact = config_->contact;
    decision.stale_for = config_->stale_for;
    decision.min_uid = config_->min_uid;
    if (const auto reason = decide_without_roster(question, decision)) return *reason;
    return decide_from_roster(question, decision);
}

std::optional<Reason> Gate::decide_without_roster(const Question& question, Decision& decision) {
    const Subject& subject = question.subject;
    if (is_exempt(subject)) return Reason::exempt;
    const std::string folder = config_->folder();
    if (const auto lockdown = lockdown_in_force(folder)) {
        decision.detail = *lockdown;
        return Reason::lockdown;
    }
    std::vector<std::string> problems;
    const auto admission = subject.uid
                               ? admission_of_uid(folder, *subject.uid, clock_, problems)
                               : admission_of_login(folder, subject.login, clock_, problems);
    add_detail(decision.detail, problems);
    if (!admission) return std::nullopt;
    // It says nothing of a role: an Admin's rights in a cluster come from the roster alone.
    const bool is_for_admins = question.require_admin || !permits(Role::member, question.action);
    if (!subject.has_account && is_for_admins) return std::nullopt;
    decision.login = admission->login;
    decision.detail = admission->reason;
    decision.admitted_until = admission->until;
    return Reason::admitted;
}

bool Gate::is_exempt(const Subject& subject) {
    if (!subject.has_account) return false;
    const Config& config = *config_;
    if (subject.uid) return contains(config.exempt_uids, *subject.uid);
    if (contains(config.exempt_logins, subject.login)) return true;
    if (config.exempt_uids.empty()) return false;
    // Only a configuration that exempts uids makes a login ask the node for its own.
    const auto uid = accounts_.uid_of(subject.login);
    return uid && *uid && contains(config.exempt_uids, **uid);
}

Reason Gate::decide_from_roster(const Question& question, Decision& decision) {
    View view = look(question.subject);
    RefreshAttempt attempt;
    decision.evidence = Evidence::fresh;
    if (must_refresh(view)) attempt = refresh(question.subject, view, decision);
    decision.revision = view.revision;
    if (view.kind == View::Kind::unusable) {
        decision.evidence = Evidence::none;
        add_detail(decision.detail, {view.problem});
        return Reason::no_roster;
    }
    decision.age = view.age.at_least;
    decision.age_uncertain = view.age.uncertain;
    if (!config_->within_stale_for(view.age.at_least)) return Reason::roster_too_old;
    if (decision.evidence == Evidence::old && view.age.value > config_->local_fault_for &&
        is_the_nodes_fault(attempt, *view.validated, decision))
        return Reason::node_fault;
    if (view.kind == View::Kind::absent) {
        if (!view.nameless.empty()) add_detail(decision.detail, {view.nameless});
        return view.no_name.value_or(Reason::not_a_collaborator);
    }
    return judge(view.entry, question, decision);
}

// Has the roster refreshed, looks again, and says what the new view is evidence of.
RefreshAttempt Gate::refresh(const Subject& subject, View& view, Decision& decision) {
    const auto seen = view.validated;
    auto attempt = refresher_.refresh(*config_, seen);
    decision.asked = attempt.outcome == RefreshAttempt::Outcome::tried;
    if (decision.asked) view = look(subject);
    // Not by age alone: a request that took longer than recheck_after brings a roster that is older
    // than that, and as new as there is.
    const bool brought_nothing = view.kind == View::Kind::unusable || view.validated == seen;
    if (!must_refresh(view) || !brought_nothing) {
        decision.evidence = Evidence::refreshed;
        return attempt;
    }
    // A caller that may not ask has no newer answer for an absent name; a fresh roster is fresh.
    const bool is_fresh = view.kind != View::Kind::unusable && view.age.value <= config_->fresh_for;
    decision.evidence = !decision.asked && is_fresh ? Evidence::fresh : Evidence::old;
    decision.refresh_problem = attempt.problem;
    return attempt;
}

// A caller that may not ask goes by the last attempt of one that may, where it is newer than the
// roster.
bool Gate::is_the_nodes_fault(const RefreshAttempt& attempt, const Moment& validated,
                              Decision& decision) const {
    if (attempt.outcome == RefreshAttempt::Outcome::tried) return attempt.node_fault;
    const auto last = read_last_attempt(RosterPaths(*config_));
    if (!still_the_nodes_fault(last, clock_.now()) ||
        elapsed(validated, last->attempted) < Nanoseconds::zero())
        return false;
    decision.refresh_problem = last->message;
    return true;
}

Gate::View Gate::look(const Subject& subject) {
    View view;
    auto roster = open_roster(*config_, clock_);
    if (!roster) {
        view.problem = roster.error().message;
        return view;
    }
    const Snapshot& snapshot = roster->snapshot;
    view.validated = roster->validated;
    view.age = roster->age;
    if (snapshot.header().has_revision != 0) view.revision = snapshot.header().revision;
    auto found =
        subject.uid ? find_uid(snapshot, *subject.uid, view) : snapshot.find_login(subject.login);
    if (found) {
        view.kind = View::Kind::found;
        view.entry = *std::move(found);
    } else if (found.error() == Absence::not_found) {
        view.kind = View::Kind::absent;
    } else {
        view.problem = "the snapshot of the roster is damaged";
    }
    return view;
}

// An entry for which nobody knew a uid can be this one: only the uid's name tells.
tl::expected<RosterEntry, Absence> Gate::find_uid(const Snapshot& snapshot, uid_t uid, View& view) {
    auto found = snapshot.find_uid(uid);
    if (found || found.error() != Absence::not_found || snapshot.header().without_uid == 0)
        return found;
    const auto login = accounts_.login_of(uid);
    if (!login) {
        view.no_name = reason_of(login.error());
        view.nameless = login.error().message;
    } else if (!*login) {
        view.nameless = "uid " + std::to_string(uid) + " has no name on this node";
    }
    if (!login || !*login) return found;
    auto by_login = snapshot.find_login(**login);
    // One whose uid is known, and another, is somebody else.
    if (by_login && by_login->uid_source != UidSource::none) return found;
    return by_login;
}

bool Gate::must_refresh(const View& view) const {
    switch (view.kind) {
        case View::Kind::unusable:
            return true;
        case View::Kind::absent:
            return view.age.value > config_->recheck_after;
        case View::Kind::found:
            break;
    }
    return view.age.value > config_->fresh_for;
}

Reason Gate::judge(const RosterEntry& entry, const Question& question, Decision& decision) {
    decision.login = entry.login;
    decision.role_text = entry.role;
    decision.role = role_named(entry.role);
    if (entry.uid_source != UidSource::none) decision.uid = entry.uid;
    if (entry.login_shared) return Reason::login_shared;
    if (entry.uid_shared) return Reason::uid_shared;
    if (question.subject.has_account && !question.subject.uid)
        if (const auto reason = compare_with_node(entry, decision)) return *reason;
    if (decision.uid && *decision.uid < config_->min_uid) return Reason::uid_below_minimum;
    if (!decision.role) return Reason::unknown_role;
    if (!permits(*decision.role, question.action)) return Reason::role_forbids;
    if (question.require_admin && *decision.role != Role::admin) return Reason::admin_required;
    return Reason::role_permits;
}

// A uid that the authority sent must be the node's for that login; where nobody knew one when the
// roster was written, the node's own is needed for min_uid.
std::optional<Reason> Gate::compare_with_node(const RosterEntry& entry, Decision& decision) {
    if (entry.uid_source == UidSource::node) return std::nullopt;
    const auto uid = accounts_.uid_of(entry.login);
    if (!uid) {
        add_detail(decision.detail, {uid.error().message});
        return reason_of(uid.error());
    }
    if (!*uid) return Reason::no_such_account;
    decision.node_uid = **uid;
    if (entry.uid_source == UidSource::none)
        decision.uid = **uid;
    else if (**uid != entry.uid)
        return Reason::uid_differs;
    return std::nullopt;
}

}  // namespace together
