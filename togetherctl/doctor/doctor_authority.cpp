// SPDX-License-Identifier: Apache-2.0
// The role authority, TLS, token, clock: together-refresh --check-access asks, this words it.
#include <pwd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "common/system/parse_number.h"
#include "common/system/trusted_file.h"
#include "processes/run_program.h"
#include "togetherctl/doctor/doctor_checks.h"
#include "togetherctl/node/token_state.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

struct Advice {
    std::string_view check;
    std::string_view why;
    std::string_view fix;
};
constexpr std::array<Advice, 5> advice = {{
    {"authority", "removed people stay and added ones wait until it answers",
     "togetherctl refresh --verbose shows the exchange"},
    {"tls", "without a connection that can be trusted nothing is asked",
     "give the authority a certificate for its name, or set [api] ca_file"},
    {"token", "the roster comes with a node key of this project",
     "put another into token_file: POST /v1/projects/PROJECT/node_keys gives one"},
    {"project", "without its roster nobody new gets in, and after stale_for nobody",
     "correct [api] base_url or project; togetherctl api-check says more"},
    {"clock", "answers that look old validate nothing; admissions end at the wrong time",
     "timedatectl set-ntp true"},
}};

std::string field(std::string_view& line) {
    const auto end = std::min(line.find('\t'), line.size());
    std::string text(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
    return text;
}

std::optional<Severity> severity_named(std::string_view name) {
    if (name == "ok") return Severity::ok;
    if (name == "information") return Severity::information;
    if (name == "warning") return Severity::warning;
    if (name == "failure") return Severity::failure;
    return std::nullopt;
}

void add_line(std::string_view line, Patient& patient, Findings& findings) {
    Finding finding;
    finding.check = field(line);
    const auto result = field(line);
    finding.what = field(line);
    if (finding.check == "revision") {
        if (const auto revision = parse_number<std::int64_t>(finding.what))
            patient.authority_has = revision;
        return;
    }
    const auto severity = severity_named(result);
    const auto* const found = std::find_if(
        advice.begin(), advice.end(), [&](const Advice& a) { return a.check == finding.check; });
    if (!severity || found == advice.end()) return;
    finding.severity = *severity;
    if (*severity >= Severity::warning) {
        finding.why = found->why;
        finding.fix = found->fix;
    }
    findings.add(std::move(finding));
}

void check_file(const Config& config, Findings& findings) {
    const auto file = open_trusted(config.roster_file(), Links::follow);
    if (file)
        findings.ok("authority", "the roster is the file " + config.roster_file());
    else
        findings.fail(
            "authority", file.error().message,
            "removed people stay and added ones wait until it can be read",
            "chown root " + config.roster_file() + " && chmod 644 " + config.roster_file());
}

// Plain http is for a loopback address; whoever holds the port then is the authority.
void check_loopback_port(const Config& config, Findings& findings) {
    constexpr std::string_view plain = "http://";
    if (!config.base_url.starts_with(plain)) return;
    const auto rest = std::string_view(config.base_url).substr(plain.size());
    const auto host = rest.substr(0, rest.find('/'));
    const auto colon = host.rfind(':');
    unsigned port = 80;
    if (colon != host.npos && host.back() != ']')
        port = parse_number<unsigned>(host.substr(colon + 1)).value_or(port);
    if (port < 1024)
        return findings.ok("loopback", "no ordinary user can take the authority's port");
    findings.warn(
        "loopback",
        "the authority is asked in plain http at port " + std::to_string(port) + " of this host",
        "while it does not run, any user here can take that port, read the node key and "
        "say who gets in",
        "serve it with TLS, or at a port below 1024; or let nobody log in on this host");
}

// Where together-refresh looks: another name service's account is none to it.
bool stands_in_passwd(std::string_view login) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"),
                                                               std::fclose);
    if (!file) return false;
    while (const passwd* account = ::fgetpwent(file.get()))
        if (account->pw_name == login) return true;
    return false;
}

// together-refresh's child becomes that user, or nobody.
void check_refresh_account(Findings& findings) {
    if (stands_in_passwd("together"))
        return findings.ok("refresh_account", "there is a user together");
    findings.warn("refresh_account",
                  "no user together in /etc/passwd: together-refresh asks as nobody",
                  "whoever else runs as nobody can stop it, and a removal waits",
                  "systemd-sysusers, or useradd --system --no-create-home together");
}

}  // namespace

void check_authority(Patient& patient, Findings& findings) {
    const Config& config = patient.config;
    check_refresh_account(findings);
    if (config.roster_is_a_file()) return check_file(config, findings);
    check_loopback_port(config, findings);
    // What is wrong with it is said already.
    if (look_at_token(config).state != "usable" ||
        !open_trusted(config.refresh_program, Links::follow))
        return findings.tell("authority", "not asked: see token_file and refresh_program");
    const auto output =
        output_of(config.refresh_program, {"--check-access", "--config", config.path}, 40s);
    if (!output)
        return findings.fail("authority", output.error().message, std::string(advice[0].why),
                             std::string(advice[0].fix));
    std::string_view rest = *output;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        add_line(line, patient, findings);
    }
}

}  // namespace together::ctl
