// The role authority, TLS, token, clock: together-refresh --check-access asks, this words it.
#include <array>
#include <charconv>

#include "captured_program.h"
#include "doctor_checks.h"
#include "token_state.h"
#include "trusted_file.h"

namespace togetherctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

struct Advice {
    std::string_view check;
    std::string_view why;
    std::string_view mend;
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
        std::int64_t revision = 0;
        const auto& text = finding.what;
        if (std::from_chars(text.data(), text.data() + text.size(), revision).ec == std::errc())
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
        finding.mend = found->mend;
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

}  // namespace

void check_authority(Patient& patient, Findings& findings) {
    const Config& config = patient.config;
    if (config.roster_is_a_file()) return check_file(config, findings);
    // What is wrong with it is said already.
    if (look_at_token(config).state != "usable" ||
        !open_trusted(config.refresh_program, Links::follow))
        return findings.tell("authority", "not asked: see token_file and refresh_program");
    const auto output =
        output_of(config.refresh_program, {"--check-access", "--config", config.path}, 40s);
    if (!output)
        return findings.fail("authority", output.error().message, std::string(advice[0].why),
                             std::string(advice[0].mend));
    std::string_view rest = *output;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        add_line(line, patient, findings);
    }
}

}  // namespace togetherctl
