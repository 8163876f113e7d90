// SPDX-License-Identifier: Apache-2.0
// Which action of the role tables a method and a path of an HTTP API are: a file with lines of
//
//     METHOD[,METHOD…] PATTERN ACTION
//
// of which the first that fits counts. In a pattern * is one segment and ** at its end any rest. A
// line for GET is one for HEAD, too. What no line fits is an Admin's: so is every path that
// another program could read in another way than we do. Immutable; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/roles/permissions.h"
#include "common/system/result.h"

namespace together::authorizer {

class RequestMap {
  public:
    // `name` is the file's, for the errors: "NAME:LINE: …".
    static Result<RequestMap> parse(std::string_view text, const std::string& name);
    // Whom the file must belong to as of a configuration.
    static Result<RequestMap> read(const std::string& path);

    // `target` as it was sent to the proxy: path and query.
    std::optional<Action> action_of(std::string_view method, std::string_view target) const;

  private:
    struct Line {
        std::vector<std::string> methods;
        std::vector<std::string> segments;
        Action action;
    };
    static Result<Line> line_of(std::string_view text);

    std::vector<Line> lines_;
};

// A path's segments, decoded, without query and without a slash at the end. Nothing where two
// programs can understand it differently: . and .., // and \, a ; , an encoded slash, control
// characters.
std::optional<std::vector<std::string>> segments_of(std::string_view target);

}  // namespace together::authorizer
