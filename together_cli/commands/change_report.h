// SPDX-License-Identifier: Apache-2.0
// Makes a change and says what became of it: what it brought about beside what was asked for, and
// which nodes have it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "together_cli/api/receipt.h"
#include "together_cli/commands/session.h"

namespace together::cli {

class ChangeReport {
  public:
    // `done`: the sentence for when it is.
    ChangeReport(Session& session, std::string done) : session_(session), done_(std::move(done)) {}

    // The roster that it may change is this project's.
    ChangeReport& in(Named project);
    // It is any that the answer names, or else of each project that you are in: the authority tells
    // a revision only of one.
    ChangeReport& anywhere();

    // With --dry-run it is not made. The status is exit_no where --wait was in vain, or no roster
    // is known that nodes could have.
    Outcome<int> make(const std::string& method, const std::string& path,
                      const Json::Value& body = Json::objectValue);
    // Of a change that was made at `since`.
    Outcome<int> report(const Answer& answer, Deadline since);

  private:
    Outcome<Patience> patience(Deadline since) const;
    std::vector<Receipt> receipts_of(const Answer& answer, const Patience& wait);
    // The projects of these rosters; of null, those that you are in.
    Outcome<std::vector<Named>> touched(const Json::Value& rosters);
    int would_be(const Json::Value& body);
    int as_document(const Answer& answer, const std::vector<Receipt>& receipts, int status);
    void say_consequences(const Json::Value& consequences);

    Session& session_;
    const std::string done_;
    std::optional<Named> project_;
    bool anywhere_ = false;
};

}  // namespace together::cli
