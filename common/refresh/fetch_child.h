// One fetch in an unprivileged child: it speaks HTTP, parses, asks the name service, and can be
// killed whatever it hangs in.
#pragma once

#include "fetch.h"
#include "fetch_pipe.h"

namespace together {

struct FetchResult {
    std::vector<RosterEntry> entries;
    FetchSummary summary;
    std::vector<std::pair<std::string, uid_t>> uids;
};

// Runs the source and always comes back by the request's deadlines: a child that failed, hung or
// wrote nonsense is an outcome like any other.
FetchResult fetch_in_child(RosterSource& source, const FetchRequest& request,
                           const std::function<void(const std::string&)>& note);

}  // namespace together
