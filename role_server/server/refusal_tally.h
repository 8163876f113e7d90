// SPDX-License-Identifier: Apache-2.0
// Refusals on their way into the audit trail: those of one key in one organization that are alike
// are one record a minute, with their number, so that nobody fills the disk with them. Without
// clock, lock or thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "role_server/model/audit.h"

namespace together::roled {

class RefusalTally {
  public:
    // Where there are more kinds than this, further ones are counted as dropped.
    explicit RefusalTally(std::size_t max_kinds = 10'000) : max_kinds_(max_kinds) {}

    void refused(const AuditRecord& record, const std::string& code);
    // A token with the id of a key of ours, and another secret: nobody's act. Twenty in a minute
    // are one record, with the address that tried last.
    void wrong_secret(const std::string& key_id, const std::string& address);

    // What is to be written at `now`, in seconds. With `all`, whatever is left.
    std::vector<AuditRecord> take(std::int64_t now, bool all = false);

    std::int64_t dropped() const { return dropped_; }

  private:
    // Key, action, code, and the organization whose Admins read of it.
    using Kind = std::tuple<std::string, std::string, std::string, std::string>;
    struct Refusals {
        AuditRecord record;
        std::int64_t waiting = 0;     // not written yet
        std::int64_t write_from = 0;  // seconds since 1970
    };
    struct Probes {
        std::string address;
        std::int64_t count = 0;
    };

    const std::size_t max_kinds_;
    std::map<Kind, Refusals> refusals_;
    std::map<std::string, Probes> probes_;
    std::int64_t probes_until_ = 0;
    std::int64_t dropped_ = 0;
};

}  // namespace together::roled
