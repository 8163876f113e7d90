// SPDX-License-Identifier: Apache-2.0
// What the module writes to the log: a line for each decision, and one before it waits, because
// sshd logs nothing when LoginGraceTime ends a module.
#pragma once

#include <chrono>
#include <string_view>

#include "common/decision/log_line.h"
#include "common/system/log_sink.h"
#include "pam_together/module_arguments.h"
#include "pam_together/pam_handle.h"

namespace together {

// One call's lines: they share who asks, and from where. Never blocks.
class DecisionLog {
  public:
    // took_us is measured from here.
    explicit DecisionLog(const PamHandle& pam);

    // Nothing for a plain allow of root: cron's jobs would fill the log.
    void decided(const Decision& decision);
    void waits_for_a_refresh(const Config& config);
    void called_with(const ModuleArguments& arguments);
    void called_wrongly(const ModuleArguments& arguments);

  private:
    std::string line_about(std::string_view event) const;
    void send(LogLevel level, const std::string& line,
              const DatagramSocket& socket = DatagramSocket()) const;

    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::string login_;
    CallOrigin origin_;
    bool stderr_is_a_log_;
};

// Where not even the above can be had, because memory is exhausted. Never throws.
void log_exception(const char* what) noexcept;

}  // namespace together
