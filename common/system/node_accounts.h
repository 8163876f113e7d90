// SPDX-License-Identifier: Apache-2.0
// The node's own accounts (nsswitch). A seam: tests put a hand-written fake here.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/system/result.h"

namespace together {

class NodeAccounts {
  public:
    virtual ~NodeAccounts() = default;
    // Nothing where the node has no such account; an error where it cannot tell.
    virtual Result<std::optional<uid_t>> uid_of(const std::string& login) = 0;
    virtual Result<std::optional<std::string>> login_of(uid_t uid) = 0;
    // Before uid_of() of each of them: whoever looks up in the background may wait a moment here.
    virtual void prepare(const std::vector<std::string>&) {}
};

// Thread-safe. May block as long as the node's name service does.
class SystemAccounts : public NodeAccounts {
  public:
    Result<std::optional<uid_t>> uid_of(const std::string& login) override;
    Result<std::optional<std::string>> login_of(uid_t uid) override;
};

}  // namespace together
