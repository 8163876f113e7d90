// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/update/verified_snapshot.h"

namespace together {

const VerifiedSnapshot::Logins& VerifiedSnapshot::logins_to_look_up(const Snapshot& snapshot) {
    const auto& header = snapshot.header();
    if (logins_of_ == header.digest) return logins_;
    logins_ = {};
    if (header.without_uid + header.from_node > 0)
        snapshot.for_each([this](const RosterEntry& entry) {
            if (entry.uid_source == UidSource::none) logins_.without_uid.push_back(entry.login);
            if (entry.uid_source == UidSource::node)
                logins_.with_the_nodes_uid.push_back(entry.login);
        });
    logins_of_ = header.digest;
    return logins_;
}

}  // namespace together
