// SPDX-License-Identifier: Apache-2.0
// What is done with a fetched roster, under the write lock: compared with the stored one, then
// written, or the stored one's stamp extended, or dropped.
#pragma once

#include "common/roster/roster.h"
#include "common/system/result.h"
#include "together_refresh/child/unprivileged_child.h"
#include "together_refresh/update/verified_snapshot.h"

namespace together {

struct Update {
    enum class Kind {
        written,     // a new snapshot
        extended,    // the stored one was validated anew
        superseded,  // another round that began later was faster
        refused,     // an older revision, or a 304 to nothing
    } kind = Kind::refused;
    std::string message;
};

struct UpdateRequest {
    const NodeConfig& config;
    Moment validated;  // when the request was sent, or a long poll's answer came
    Moment now;
    std::string etag;  // what was asked with
    bool accept_older = false;
    VerifiedSnapshot* verified = nullptr;  // where what was read before may be believed
};

// Fails where our own disk does.
Result<Update> update_roster(const UpdateRequest& request, FetchResult fetched);

}  // namespace together
