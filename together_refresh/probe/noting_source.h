// SPDX-License-Identifier: Apache-2.0
// A source that gives no roster, but the notes of somebody who looks at the authority: what a look
// by the unprivileged child (examination.h) is made of.
#pragma once

#include "together_refresh/http/http_exchange.h"
#include "together_refresh/source/fetch.h"

namespace together {

// Look: constructed from configuration, client, request and sink; run() notes what it sees.
template <class Look>
class NotingSource : public RosterSource {
  public:
    explicit NotingSource(const Config& config) : config_(config), client_(config) {}

    FetchSummary fetch(const FetchRequest& request, FetchSink& sink) override {
        Look(config_, client_, request, sink).run();
        FetchSummary summary;
        summary.outcome = FetchOutcome::complete;
        return summary;
    }

  private:
    const Config& config_;
    HttpClient client_;
};

}  // namespace together
