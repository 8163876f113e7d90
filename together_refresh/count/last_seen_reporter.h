// SPDX-License-Identifier: Apache-2.0
// Tells the authority whom this node let in ([api] report_last_seen): of the decisions that are
// counted those that a role on the roster allowed. Each report has a process of its own,
// so that neither the count nor a round waits for the authority.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/node_config/node_config.h"
#include "common/system/clock.h"
#include "common/system/file_descriptor.h"
#include "together_refresh/count/people_seen.h"
#include "together_refresh/process/forked_process.h"

namespace together {

// What people call it; the action where a service's name is none that an authority takes.
std::string door_of(const std::string& service, const std::string& action);

// Ends its process when it is destroyed. One thread.
class LastSeenReporter {
  public:
    explicit LastSeenReporter(Clock& clock);

    // `line` is log_line()'s.
    void decided(const NodeConfig& config, std::string_view line);
    // Does what is to be done by now. The error says why the authority does not have all yet.
    Result<void> turn(const NodeConfig& config);

  private:
    void start(const NodeConfig& config, const std::vector<PersonSeen>& people);
    void end_of_report();
    void failed(const std::string& why, std::optional<Nanoseconds> retry_after = {});
    Nanoseconds now() { return Nanoseconds(clock_.now().boottime); }

    Clock& clock_;
    PeopleSeen people_;
    ForkedProcess process_;  // of the report that is under way
    FileDescriptor answer_;  // a frame of it: FetchSummary
    Result<void> problem_;   // since the last report that was delivered
};

}  // namespace together
