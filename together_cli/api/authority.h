// SPDX-License-Identifier: Apache-2.0
// The role authority as its API has it, asked with somebody's token. Not thread-safe.
#pragma once

#include <json/value.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "http_client/http_client.h"
#include "together_cli/account/credentials.h"
#include "together_cli/api/trouble.h"

namespace together::cli {

struct Answer {
    long status = 0;
    Json::Value body;  // null where there is none
    std::string text;  // of it, as it came
    std::string etag;
    std::optional<std::int64_t> revision;  // of the roster that the change made
    bool is_dry_run = false;
};

class Authority {
  public:
    static constexpr std::chrono::seconds usual{30};

    // `patience`: how long an answer may take.
    explicit Authority(Credentials credentials, std::chrono::seconds patience = usual);

    const Credentials& credentials() const { return credentials_; }

    // A change was sent, which may have been made whatever was answered.
    bool may_have_changed() const { return may_have_changed_; }

    // `path` from behind /v1. Held for up to `wait` where the authority holds such a request;
    // status 304 where nothing differs from `etag`.
    Outcome<Answer> get(const std::string& path, const std::string& etag = {},
                        std::chrono::seconds wait = std::chrono::seconds(0));

    // All pages of a list, as one array.
    Outcome<Json::Value> list(const std::string& path);

    // Sent again where the connection broke, which an Idempotency-Key makes safe. `dry_run`: only
    // what it would bring about.
    Outcome<Answer> change(const std::string& method, const std::string& path,
                           const Json::Value& body = Json::objectValue, bool dry_run = false);

  private:
    Outcome<Answer> answer_to(const HttpRequest& request, bool is_change);

    Credentials credentials_;
    const std::chrono::seconds patience_;
    HttpClient client_;
    bool may_have_changed_ = false;
};

// For a part of a path or query.
std::string escaped(const std::string& text);

}  // namespace together::cli
