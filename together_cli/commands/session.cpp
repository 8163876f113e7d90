// SPDX-License-Identifier: Apache-2.0
#include "together_cli/commands/session.h"

#include <cstdint>
#include <filesystem>

#include "cli/printable.h"
#include "common/system/clock.h"
#include "common/system/duration.h"
#include "common/system/utc.h"

namespace together::cli {

void Session::say(const std::string& text, Tone tone) {
    if (!quiet() && !output.json()) output.line(text, tone);
}

Result<std::string> credentials_path(const CommandLine& line) {
    if (line.has("config")) return line.config_path();
    return default_credentials_path();
}

std::string ca_file_of(const CommandLine& line) {
    const auto path = line.value("ca-file");
    return path ? std::filesystem::absolute(*path).string() : "";
}

int tell(const Trouble& trouble, Output& output) {
    return output.fail(trouble.message, trouble.status);
}

int in_session(const CommandLine& line, Output& output,
               const std::function<Outcome<int>(Session&)>& work) {
    const auto path = credentials_path(line);
    if (!path) return output.fail(path.error().message);
    const auto credentials = read_credentials(*path);
    if (!credentials) return output.fail(credentials.error().message);
    Session session{Authority(*credentials), line, output};
    try {
        const auto status = work(session);
        return status ? *status : tell(status.error(), output);
    } catch (const Json::Exception&) {  // a text where the API has an object
        return tell(no_authoritys_answer(credentials->url, "of another shape",
                                         session.authority.may_have_changed()),
                    output);
    }
}

Outcome<Json::Value> until_of(const std::string& text) {
    if (text == "never") return Json::Value();
    constexpr std::int64_t second = 1'000'000'000;
    if (const auto duration = parse_duration(text))
        return Json::Value(
            Json::Int64{(SystemClock().now().realtime + duration->count()) / second});
    for (const char* rest : {"", "T00:00:00Z"})
        if (const auto time = parse_utc(text + rest))
            return Json::Value(Json::Int64{*time / second});
    return trouble(exit_cannot_tell, "--until " + in_quotes(text) +
                                         " is no time: write 30d, 2027-01-31, "
                                         "2027-01-31T18:00:00Z or never");
}

}  // namespace together::cli
