// SPDX-License-Identifier: Apache-2.0
#include "pam_together/decision_log.h"

#include <unistd.h>

#include "common/decision/decision_report.h"
#include "common/system/duration.h"

namespace together {
namespace {

constexpr std::string_view ident = "pam_together";

LogLevel severity_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::allow:
            return LogLevel::info;
        case Verdict::deny:
            return LogLevel::notice;
        case Verdict::unavailable:
            break;
    }
    return LogLevel::warning;
}

}  // namespace

DecisionLog::DecisionLog(const PamHandle& pam)
    : login_(pam.login()), stderr_is_a_log_(pam.stderr_is_a_log()) {
    origin_.service = pam.item(PAM_SERVICE);
    origin_.rhost = pam.item(PAM_RHOST);
    origin_.pid = ::getpid();
}

void DecisionLog::decided(const Decision& decision) {
    if (decision.reason == Reason::root) return;
    const auto took = std::chrono::steady_clock::now() - started_;
    origin_.took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    // In observe mode, how loud it would have been.
    const Verdict verdict = decision.would.value_or(decision.verdict);
    const auto line = log_line(decision, origin_);
    const DatagramSocket socket;
    send(severity_of(verdict), line, socket);
    report_decision(line, socket);
}

void DecisionLog::waits_for_a_refresh(const Config& config) {
    std::string line = line_about("refresh");
    append_field(line, "project", config.project);
    append_field(line, "deadline", format_duration(config.deadline));
    send(LogLevel::info, line);
}

void DecisionLog::called_with(const ModuleArguments& arguments) {
    std::string line = line_about("debug");
    append_field(line, "arguments", arguments.as_given);
    append_field(line, "config", arguments.config_path);
    send(LogLevel::info, line);
}

void DecisionLog::called_wrongly(const ModuleArguments& arguments) {
    std::string line = line_about("module_argument");
    append_field(line, "detail", arguments.problem);
    send(LogLevel::warning, line);
}

std::string DecisionLog::line_about(std::string_view event) const {
    std::string line;
    append_field(line, "login", login_);
    append_field(line, "service", origin_.service);
    append_field(line, "rhost", origin_.rhost);
    append_field(line, "pid", std::to_string(origin_.pid));
    append_field(line, "event", event);
    return line;
}

void DecisionLog::send(LogLevel level, const std::string& line,
                       const DatagramSocket& socket) const {
    send_log_line(level, ident, line, stderr_is_a_log_, {}, socket);
}

void log_exception(const char* what) noexcept {
    try {
        std::string line;
        append_field(line, "event", "exception");
        append_field(line, "detail", what);
        send_log_line(LogLevel::warning, ident, line, false);
    } catch (...) {
        // Nothing is left to be tried; the answer is "unavailable" all the same.
    }
}

}  // namespace together
