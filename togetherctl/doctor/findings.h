// SPDX-License-Identifier: Apache-2.0
// What doctor found: data, worded where it is found, printed in one place.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"

namespace together::ctl {

enum class Severity { ok, information, warning, failure };

struct Finding {
    std::string check;  // stable, for programs and --accept
    Severity severity = Severity::ok;
    std::string what;
    std::string why;  // it matters; empty where all is well
    std::string fix;  // the command that fixes it, or what to do; likewise
};

class Findings {
  public:
    void ok(std::string check, std::string what);
    // No fault: not on this host, or good to know.
    void tell(std::string check, std::string what);
    void warn(std::string check, std::string what, std::string why, std::string fix);
    void fail(std::string check, std::string what, std::string why, std::string fix);
    void add(Finding finding) { all_.push_back(std::move(finding)); }

    // What somebody knows and accepts (comma-separated checks) is told, but counts no more.
    void accept(const std::string& checks);

    Severity worst() const;
    void show(Output& output) const;
    Json::Value json() const;

  private:
    std::size_t how_many(Severity severity) const;
    std::vector<Finding> all_;
};

}  // namespace together::ctl
