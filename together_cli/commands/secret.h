// SPDX-License-Identifier: Apache-2.0
// Where a secret goes that the authority shows once: stdout, or the file of --out.
#pragma once

#include <memory>
#include <string>

#include "common/system/atomic_file.h"
#include "together_cli/commands/session.h"

namespace together::cli {

class SecretPlace {
  public:
    // Before the secret is made: a file that cannot be written would lose it.
    static Outcome<SecretPlace> open(Session& session);

    // Says `made`, then the "token" of the answer.
    Outcome<int> keep(Session& session, const Json::Value& answer, const std::string& made);

  private:
    std::unique_ptr<AtomicFile> file_;  // null: stdout
};

}  // namespace together::cli
