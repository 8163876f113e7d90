// SPDX-License-Identifier: Apache-2.0
// sshd, and that its account stack reaches the gate and keeps its answer.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "common/decision/explanation.h"
#include "common/decision/gate.h"
#include "processes/ssh_sessions.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/doctor/doctor_sshd_reload.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/pam/pam_transaction.h"
#include "togetherctl/pam/sshd_settings.h"

namespace together::ctl {
namespace {

using namespace together;

// Longer than any login on a roster (32), with characters that none has.
constexpr const char* no_login = "togetherctl-doctor: nobody has this login";
constexpr const char* enable = "togetherctl enable ssh";

struct CloseFile {
    void operator()(FILE* file) const { static_cast<void>(std::fclose(file)); }
};

Decision decision_about(const std::string& login, const GateCall& call) {
    SystemClock clock;
    SystemAccounts accounts;
    NoRefresher refresher;  // as the module decides in pam_transaction.h
    Gate gate(load_config(argument(call, "config=").value_or(default_config_path)), clock, accounts,
              refresher);
    Question question;
    question.subject = Subject::of_login(login);
    question.require_admin = argument(call, "require=") == "admin";
    return gate.decide(question);
}

// An account that is here, whom the gate refuses: the rest of the stack would let it in, so that
// an answer of the gate that is not kept is seen. System accounts come first in the file.
std::string somebody_refused(const GateCall& call) {
    const std::unique_ptr<FILE, CloseFile> file(std::fopen("/etc/passwd", "re"));
    if (!file) return {};
    std::string found;
    for (int tries = 0; tries < 50; ++tries) {
        const passwd* account = ::fgetpwent(file.get());
        if (account == nullptr) break;
        const std::string login = account->pw_name;
        const bool wanted = account->pw_uid != 0 && (found.empty() || login == "nobody");
        if (wanted && !decision_about(login, call).allowed()) found = login;
    }
    return found;
}

bool has_argument(const GateCall& call, const std::string& word) {
    return std::find(call.arguments.begin(), call.arguments.end(), word) != call.arguments.end();
}

// Up to the colon a message of the gate is one of two (explanation.cpp).
std::string kind_of(const std::string& message) {
    return message.substr(0, message.find(':') + 1);
}

bool is_of_the_gate(const std::string& message) {
    Decision deny;
    deny.verdict = Verdict::deny;
    Decision unavailable;
    unavailable.verdict = Verdict::unavailable;
    return message.starts_with(kind_of(message_for_user(deny))) ||
           message.starts_with(kind_of(message_for_user(unavailable)));
}

// What the gate said through the conversation; empty where it was not asked.
std::string said_by_the_gate(const AccountAnswer& answer) {
    const auto& all = answer.messages;
    const auto found = std::find_if(all.begin(), all.end(), is_of_the_gate);
    return found == all.end() ? std::string() : *found;
}

class SshStack {
  public:
    SshStack(const Config& config, std::string service, GateInService gate, Findings& findings)
        : config_(config),
          service_(std::move(service)),
          gate_(std::move(gate)),
          findings_(findings) {}

    void check() {
        check_line();
        check_module();
        check_refusal();
        check_root();
    }

  private:
    const GateCall& call() const { return *gate_.call; }
    std::string file() const { return "/etc/pam.d/" + service_; }

    void check_line() {
        if (gate_.stands_right)
            findings_.ok("pam_line", file() + " asks the gate first");
        else if (gate_.where.empty())
            findings_.fail("pam_line",
                           file() +
                               ": the gate's lines are not as togetherctl wrote them, or other "
                               "account lines come before them",
                           "people can get in unasked, or although they are refused", enable);
        else
            findings_.warn("pam_line",
                           gate_.where +
                               ": the gate's line was written by hand, and is not as "
                               "pam_together(8) has it",
                           "other lines can change its answer, and root may have no way in",
                           "take it out, then " + std::string(enable));
    }

    void check_module() {
        const auto path = pam_module_path(call().module);
        if (const auto good = check_pam_module(path); !good)
            return findings_.fail("pam_module", good.error().message, "nobody but root gets in",
                                  "install libpam-together");
        findings_.ok("pam_module", path + " can be loaded");
        const auto build = build_of_adapter(path);
        if (build && build->release == TOGETHER_VERSION)
            findings_.ok("pam_build", "it is of this release, " TOGETHER_VERSION);
        else
            findings_.warn("pam_build",
                           build ? path + " is of release " + build->release +
                                       ", togetherctl of " TOGETHER_VERSION
                                 : build.error().message,
                           "parts of two releases are not tested together",
                           "install one release of all packages");
    }

    bool asks_with_a_good_configuration() {
        const auto path = argument(call(), "config=").value_or(default_config_path);
        if (path == config_.path) return true;
        const auto config = load_config(path);
        if (config) return check_other_configuration("pam_refusal", file(), *config, findings_);
        findings_.fail("pam_refusal", file() + ": " + config.error().message,
                       "nobody but root gets in", "edit it; togetherctl config tests it");
        return false;
    }

    void check_refusal() {
        if (!asks_with_a_good_configuration()) return;
        const auto nobody = decision_about(no_login, call());
        if (nobody.allowed())
            return findings_.tell("pam_refusal",
                                  "cannot be seen while nobody is refused (observe mode)");
        const auto stranger = account_phase(service_, no_login);
        if (!stranger) return cannot_tell("pam_refusal", stranger.error().message);
        const auto said = said_by_the_gate(*stranger);
        if (!stranger->lets_in() && said.empty() && !has_argument(call(), "quiet"))
            return findings_.fail(
                "pam_refusal", "the account stack of " + service_ + " ends before it asks the gate",
                "whom it lets in, the gate never sees", enable);
        if (!said.empty() && kind_of(said) != kind_of(message_for_user(nobody)))
            return findings_.fail(
                "pam_refusal", "the gate's line in " + file() + " answers: " + said,
                "nobody but root gets in", "correct the line's arguments, see pam_together(8)");
        const auto login = somebody_refused(call());
        if (login.empty() && !stranger->lets_in()) {
            if (!is_refused_by_the_gate(*stranger))
                return refused_by_another("a login that cannot exist");
            return findings_.ok("pam_refusal", "a login that cannot exist is refused by the gate");
        }
        check_that_it_is_kept(*stranger, login);
    }

    // Its own code came back (pam_together(8)), and nobody spoke after it: else the refusal may be
    // another module's.
    bool is_refused_by_the_gate(const AccountAnswer& answer) const {
        constexpr int perm_denied = 6;
        constexpr int authinfo_unavail = 9;
        const bool code = answer.code == perm_denied || answer.code == authinfo_unavail;
        const bool last = !answer.messages.empty() && is_of_the_gate(answer.messages.back());
        return code && (last || has_argument(call(), "quiet"));
    }

    void refused_by_another(const std::string& who) {
        findings_.warn("pam_refusal", "cannot be told: another module refuses " + who + ", too",
                       "whether the gate's answer is kept is not seen",
                       "have the gate's lines first, as pam_together(8) has them");
    }

    void check_that_it_is_kept(const AccountAnswer& stranger, const std::string& login) {
        auto answer =
            stranger.lets_in() ? Result<AccountAnswer>(stranger) : account_phase(service_, login);
        if (!answer) return cannot_tell("pam_refusal", answer.error().message);
        if (answer->lets_in())
            findings_.fail("pam_refusal",
                           "the account stack of " + service_ + " lets " +
                               (stranger.lets_in() ? "a login that cannot exist" : login) +
                               " in, whom the gate refuses",
                           "the gate's answer is not kept: everybody gets in", enable);
        else if (!is_refused_by_the_gate(*answer))
            refused_by_another(login);
        else
            findings_.ok("pam_refusal", "the gate is asked and its answer kept: " + login +
                                            " and a login that cannot exist are refused");
    }

    void check_root() {
        const auto answer = account_phase(service_, "root");
        if (!answer) return cannot_tell("pam_root", answer.error().message);
        if (!answer->lets_in())
            findings_.fail("pam_root",
                           "the account stack of " + service_ + " refuses root" +
                               (answer->messages.empty() ? "" : ": " + answer->messages.front()),
                           "nobody can fix this node over SSH", "look at " + file());
        else if (!gate_.stands_right)
            findings_.warn("pam_root", "root gets in, but not past a gate that is missing",
                           "an upgrade that loses the module locks root out", enable);
        else
            findings_.ok("pam_root", "root gets in, even where the module is missing");
    }

    void cannot_tell(const char* check, const std::string& problem) {
        findings_.fail(check, problem, "whether the gate holds cannot be told",
                       "look at " + file() + " and the modules it names");
    }

    const Config& config_;
    std::string service_;
    GateInService gate_;
    Findings& findings_;
};

// Where neither line nor module is there, somebody may mean it so: a warning, to be accepted.
void no_line(const std::string& service, const std::string& file, Findings& findings) {
    // Of a login that cannot exist nobody would see whether the answer is kept.
    const auto login = somebody_refused(GateCall());
    const auto answer =
        login.empty() ? Result<AccountAnswer>(failure("")) : account_phase(service, login);
    if (answer && !answer->lets_in() && !said_by_the_gate(*answer).empty())
        return findings.warn("pam_line",
                             file + " does not ask the gate itself, a file that it includes does",
                             "other lines can change its answer, and root may have no way in",
                             "take it out there, then " + std::string(enable));
    const std::string what = file + " does not ask the gate";
    const std::string why = "everybody with a key or password gets in over SSH";
    const auto module = pam_module_path("pam_together.so");
    if (::access(module.c_str(), F_OK) == 0)
        findings.fail("pam_line", what, why, enable);
    else
        findings.warn("pam_line", what + ", and " + module + " is not there", why,
                      "install libpam-together, then " + std::string(enable));
}

// Of root alone, by its executable: anybody can have a title.
std::map<SshdCall, std::vector<Process>> running_sshds() {
    std::map<SshdCall, std::vector<Process>> calls;
    for (const auto& process : running_processes()) {
        const auto call = call_in_title(process.title);
        if (call && process.uid == 0 && process.program.ends_with("sshd") && !process.elsewhere)
            calls[*call].push_back(process);
    }
    if (calls.empty()) calls[SshdCall()];  // it is started for each connection, or will be
    return calls;
}

// The service it asks; nothing where that cannot be told.
std::optional<std::string> check_sshd(const SshdCall& call, const std::vector<Process>& running,
                                      Findings& findings) {
    std::string name = "sshd";
    for (const auto& option : call.options) name += " " + option;
    const auto settings = ask_sshd(call.options);
    if (!settings) {
        findings.fail("sshd", settings.error().message, "whether sshd asks PAM cannot be told",
                      name + " -t shows what is wrong with sshd_config");
        return std::nullopt;
    }
    const auto service = settings->pam_service.empty() ? call.name : settings->pam_service;
    const auto named = call.options.empty() ? "" : name + ": ";
    if (settings->use_pam)
        findings.ok("sshd", named + "UsePAM yes, service " + service);
    else
        findings.fail("sshd", name + " has \"UsePAM no\"", "it never asks the gate",
                      "set UsePAM yes in its sshd_config, then systemctl reload ssh");
    for (const auto& process : running) check_reload(call, *settings, process, findings);
    return service;
}

void check_service(const Config& config, const std::string& service, Findings& findings) {
    const auto file = "/etc/pam.d/" + service;
    auto gate = find_gate(file);
    if (!gate)
        return findings.fail("pam_line", gate.error().message,
                             "whether sshd asks the gate cannot be told", "look at " + file);
    if (!gate->call) return no_line(service, file, findings);
    SshStack(config, service, *std::move(gate), findings).check();
}

}  // namespace

void check_ssh(const Patient& patient, Findings& findings) {
    if (sshd_program().empty()) return findings.tell("sshd", "not on this host");
    if (::geteuid() != 0)
        return findings.warn("sshd", "only root can ask sshd and its account stack",
                             "whether the SSH gate holds is not told", "run it as root");
    std::set<std::string> services;
    for (const auto& [call, running] : running_sshds())
        if (const auto service = check_sshd(call, running, findings)) services.insert(*service);
    for (const auto& service : services) check_service(patient.config, service, findings);
}

}  // namespace together::ctl
