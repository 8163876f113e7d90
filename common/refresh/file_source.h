// base_url = file://…: the roster is one page in a file, which the parent opened.
#pragma once

#include "fetch.h"

namespace together {

class FileSource : public RosterSource {
  public:
    FetchSummary fetch(const FetchRequest& request, FetchSink& sink) override;
};

}  // namespace together
