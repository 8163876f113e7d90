// base_url = https://…: the roster in pages from the role authority.
#pragma once

#include "fetch.h"
#include "http_exchange.h"

namespace together {

class HttpSource : public RosterSource {
  public:
    explicit HttpSource(const Config& config) : config_(config), client_(config) {}
    FetchSummary fetch(const FetchRequest& request, FetchSink& sink) override;

  private:
    const Config& config_;
    HttpClient client_;
};

}  // namespace together
