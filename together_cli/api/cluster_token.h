// SPDX-License-Identifier: Apache-2.0
// A personal token for one project's cluster, as kubectl asks for one at each call: kept, and
// replaced by another when a third of its life is left, so that the authority may be away until
// then. Once a minute it is asked whether it still takes the one that is kept.
#pragma once

#include <optional>
#include <string>

#include "together_cli/account/kept_cluster_token.h"
#include "together_cli/api/trouble.h"

namespace together::cli {

// `project`: its name or id; empty: the login's. Why no other could be made is complained about
// where the one that is kept still holds, and is not worth a word where the authority is away.
Outcome<ClusterToken> cluster_token(const Credentials& login, const std::string& project);

// Here, and at the authority as far as it answers.
Result<void> end_cluster_tokens(const std::optional<Credentials>& login);

}  // namespace together::cli
