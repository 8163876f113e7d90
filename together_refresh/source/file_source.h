// SPDX-License-Identifier: Apache-2.0
// base_url = file://…: the roster is one page in a file, which the parent opened.
#pragma once

#include "common/node_config/node_config.h"
#include "together_refresh/source/fetch.h"

namespace together {

class FileSource : public RosterSource {
  public:
    // `descriptor` stays the caller's.
    FileSource(const NodeConfig& config, int descriptor)
        : config_(config), descriptor_(descriptor) {}
    FetchSummary fetch(const FetchRequest& request, FetchSink& sink) override;

  private:
    const NodeConfig& config_;
    int descriptor_;
};

}  // namespace together
