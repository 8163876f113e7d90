// SPDX-License-Identifier: Apache-2.0
// Accounts, groups and keys of the roster: that they are there, found, and the only ones.
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "authorized_keys/served_keys.h"
#include "common/accounts/accounts_database.h"
#include "common/roster/roster.h"
#include "common/system/io.h"
#include "common/system/parse_number.h"
#include "common/system/trusted_file.h"
#include "processes/child.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/enabling/accounts_target.h"
#include "togetherctl/enabling/keys_target.h"
#include "togetherctl/enabling/name_services.h"
#include "togetherctl/node/accounts_state.h"
#include "togetherctl/pam/sshd_settings.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

constexpr std::size_t largest = std::size_t{1024} * 1024;

// ---- nsswitch.conf -----------------------------------------------------------------------------

void check_name_service(bool wanted, Findings& findings) {
    const auto text = read_trusted(nsswitch_path, largest);
    if (!text) {
        if (wanted)
            findings.fail("name_service", text.error().message, "nobody finds an account of ours",
                          "togetherctl enable accounts");
        return;
    }
    if (!wanted && without_together(*text) == *text) return;
    std::string problems;
    bool dangerous = false;
    for (const std::string database : {"passwd", "group", "initgroups"}) {
        const auto problem = problem_of_database(*text, database);
        if (!problem) continue;
        problems += (problems.empty() ? "" : "; ") + database + ": " + problem->what;
        dangerous = dangerous || problem->dangerous;
    }
    if (dangerous)
        findings.fail("name_service", std::string(nsswitch_path) + ": " + problems,
                      "who writes the roster could be a user or a group of this node's own",
                      "togetherctl enable accounts");
    else if (!problems.empty())
        findings.fail("name_service", std::string(nsswitch_path) + ": " + problems,
                      "accounts or groups of the roster are not found, or late",
                      "togetherctl enable accounts");
    else if (!name_service_is_installed())
        findings.fail("name_service", "libnss_together.so.2 is not installed",
                      "nobody finds an account of the roster's", "install libnss-together");
    else
        findings.ok("name_service", "together is asked directly behind files");
}

// ---- accounts.v1 -------------------------------------------------------------------------------

// What to do next about each of their reasons.
std::string first_remedies(const std::vector<WithoutAccount>& without) {
    std::vector<NoAccount> reasons;
    std::string text;
    for (const auto& one : without) {
        if (std::find(reasons.begin(), reasons.end(), one.reason) != reasons.end()) continue;
        if (reasons.size() == max_named) break;
        reasons.push_back(one.reason);
        text += std::string(text_of(one.reason).name) + ": " +
                std::string(text_of(one.reason).remedy) + "; ";
    }
    return text + "togetherctl accounts names everybody";
}

void check_accounts_file(const AccountsState& state, Findings& findings) {
    const auto& without = state.accounts.without;
    const std::string refresh = "togetherctl refresh --verbose";
    if (!state.problem.empty())
        findings.fail("accounts", state.problem, "nobody has an account here", refresh);
    else if (!state.is_current)
        findings.warn("accounts", state.path + " is not of the roster that stands here",
                      "who was added or removed since has the account of before", refresh);
    else if (lost_whom_it_had())
        findings.warn("accounts",
                      state.path + " was damaged, and its spare: whom this node had is not known",
                      "nobody new gets an account or a group here: the ids may be another's",
                      std::string(text_of(NoAccount::id_may_be_anothers).remedy));
    else if (!without.empty())
        findings.warn("accounts",
                      std::to_string(without.size()) +
                          " without an account, or groups that are "
                          "missing: " +
                          first_names(without),
                      "they do not get in, or not at the project's files", first_remedies(without));
    else
        findings.ok("accounts", std::to_string(state.accounts.accounts.size()) + " accounts, " +
                                    std::to_string(state.accounts.groups.size()) + " groups");
}

// Where they are off: what of before is still answered.
void check_nothing_is_left(const Config& config, Findings& findings) {
    const AccountsPaths paths;
    const auto stored = AccountsDatabase::open(paths.accounts, accounts_magic);
    if (!stored && stored.error().kind == FileError::missing) return;
    const std::string off = "[accounts] enabled is no, and " + paths.accounts;
    const std::string still = "who had an account by the roster may have it still";
    if (!stored)
        return findings.warn("accounts", off + " cannot be read: " + stored.error().message, still,
                             "togetherctl disable accounts, and remove the file");
    const auto& header = stored->header();
    if (header.accounts == 0 && header.has_group == 0) return;
    const bool is_ours = project_in(header) == config.project;
    findings.warn("accounts",
                  off + " still has " + std::to_string(header.accounts) + " accounts" +
                      (is_ours ? "" : ", of the project " + project_in(header)),
                  still,
                  is_ours ? "togetherctl refresh --verbose"
                          : "togetherctl disable accounts, and remove the file");
}

// ---- keys --------------------------------------------------------------------------------------

void check_keys(Findings& findings) {
    const auto sshd = ask_sshd();
    if (!sshd) return;  // the check sshd says so
    if (sshd->keys_command.find(authorized_keys_command()) != 0)
        return findings.tell("keys",
                             "sshd does not ask for the roster's keys (togetherctl enable keys)");
    const auto served = ServedKeys::open();
    if (!served)
        findings.fail("keys", served.error().message, "nobody logs in with a key",
                      "togetherctl refresh --verbose");
    else if (!sshd->key_files.empty())
        findings.warn("keys", sshd->key_files.front() + " in a home counts beside the roster's",
                      "a key that was taken off the roster still opens the account where it stands "
                      "there, too",
                      "togetherctl enable keys");
    else
        findings.ok("keys", "sshd takes the roster's keys, and no others");
}

// ---- homes -------------------------------------------------------------------------------------

// Why that home is not the account's to use; empty where it is, or is to be made yet.
std::string fault_of_home(const std::string& path, uid_t uid) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return {};
    if (S_ISLNK(status.st_mode)) return path + " is a link";
    if (!S_ISDIR(status.st_mode)) return path + " is no folder";
    return status.st_uid == uid ? "" : path + " belongs to uid " + std::to_string(status.st_uid);
}

// In the child: a file server that is dead holds whoever looks.
int look_at_homes(const NodeConfig& config, const Accounts& accounts, int pipe) {
    const auto folder = config.accounts.home.substr(0, config.accounts.home.rfind('/') + 1);
    for (const auto& account : accounts.accounts) {
        if (account.is_the_nodes) continue;
        const auto fault = fault_of_home(folder + account.login, account.uid);
        if (!fault.empty() && !write_full(pipe, (fault + "\n").data(), fault.size() + 1)) return 1;
    }
    return 0;
}

void check_homes(const NodeConfig& config, const Accounts& accounts, Findings& findings) {
    const auto run = run_child(1, {.patience = 5s}, [&](const std::vector<int>& pipes) {
        return look_at_homes(config, accounts, pipes[0]);
    });
    if (!run || run->end != ChildRun::End::by_itself || run->status != 0)
        return findings.warn("homes", "the homes could not be looked at within 5 s",
                             "a login that needs one may hang as long",
                             "is the server of " + config.accounts.home + " dead?");
    std::istringstream lines(run->output[0]);
    std::string first;
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        if (count == 0) first = line;
    if (count > 0)
        return findings.warn(
            "homes", first + (count > 1 ? ", and " + std::to_string(count - 1) + " more" : ""),
            "what is there is taken as the home, whoever wrote it",
            "chown it to the account, or move it away");
    findings.ok("homes", "each is its account's own, or not there yet");
}

// ---- Slurm -------------------------------------------------------------------------------------

// slurmctld takes a group's members up after that many seconds.
void check_group_update_time(const Patient& patient, const AccountsState& state,
                             Findings& findings) {
    constexpr unsigned most = 10;
    if (patient.slurmctld.empty() || state.group.empty() ||
        patient.slurm.text.find(state.group) == std::string::npos)
        return;
    const auto seconds = patient.slurm.setting("GroupUpdateTime").value_or("600");
    const auto number = parse_number<unsigned>(seconds);
    if (number && *number > 0 && *number <= most)
        return findings.ok("group_update_time", "GroupUpdateTime is " + seconds);
    findings.warn("group_update_time",
                  "slurm.conf has the group " + state.group + ", and GroupUpdateTime is " + seconds,
                  "AllowGroups keeps who was added out for so long, and who was removed in "
                  "(the gate refuses them)",
                  "GroupUpdateTime=10 in slurm.conf, then scontrol reconfigure");
}

}  // namespace

void check_accounts(const Patient& patient, Findings& findings) {
    const auto& config = patient.config;
    check_name_service(config.accounts.enabled, findings);
    if (!config.accounts.enabled) return check_nothing_is_left(config, findings);
    SystemClock clock;
    const auto roster = open_roster(config, clock);
    const auto state = look_at_accounts(config, roster ? &roster->snapshot : nullptr);
    check_accounts_file(state, findings);
    check_keys(findings);
    check_homes(config, state.accounts, findings);
    check_sudoers(config, state.accounts, findings);
    check_group_update_time(patient, state, findings);
}

}  // namespace together::ctl
