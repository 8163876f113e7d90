// SPDX-License-Identifier: Apache-2.0
// Who left the roster and still had something on this node: what [gate] on_removal is about. A
// small file of together-refresh --watch, root's alone.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/system/clock.h"
#include "common/system/result.h"

namespace together {

struct Leaver {
    enum class Stage {
        seen,        // missing; nobody has confirmed it since
        warned,      // the grace runs
        done,        // nothing is left to do; counted for a while
        held,        // not ended, for a reason that an operator must know
        back,        // on the roster again after it was done; counted for a while
        unanswered,  // as held, until this node's name service answers
    };

    std::string login;
    std::string user_id;
    std::optional<uid_t> uid;  // as the roster had it
    Stage stage = Stage::seen;
    Moment since;  // not in the file: after a restart all begins anew

    bool is_held() const { return stage == Stage::held || stage == Stage::unanswered; }

    bool operator==(const Leaver&) const = default;
};

// None where there is no such file, or none that can be believed.
std::vector<Leaver> read_leavers(const Config& config);
Result<void> write_leavers(const Config& config, const std::vector<Leaver>& leavers);

}  // namespace together
