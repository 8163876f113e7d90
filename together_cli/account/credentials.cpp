// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/credentials.h"

#include <fcntl.h>
#include <json/writer.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/config/base_url.h"
#include "common/system/atomic_file.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "strict_json/strict_json.h"
#include "together_cli/account/private_file.h"
#include "together_cli/account/token_source.h"

namespace together::cli {
namespace {

constexpr int between_tries = 20;  // milliseconds
constexpr JsonLimits limits{100, 4};

Result<std::string> text_of(const std::string& path) {
    auto file = read_private(path, Links::follow,
                             "chmod 600 it, and where somebody may have read it, log in with "
                             "another token");
    if (file) return std::move(file->text);
    if (file.error().kind == FileError::missing)
        return failure("you are not logged in: there is no " + path + " (together login URL)");
    return failure(file.error().message);
}

// Each field of it is a text.
Result<std::string> field(const Json::Value& json, const char* name, const std::string& path) {
    const auto& value = json[name];
    if (value.isNull()) return std::string();
    if (!value.isString()) return failure(path + ": \"" + name + "\" is no text (together login)");
    return value.asString();
}

// Where a file system has no locks, whole files must do.
bool try_to_lock(int file) {
    return ::flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

// Who had it last has taken the file away, and another may hold a new one.
bool stands_at(const std::string& path, int file) {
    struct stat ours {};
    struct stat there {};
    return ::fstat(file, &ours) == 0 && ::lstat(path.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino;
}

}  // namespace

Result<std::string> default_credentials_path() {
    const auto folder = private_folder("XDG_CONFIG_HOME", "/.config");
    if (folder.empty())
        return failure("neither XDG_CONFIG_HOME nor HOME says where your token is: name --config");
    return folder + "/credentials.json";
}

Result<Credentials> read_credentials(const std::string& path) {
    const auto text = text_of(path);
    if (!text) return tl::make_unexpected(text.error());
    const auto json = parse_strict_json(*text, limits);
    if (!json || !json->isObject())
        return failure(path + " is not what together login writes: log in again");
    Credentials credentials;
    const std::pair<const char*, std::string*> fields[] = {{"url", &credentials.url},
                                                           {"token", &credentials.token},
                                                           {"ca_file", &credentials.ca_file},
                                                           {"project", &credentials.project}};
    for (const auto& [name, target] : fields) {
        auto value = field(*json, name, path);
        if (!value) return tl::make_unexpected(value.error());
        *target = *std::move(value);
    }
    // A relative one would be whatever the folder at hand has of that name.
    if (!credentials.ca_file.empty() && credentials.ca_file.front() != '/')
        return failure(path + ": \"ca_file\" is no absolute path (together login)");
    const auto url = parse_authority_url(credentials.url);
    if (!url) return failure(path + ": " + url.error().message);
    credentials.url = *url;
    if (!is_token(credentials.token)) return failure(path + " has no token: log in again");
    return credentials;
}

Result<CredentialsLock> CredentialsLock::take(const std::string& path,
                                              std::chrono::milliseconds patience) {
    if (auto made = make_private_folder(folder_of(path)); !made)
        return tl::make_unexpected(made.error());
    const auto lock = hidden_beside(path, ".lock");
    const auto until = std::chrono::steady_clock::now() + patience;
    do {
        FileDescriptor file(
            ::open(lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
        if (!file) return failure(errno_text("cannot write beside " + path, errno));
        if (try_to_lock(file.get()) && stands_at(lock, file.get()))
            return CredentialsLock(lock, std::move(file));
        ::poll(nullptr, 0, between_tries);
    } while (std::chrono::steady_clock::now() < until);
    return failure(path + " is being changed by another together; try again");
}

CredentialsLock::~CredentialsLock() {
    // Before it is let go: afterwards it could be another's.
    if (file_) ::unlink(path_.c_str());
}

Result<void> write_credentials(const CredentialsLock&, const std::string& path,
                               const Credentials& credentials) {
    Json::Value json;
    json["url"] = credentials.url;
    json["token"] = credentials.token;
    if (!credentials.ca_file.empty()) json["ca_file"] = credentials.ca_file;
    if (!credentials.project.empty()) json["project"] = credentials.project;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    return write_private(path, Json::writeString(builder, json) + "\n");
}

Result<bool> remove_credentials(const CredentialsLock&, const std::string& path) {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    return failure(errno_text("cannot remove " + path, errno));
}

Result<std::string> parse_authority_url(const std::string& text) {
    auto url = parse_base_url(text);
    if (!url) return failure("\"" + text + "\" is no URL of an authority: " + url.error().message);
    if (url->starts_with("file:"))
        return failure("a roster in a file has no authority that could be asked: edit the file");
    const auto host = url->find("://") + 3;
    if (url->find('/', host) == std::string::npos) *url += "/v1";
    return url;
}

}  // namespace together::cli
