// SPDX-License-Identifier: Apache-2.0
#include "common/decision/emergency.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "common/config/ini_file.h"
#include "common/roles/identifiers.h"
#include "common/system/directory.h"
#include "common/system/errno_text.h"
#include "common/system/trusted_file.h"
#include "common/system/uids.h"
#include "common/system/utc.h"

namespace together {
namespace {

constexpr std::size_t max_file = 4096;

std::optional<std::string> set(Admission& admission, std::vector<std::string>& keys,
                               const IniEntry& entry) {
    if (!entry.section.empty()) return "an admission has no sections";
    const std::string key(entry.key);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return key + " is set twice";
    keys.push_back(key);
    if (entry.key == "login") {
        admission.login = entry.value;
    } else if (entry.key == "reason") {
        admission.reason = entry.value;
    } else if (entry.key == "until") {
        const auto until = parse_utc(entry.value);
        if (!until) return "until: not a time such as 2026-01-31T18:00:00Z, up to the year 2261";
        admission.until = *until;
    } else if (entry.key == "uid") {
        admission.uid = parse_uid(entry.value);
        if (!admission.uid) return "uid: not a uid";
    } else {
        return "unknown key " + key;
    }
    return std::nullopt;
}

// Nothing where the file is missing; malformed ones end up in `problems`.
std::optional<Admission> read_admission(const std::string& folder, const std::string& login,
                                        std::vector<std::string>& problems) {
    const std::string path = folder + "/admit.d/" + login;
    const auto text = read_trusted(path, max_file);
    if (!text) {
        if (text.error().kind != FileError::missing) problems.push_back(text.error().message);
        return std::nullopt;
    }
    Admission admission;
    std::vector<std::string> keys;
    const auto read =
        read_ini(*text, path, [&](const IniEntry& entry) { return set(admission, keys, entry); });
    if (!read) {
        problems.push_back(read.error().message);
    } else if (admission.login != login) {
        problems.push_back(path + ": its login is not its name");
    } else if (admission.until == 0 || admission.reason.empty()) {
        problems.push_back(path + ": until or reason is missing");
    } else {
        return admission;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> lockdown_in_force(const std::string& folder) {
    const std::string path = folder + "/lockdown";
    struct stat status {};
    // Anything but a plain "there is no such file" counts: a lockdown must not end by accident.
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT || errno == ENOTDIR ? std::nullopt : std::optional<std::string>("");
    const auto text = read_trusted(path, max_file);
    if (!text) return "";
    auto line = text->substr(0, text->find('\n'));
    return is_printable(line) ? line : "";
}

std::optional<Admission> admission_of_login(const std::string& folder, const std::string& login,
                                            Clock& clock, std::vector<std::string>& problems) {
    if (!is_login(login)) return std::nullopt;
    auto admission = read_admission(folder, login, problems);
    if (!admission || admission->until <= clock.now().realtime) return std::nullopt;
    return admission;
}

std::optional<Admission> admission_of_uid(const std::string& folder, uid_t uid, Clock& clock,
                                          std::vector<std::string>& problems) {
    for (auto& admission : read_admissions(folder, problems))
        if (admission.uid == uid && admission.until > clock.now().realtime)
            return std::move(admission);
    return std::nullopt;
}

std::vector<Admission> read_admissions(const std::string& folder,
                                       std::vector<std::string>& problems) {
    std::vector<Admission> admissions;
    const std::string path = folder + "/admit.d";
    const Directory directory(::opendir(path.c_str()));
    if (!directory) {
        if (errno != ENOENT) problems.push_back(errno_text("cannot open " + path, errno));
        return admissions;
    }
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (!is_login(name)) continue;
        if (auto admission = read_admission(folder, name, problems))
            admissions.push_back(*std::move(admission));
    }
    return admissions;
}

}  // namespace together
