// SPDX-License-Identifier: Apache-2.0
// Configuration, whom its files belong to, and the program that it names.
#include <sys/stat.h>

#include "common/roster/roster_directory.h"
#include "common/system/trusted_file.h"
#include "common/system/trusted_path.h"
#include "processes/run_program.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/editing/edited_file.h"
#include "togetherctl/node/roster_state.h"
#include "togetherctl/node/token_state.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

bool is_there(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
}

// Whoever can write them can lock everybody out, or admit himself.
void check_folders(const Config& config, Findings& findings) {
    for (const auto& folder : {config.folder(), config.folder() + "/admit.d"}) {
        if (!is_there(folder)) continue;
        const auto why = why_exchangeable(folder);
        if (why.empty()) continue;
        findings.fail("configuration_folder", why,
                      "who can write it can admit himself or lock everybody out",
                      "chown root " + folder + " && chmod go-w " + folder);
        return;
    }
    findings.ok("configuration_folder", config.folder() + " is root's");
}

void check_token_file(const Config& config, Findings& findings) {
    const auto token = look_at_token(config);
    const std::string why = "without the token the authority tells this node nothing";
    if (token.state == "usable")
        findings.ok("token_file", config.token_file + " has a safe owner and mode");
    else if (token.state == "not_needed")
        findings.tell("token_file", "not needed: " + token.problem);
    else if (token.state == "not_tested")
        findings.warn("token_file", config.token_file + ": " + token.problem,
                      "whether the token works cannot be told", "run togetherctl doctor as root");
    else if (token.state == "missing")
        findings.fail("token_file", token.problem, why,
                      "put a node key of " + config.project + " there: install -m 600 FILE " +
                          config.token_file);
    else
        findings.fail("token_file", token.problem, why,
                      "chown root " + config.token_file + " && chmod 600 " + config.token_file);
}

void check_directory(const Config& config, Findings& findings) {
    if (!is_there(config.directory)) {
        findings.tell("roster_directory",
                      config.directory + " is not there yet; together-refresh makes it");
        return;
    }
    const auto good = check_roster_directory(config.directory);
    if (good)
        findings.ok("roster_directory", config.directory + " has a safe owner and mode");
    else
        findings.fail("roster_directory", good.error().message, "rosters are not refreshed there",
                      "chown root " + config.directory + " && chmod 755 " + config.directory);
}

void check_refresh_program(const Config& config, Findings& findings) {
    const auto& program = config.refresh_program;
    const std::string why = "no roster is refreshed on demand";
    const std::string fix = "install together-access-common, or correct [roster] refresh_program";
    if (const auto file = open_trusted(program, Links::follow); !file) {
        findings.fail("refresh_program", file.error().message, why, fix);
        return;
    }
    const auto version = output_of(program, {"--version"}, 10s);
    if (!version)
        findings.fail("refresh_program", version.error().message, why, fix);
    else if (*version != "together-refresh " TOGETHER_VERSION "\n")
        findings.warn("refresh_program",
                      program + " says " + version->substr(0, version->find('\n')) +
                          ", togetherctl is " TOGETHER_VERSION,
                      "parts of two releases are not tested together",
                      "install one release of all packages");
    else
        findings.ok("refresh_program", program + " is of this release");
}

}  // namespace

bool check_other_configuration(const std::string& check, const std::string& where,
                               const Config& config, Findings& findings) {
    const std::string what = where + " asks with " + config.path + ", ";
    const std::string refresh = "togetherctl refresh --verbose --config " + config.path;
    const auto roster = look_at_roster(config, SystemClock().now());
    if (config.mode == Mode::observe)
        findings.warn(check, what + "in OBSERVE MODE: NOBODY IS REFUSED",
                      "denials are only logged, as would=deny",
                      "set mode = enforce in " + config.path);
    else if (!roster.roster)
        findings.fail(check, what + "which has no roster: " + roster.problem,
                      "nobody but exempt users gets in without one", refresh);
    else if (!roster.decides())
        findings.warn(check, what + "whose roster is older than stale_for",
                      "nobody gets in unless who asks can have it refreshed", refresh);
    else
        return true;
    return false;
}

void check_configuration(const Patient& patient, Findings& findings) {
    check_folders(patient.config, findings);
    check_token_file(patient.config, findings);
    check_directory(patient.config, findings);
    check_refresh_program(patient.config, findings);
    if (patient.config.mode == Mode::observe)
        findings.warn("mode", "OBSERVE MODE: NOBODY IS REFUSED",
                      "denials are only logged, as would=deny",
                      "set mode = enforce in " + patient.config.path);
    else
        findings.ok("mode", "enforce");
}

}  // namespace together::ctl
