// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/fetch.h"

#include <utility>

namespace together {

FetchSummary failed_fetch(FetchOutcome outcome, std::string message) {
    FetchSummary summary;
    summary.outcome = outcome;
    summary.message = std::move(message);
    return summary;
}

}  // namespace together
