// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/removal/system_leavers_node.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "cli/printable.h"
#include "common/config/exempt_logins.h"
#include "common/roster/roster.h"
#include "common/system/first_account_id.h"
#include "processes/held_process.h"
#include "processes/kill_all_of.h"
#include "together_refresh/removal/terminals.h"

namespace together {
namespace {

using namespace std::chrono_literals;
using Kind = LeaversNode::Answer::Kind;

constexpr auto patience = 5s;      // for TERM, and again for KILL
constexpr int between_scans = 50;  // milliseconds
constexpr auto jobs_are_new_for = 5s;
// After this the name service is no longer slow, but away.
constexpr auto max_lookup = 10s;

Config with_exempt_uids(Config config, NodeAccounts& accounts) {
    // One without a uid is exempt by its login.
    static_cast<void>(resolve_exempt_logins(config, accounts));
    return config;
}

// What the gate said of a login or a uid. Only "on no roster" ends anything, and only from a roster
// that the authority has just confirmed.
LeaversNode::Answer answer_of(const Decision& decision) {
    const std::string reason(name_of(decision.reason));
    if (decision.reason == Reason::root || decision.reason == Reason::exempt ||
        decision.reason == Reason::admitted)
        return {Kind::spared, reason};
    if (decision.reason == Reason::name_service) return {Kind::unanswered, decision.detail};
    if (decision.reason != Reason::not_a_collaborator) return {Kind::not_now, reason};
    if (decision.evidence != Evidence::fresh && decision.evidence != Evidence::refreshed)
        return {Kind::not_now, "the authority does not confirm it"};
    return {Kind::left, {}};
}

}  // namespace

SystemLeaversNode::Turn::Turn(const Config& of, Clock& clock, NodeAccounts& accounts)
    : config(with_exempt_uids(of, accounts)),
      refresher(clock),
      gate(config, clock, accounts, refresher) {}

SystemLeaversNode::SystemLeaversNode(Clock& clock, Removals::Log log)
    : clock_(clock), log_(std::move(log)), accounts_(name_service_, max_lookup) {}

std::string SystemLeaversNode::blind() {
    return why_blind();
}

void SystemLeaversNode::look(const Config& config) {
    accounts_.ask_again();
    turn_.emplace(config, clock_, accounts_);
    uids_.clear();
    nobodys_.clear();
    std::ifstream subuid("/etc/subuid");
    subordinate_ = parse_subordinate_uids(subuid);
    processes_ = processes_by_uid();
    look_at_jobs(jobs_are_new_for);
}

void SystemLeaversNode::look_at_jobs(Nanoseconds new_enough) {
    if (turn_->config.on_removal != OnRemoval::end_sessions_and_jobs || !is_slurmctlds_host()) {
        jobs_.clear();
        jobs_problem_.clear();
        return;
    }
    const auto now = clock_.now();
    if (jobs_looked_ && elapsed(*jobs_looked_, now) < new_enough) return;
    jobs_looked_ = now;
    auto jobs = jobs_by_uid();
    jobs_problem_ = jobs ? std::string() : jobs.error().message;
    jobs_ = jobs ? *std::move(jobs) : decltype(jobs_)();
}

// The roster's; of one for whom it had none the node's. An error where nobody can tell.
Result<std::optional<uid_t>> SystemLeaversNode::uid_of(const Leaver& leaver) {
    if (leaver.uid) return leaver.uid;
    const auto known = uids_.find(leaver.login);
    if (known != uids_.end()) return known->second;
    auto uid = accounts_.uid_of(leaver.login);
    if (uid) uids_.emplace(leaver.login, *uid);
    return uid;
}

std::optional<uid_t> SystemLeaversNode::known_uid(const Leaver& leaver) {
    const auto uid = uid_of(leaver);
    return uid ? *uid : std::nullopt;
}

// Nothing where nobody can tell.
std::optional<bool> SystemLeaversNode::is_nobodys_account(uid_t uid) {
    const auto known = nobodys_.find(uid);
    if (known != nobodys_.end()) return known->second;
    const auto login = accounts_.login_of(uid);
    if (!login) return std::nullopt;
    return nobodys_[uid] = !*login;
}

// Also as the uids that are theirs in user namespaces.
std::vector<Process> SystemLeaversNode::processes_of(uid_t uid, const std::string& login) {
    std::vector<Process> found;
    is_unsure_ = false;
    for (const auto& [owner, processes] : processes_) {
        if (owner != uid) {
            if (!is_subordinate_of(owner, login, uid, subordinate_)) continue;
            const auto nobodys = is_nobodys_account(owner);
            if (!nobodys) is_unsure_ = true;
            if (!nobodys.value_or(false)) continue;
        }
        std::copy_if(
            processes.begin(), processes.end(), std::back_inserter(found),
            [uid](const Process& process) { return is_of(process, uid) && !is_a_jobs(process); });
    }
    return found;
}

bool SystemLeaversNode::has_anything(const Leaver& leaver) {
    const auto uid = uid_of(leaver);
    if (!uid || !jobs_problem_.empty()) return true;  // nobody can tell
    return *uid &&
           (jobs_.contains(**uid) || !processes_of(**uid, leaver.login).empty() || is_unsure_);
}

LeaversNode::Answer SystemLeaversNode::ask(const Leaver& leaver) {
    const auto uid = uid_of(leaver);
    if (!uid) return {Kind::unanswered, uid.error().message};
    if (auto answer = answer_of(
            turn_->gate.decide({Subject::of_login(leaver.login), Action::ssh_login, false}));
        answer.kind != Kind::left)
        return answer;
    if (*uid)
        if (auto answer = ask_about_uid(**uid, leaver.login); answer.kind != Kind::left)
            return answer;
    // That they are missing was said by a whole, believed answer, and not by one that the gate
    // believed only as far as it took people away.
    const auto roster = open_roster(turn_->config, clock_);
    if (!roster || elapsed(leaver.since, roster->validated) <= 0ns)
        return {Kind::not_now, "the authority does not confirm it"};
    return {Kind::left, {}};
}

LeaversNode::Answer SystemLeaversNode::ask_about_uid(uid_t uid, const std::string& login) {
    const std::string text = "uid " + std::to_string(uid);
    if (uid < std::max<uid_t>(turn_->config.min_uid, first_account_id) ||
        (uid >= first_service_id && uid <= last_service_id))
        return {Kind::spared, text + " is a system account's"};
    const auto name = accounts_.login_of(uid);
    if (!name) return {Kind::unanswered, name.error().message};
    if (*name && **name != login)
        return {Kind::spared, text + " is another account's here: " + printable(**name)};
    return answer_of(turn_->gate.decide({Subject::of_uid(uid), Action::slurm_submit, false}));
}

void SystemLeaversNode::tell(const Leaver& leaver, const std::string& message) {
    if (const auto uid = known_uid(leaver))
        write_to_terminals(processes_of(*uid, leaver.login), message);
}

std::vector<std::string> SystemLeaversNode::end(const std::vector<Leaver>& leavers) {
    std::map<uid_t, std::string> people;
    for (const auto& leaver : leavers)
        if (const auto uid = known_uid(leaver)) people.emplace(*uid, leaver.login);
    end_processes(people);
    end_jobs(people);
    std::vector<std::string> left;
    for (const auto& leaver : leavers)
        if (has_anything(leaver)) left.push_back(leaver.login);
    return left;
}

void SystemLeaversNode::end_processes(const std::map<uid_t, std::string>& people) {
    std::set<pid_t> said;
    const auto signal_all = [&](int signal) {
        processes_ = processes_by_uid();
        std::size_t number = 0;
        for (const auto& [uid, login] : people)
            for (const auto& process : processes_of(uid, login)) {
                ++number;
                if (signal != 0) HeldProcess(process).signal(signal);
                if (said.insert(process.pid).second)
                    log_("ended: process " + std::to_string(process.pid) + " of " + login +
                         " (uid " + std::to_string(uid) +
                         "), who left the roster: " + in_quotes(process.name));
            }
        return number;
    };
    // At first once, then until nothing is left: one that forks has new ones each time.
    auto until = std::chrono::steady_clock::now() + patience;
    auto left = signal_all(SIGTERM);
    while (left > 0 && std::chrono::steady_clock::now() < until) {
        ::poll(nullptr, 0, between_scans);
        left = signal_all(0);
    }
    until = std::chrono::steady_clock::now() + patience;
    while (left > 0 && std::chrono::steady_clock::now() < until) {
        left = signal_all(SIGKILL);
        ::poll(nullptr, 0, between_scans);
    }
    processes_ = processes_by_uid();
    for (const auto& [uid, login] : people) end_all_at_once(uid, login);
    processes_ = processes_by_uid();
}

// Of one that forks faster than /proc is read, where it may not be seen at all. Not where there is
// anything that is left to them.
void SystemLeaversNode::end_all_at_once(uid_t uid, const std::string& login) {
    const auto of_uid = processes_.find(uid);
    const bool is_seen = of_uid != processes_.end();
    if (is_seen &&
        std::any_of(of_uid->second.begin(), of_uid->second.end(),
                    [uid = uid](const Process& one) { return !is_of(one, uid) || is_a_jobs(one); }))
        return;
    const auto killed = kill_all_of(uid);
    if (killed && !is_seen) return;
    log_((killed ? "ended: all processes of " : "not ended: all processes of ") + login + " (uid " +
         std::to_string(uid) + "), who left the roster: " +
         (killed ? "one by one took too long" : killed.error().message));
}

void SystemLeaversNode::end_jobs(const std::map<uid_t, std::string>& people) {
    look_at_jobs(0ns);
    std::vector<SlurmJob> jobs;
    for (const auto& [uid, login] : people)
        if (const auto of_uid = jobs_.find(uid); of_uid != jobs_.end())
            for (const auto& job : of_uid->second) {
                jobs.push_back(job);
                log_("ended: job " + job.id + " (" + job.state + ") of " + login + " (uid " +
                     std::to_string(uid) + "), who left the roster");
            }
    if (jobs.empty()) return;
    const auto cancelled = cancel_jobs(jobs);
    if (!cancelled) log_("jobs could not be cancelled: " + cancelled.error().message);
    look_at_jobs(0ns);
}

}  // namespace together
