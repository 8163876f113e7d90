// SPDX-License-Identifier: Apache-2.0
// base_url = https://…: the roster in pages from the role authority.
#pragma once

#include "common/node_config/node_config.h"
#include "http_client/http_client.h"
#include "together_refresh/http/http_outcome.h"
#include "together_refresh/source/fetch.h"
#include "together_refresh/source/roster_document.h"

namespace together {

// The one request that a node makes. `cursor` empty: the first page.
std::string roster_url(const std::string& base_url, const std::string& project, Include include,
                       std::size_t limit, const std::string& cursor);

inline constexpr std::size_t max_limit = 1'000;  // entries a page, as nodes ask for them
inline constexpr std::size_t max_etag = 250;     // a longer one is not kept

class HttpSource : public RosterSource {
  public:
    explicit HttpSource(const NodeConfig& config)
        : config_(config), client_(http_settings_of(config)) {}
    FetchSummary fetch(const FetchRequest& request, FetchSink& sink) override;

  private:
    const NodeConfig& config_;
    HttpClient client_;
};

}  // namespace together
