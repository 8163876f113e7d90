// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/credentials.h"

#include <json/writer.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/config/base_url.h"
#include "common/system/errno_text.h"
#include "strict_json/strict_json.h"
#include "together_cli/account/private_file.h"
#include "together_cli/account/token_source.h"

namespace together::cli {
namespace {

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

Result<void> write_credentials(const std::string& path, const Credentials& credentials) {
    Json::Value json;
    json["url"] = credentials.url;
    json["token"] = credentials.token;
    if (!credentials.ca_file.empty()) json["ca_file"] = credentials.ca_file;
    if (!credentials.project.empty()) json["project"] = credentials.project;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    return write_private(path, Json::writeString(builder, json) + "\n");
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
