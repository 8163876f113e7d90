// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/credentials.h"

#include <json/writer.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/config/base_url.h"
#include "common/system/atomic_file.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/io.h"
#include "common/system/trusted_file.h"
#include "strict_json/strict_json.h"
#include "together_cli/account/token_source.h"

namespace together::cli {
namespace {

constexpr off_t max_size = 65'536;
constexpr JsonLimits limits{100, 4};

Result<std::string> text_of(const std::string& path) {
    const auto file = open_trusted(path, Links::follow);
    if (!file && file.error().kind == FileError::missing)
        return failure("you are not logged in: there is no " + path + " (together login URL)");
    if (!file) return failure(file.error().message);
    if ((file->status.st_mode & 077) != 0)
        return failure(
            path +
            " has your token and can be read by others: chmod 600 it, and where somebody "
            "may have read it, log in with another token");
    if (file->status.st_size > max_size) return failure(path + " is too large");
    std::string text(static_cast<std::size_t>(file->status.st_size), '\0');
    const auto got = read_full_at(file->descriptor.get(), text.data(), text.size(), 0);
    if (got < 0) return failure(errno_text("cannot read " + path, errno));
    text.resize(static_cast<std::size_t>(got));
    return text;
}

// Each field of it is a text.
Result<std::string> field(const Json::Value& json, const char* name, const std::string& path) {
    const auto& value = json[name];
    if (value.isNull()) return std::string();
    if (!value.isString()) return failure(path + ": \"" + name + "\" is no text (together login)");
    return value.asString();
}

}  // namespace

Result<std::string> default_credentials_path() {
    const auto absolute = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value != nullptr && *value == '/' ? value : "");
    };
    std::string folder = absolute("XDG_CONFIG_HOME");
    const auto home = absolute("HOME");
    if (folder.empty() && home.empty())
        return failure("neither XDG_CONFIG_HOME nor HOME says where your token is: name --config");
    if (folder.empty()) folder = home + "/.config";
    return folder + "/together/credentials.json";
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

Result<void> write_credentials(const std::string& path, const Credentials& credentials) {
    const auto folder = folder_of(path);
    std::error_code error;
    std::filesystem::create_directories(folder_of(folder), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return failure(errno_text("cannot make " + folder, errno));
    Json::Value json;
    json["url"] = credentials.url;
    json["token"] = credentials.token;
    if (!credentials.ca_file.empty()) json["ca_file"] = credentials.ca_file;
    if (!credentials.project.empty()) json["project"] = credentials.project;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    return replace_file(AtomicFile(path), Json::writeString(builder, json) + "\n", 0600);
}

Result<bool> remove_credentials(const std::string& path) {
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
