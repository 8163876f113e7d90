// SPDX-License-Identifier: Apache-2.0
// Which nodes hold a roster by now, and which not: what a change ends with.
#pragma once

#include <json/value.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/system/deadline.h"
#include "together_cli/api/names.h"

namespace together::cli {

struct Receipt {
    Named project;
    std::int64_t revision = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t waiting = 0;
    std::uint64_t observing = 0;            // of those that are told: they let everybody in
    std::chrono::milliseconds after{0};     // since the change
    Json::Value not_yet{Json::arrayValue};  // nodes, at most as many as are told
    std::string trouble = {};               // why nobody can say; else empty
    bool is_hidden = false;                 // that trouble is that this asker may not see it

    bool is_complete() const { return trouble.empty() && waiting == 0; }
};

struct Patience {
    Deadline since;  // the change
    Deadline until;
    bool even_for_silent;  // also where none but nodes that have long been silent are waited for
    std::function<void(const Receipt&)> progress = {};  // told of each state but the last
};

// Without a revision: the roster as it is now.
Receipt receipt_of(Authority& authority, const Named& project, std::optional<std::int64_t> revision,
                   const Patience& patience);

// "3 of 3 nodes after 0.3 s", "… ; not yet: gpu3, silent for 3m"
std::string text_of(const Receipt& receipt);
Json::Value json_of(const Receipt& receipt);

}  // namespace together::cli
