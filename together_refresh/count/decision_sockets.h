// SPDX-License-Identifier: Apache-2.0
// Where the programs of this node send their decisions: a socket for root's, and one for those of
// each user that [metrics] senders names. Each can be written to by its user alone.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"

namespace together {

class DecisionSockets {
  public:
    explicit DecisionSockets(std::string folder) : folder_(std::move(folder)) {}

    // Makes those that are missing, whatever stood at their place, and closes those of others.
    // What cannot be made is the error; the others are there all the same.
    Result<void> keep(const std::vector<uid_t>& senders);

    using Take = std::function<void(uid_t sender, std::string_view line)>;
    // Waits at most `milliseconds` for what comes.
    void take(int milliseconds, const Take& take);

  private:
    struct Socket {
        FileDescriptor descriptor;
        std::string place;  // file_identity() of its path
    };

    std::string folder_;
    std::map<uid_t, Socket> sockets_;
};

}  // namespace together
