// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/kept_cluster_token.h"

#include <json/writer.h>
#include <sys/file.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/system/clock.h"
#include "common/system/errno_text.h"
#include "strict_json/strict_json.h"
#include "together_cli/account/private_file.h"
#include "together_cli/account/token_source.h"

namespace together::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "kubernetes-";
constexpr std::string_view ending = ".json";
constexpr JsonLimits limits{100, 4};
constexpr std::int64_t a_day = 86'400;
constexpr char advice[] =
    "remove it, and end that token where somebody may have read it (together tokens)";

std::string folder_of_tokens() {
    return private_folder("XDG_CACHE_HOME", "/.cache");
}

// 64 bits tell logins apart and are far too few to find a token by.
std::string hash_of(const std::string& text) {
    char digits[17];
    static_cast<void>(
        std::snprintf(digits, sizeof digits, "%016llx",
                      static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size()))));
    return digits;
}

std::string prefix_of(const Credentials& login) {
    return std::string(prefix) + hash_of(login.url + '\n' + login.token) + '-';
}

std::optional<Json::Value> object_in(const std::string& text) {
    auto json = parse_strict_json(text, limits);
    return json && json->isObject() ? std::optional(*std::move(json)) : std::nullopt;
}

std::optional<ClusterToken> token_in(const Json::Value& json) {
    for (const char* text : {"id", "token", "audience", "before"})
        if (!json[text].isString()) return std::nullopt;
    for (const char* time : {"made_at", "ends_at"})
        if (!json[time].isInt64()) return std::nullopt;
    ClusterToken token{json["id"].asString(),       json["token"].asString(),
                       json["audience"].asString(), json["made_at"].asInt64(),
                       json["ends_at"].asInt64(),   json["before"].asString()};
    return is_token(token.token) ? std::optional(token) : std::nullopt;
}

// What is older than a day holds no token that does: one for a project ends after that.
void remove_old(const std::string& folder) {
    std::error_code error;
    const auto now = SystemClock().now().realtime / 1'000'000'000;
    for (fs::directory_iterator one(folder, error), end; !error && one != end;
         one.increment(error)) {
        struct stat status {};
        // Also ".kubernetes-…", which somebody has begun to write.
        const auto name = one->path().filename().string();
        if (name.find(prefix) <= 1 && ::lstat(one->path().c_str(), &status) == 0 &&
            status.st_mtim.tv_sec < now - a_day)
            ::unlink(one->path().c_str());
    }
}

// Who owns it puts there what they like, and holds its lock.
Result<void> check_owner(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0)
        return failure(errno_text("cannot look at " + folder, errno));
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return failure(folder + " is somebody else's");
    return {};
}

std::optional<FileDescriptor> lock_in(const std::string& folder, bool wait) {
    const auto path = folder + "/kubernetes.lock";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    int done = 0;
    do {
        done = ::flock(file.get(), LOCK_EX | (wait ? 0 : LOCK_NB));
    } while (done != 0 && errno == EINTR);
    if (done != 0 && errno == EWOULDBLOCK) return std::nullopt;
    return file;
}

}  // namespace

Result<KeptClusterToken> KeptClusterToken::of(const Credentials& login,
                                              const std::string& project) {
    KeptClusterToken kept;
    kept.folder_ = folder_of_tokens();
    if (kept.folder_.empty())
        return failure("neither XDG_CACHE_HOME nor HOME says where kubectl's token can be kept");
    kept.url_ = login.url;
    kept.project_ = project;
    kept.path_ = kept.folder_ + "/" + prefix_of(login) + hash_of(project) + std::string(ending);
    const auto made =
        make_private_folder(kept.folder_).and_then([&] { return check_owner(kept.folder_); });
    if (!made) return tl::make_unexpected(made.error());
    return kept;
}

Result<std::optional<ClusterToken>> KeptClusterToken::read() const {
    const auto file = read_private(path_, Links::refuse, advice);
    if (!file && file.error().kind == FileError::missing) return std::nullopt;
    if (!file) return failure(file.error().message);
    const auto json = object_in(file->text);
    if (!json || (*json)["url"] != url_ || (*json)["project"] != project_) return std::nullopt;
    auto token = token_in(*json);
    if (token) token->looked_after = file->changed_at;
    return token;
}

Result<void> KeptClusterToken::write(const ClusterToken& token) const {
    Json::Value json;
    json["url"] = url_;
    json["project"] = project_;
    json["id"] = token.id;
    json["token"] = token.token;
    json["audience"] = token.audience;
    json["made_at"] = Json::Int64{token.made_at};
    json["ends_at"] = Json::Int64{token.ends_at};
    json["before"] = token.before;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    remove_old(folder_);
    return write_private(path_, Json::writeString(builder, json) + "\n");
}

void KeptClusterToken::remove() const {
    ::unlink(path_.c_str());
}

void KeptClusterToken::note_look() const {
    static_cast<void>(::utimensat(AT_FDCWD, path_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW));
}

std::optional<FileDescriptor> KeptClusterToken::lock(bool wait) const {
    return lock_in(folder_, wait);
}

Result<std::vector<std::string>> remove_kept_cluster_tokens(
    const std::optional<Credentials>& login) {
    std::vector<std::string> ids;
    const auto folder = folder_of_tokens();
    // Who is making one keeps it before.
    const auto lock = lock_in(folder, true);
    const auto wanted = login ? prefix_of(*login) : std::string(prefix);
    std::error_code error;
    for (fs::directory_iterator one(folder, error), end; !error && one != end;
         one.increment(error)) {
        if (!one->path().filename().string().starts_with(wanted)) continue;
        const auto file = read_private(one->path().string(), Links::refuse, advice);
        const auto json = file ? object_in(file->text) : std::nullopt;
        if (const auto token = json ? token_in(*json) : std::nullopt) {
            ids.push_back(token->id);
            if (!token->before.empty()) ids.push_back(token->before);
        }
        if (::unlink(one->path().c_str()) != 0 && errno != ENOENT)
            return failure(errno_text("cannot remove " + one->path().string(), errno));
    }
    return ids;
}

}  // namespace together::cli
