// SPDX-License-Identifier: Apache-2.0
#include "common/roster/leavers.h"

#include <array>
#include <sstream>
#include <string_view>

#include "common/roster/roster_paths.h"
#include "common/system/atomic_file.h"
#include "common/system/trusted_file.h"
#include "common/system/uids.h"

namespace together {
namespace {

constexpr mode_t for_root = 0600;
constexpr std::size_t max_file = std::size_t{64} * 1024 * 1024;
constexpr std::string_view no_uid_known = "-";

// In the order of Leaver::Stage.
constexpr std::array<std::string_view, 6> stages = {"seen", "warned", "done",
                                                    "held", "back",   "unanswered"};

// STAGE UID LOGIN USER_ID, with a tab between them: none of them has one.
std::optional<Leaver> leaver_in(const std::string& line) {
    std::istringstream fields(line);
    std::string stage;
    std::string uid;
    Leaver leaver;
    if (!std::getline(fields, stage, '\t') || !std::getline(fields, uid, '\t') ||
        !std::getline(fields, leaver.login, '\t') || !std::getline(fields, leaver.user_id))
        return std::nullopt;
    leaver.uid = parse_uid(uid);
    if (!leaver.uid && uid != no_uid_known) return std::nullopt;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        if (stage != stages[i]) continue;
        leaver.stage = static_cast<Leaver::Stage>(i);
        return leaver;
    }
    return std::nullopt;
}

std::string line_of(const Leaver& leaver) {
    return std::string(stages[static_cast<std::size_t>(leaver.stage)]) + '\t' +
           (leaver.uid ? std::to_string(*leaver.uid) : std::string(no_uid_known)) + '\t' +
           leaver.login + '\t' + leaver.user_id + '\n';
}

}  // namespace

std::vector<Leaver> read_leavers(const Config& config) {
    std::vector<Leaver> leavers;
    const auto text = read_trusted(RosterPaths(config).leavers(), max_file);
    if (!text) return leavers;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);)
        if (auto leaver = leaver_in(line)) leavers.push_back(*std::move(leaver));
    return leavers;
}

Result<void> write_leavers(const Config& config, const std::vector<Leaver>& leavers) {
    std::string text;
    for (const auto& leaver : leavers) text += line_of(leaver);
    const auto path = RosterPaths(config).leavers();
    // Who holds LockPart::removal writes alone.
    return replace_file(AtomicFile(path, path + ".new"), text, for_root);
}

}  // namespace together
