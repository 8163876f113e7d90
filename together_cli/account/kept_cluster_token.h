// SPDX-License-Identifier: Apache-2.0
// The tokens that kubectl is given: kept below $XDG_CACHE_HOME/together, or ~/.cache/together, one
// for each login and project, so that not every call makes one. Times are in seconds since 1970, of
// this machine's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/system/file_descriptor.h"
#include "common/system/result.h"
#include "together_cli/account/credentials.h"

namespace together::cli {

struct ClusterToken {
    std::string id;
    std::string token;
    std::string audience;  // the id of its project
    std::int64_t made_at = 0;
    std::int64_t ends_at = 0;
    std::string before = {};        // the id of the one that it replaced; empty: that is ended
    std::int64_t looked_after = 0;  // when the authority was last asked about it

    // Not where it is of the future: then the clock was set back, and says nothing.
    bool holds(std::int64_t now) const { return made_at <= now && now < ends_at; }
    std::int64_t renewed_from() const { return ends_at - (ends_at - made_at) / 3; }
};

class KeptClusterToken {
  public:
    // `project`: as somebody names it. Nothing is asked, or made but the folder.
    static Result<KeptClusterToken> of(const Credentials& login, const std::string& project);

    // Nothing where there is none, or it is damaged. An error where somebody else can have read it,
    // or put it there.
    Result<std::optional<ClusterToken>> read() const;

    // Instead of what was kept; also removes what has been of no use to anybody for a day.
    Result<void> write(const ClusterToken& token) const;

    void remove() const;

    // The authority is asked about it now.
    void note_look() const;

    // For whoever makes a token or asks about one, as long as it lives; nothing where another
    // process has it and nobody waits. A file system without locks holds nobody up.
    std::optional<FileDescriptor> lock(bool wait) const;

  private:
    std::string folder_;
    std::string path_;
    std::string url_;
    std::string project_;
};

// Those of a login, or of all where it is not known. The ids of those that were kept.
Result<std::vector<std::string>> remove_kept_cluster_tokens(
    const std::optional<Credentials>& login);

}  // namespace together::cli
