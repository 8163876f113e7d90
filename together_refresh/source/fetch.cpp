// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/fetch.h"

#include <utility>

#include "together_refresh/source/roster_document.h"

namespace together {

void give_entries(const RosterPage& page, FetchSink& sink) {
    auto key = page.accounts.keys.begin();
    for (const auto& entry : page.entries) {
        sink.entry(entry);
        // Of two entries with one login each has its own, in their order; neither gets an account.
        for (; key != page.accounts.keys.end() && key->login == entry.login; ++key) sink.key(*key);
    }
    for (const auto& user_id : page.left_out)
        sink.note("left out, without a usable login: " + user_id);
}

FetchSummary failed_fetch(FetchOutcome outcome, std::string message) {
    FetchSummary summary;
    summary.outcome = outcome;
    summary.message = std::move(message);
    return summary;
}

}  // namespace together
