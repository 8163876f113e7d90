// SPDX-License-Identifier: Apache-2.0
// GET /v1/forward-auth: may this user do that? For a proxy that has authenticated the user, as
// nginx (auth_request) and Traefik (forwardAuth) ask it: 200 and who it is, or no and why.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "authorizer/request_gate.h"
#include "authorizer/request_map.h"
#include "http_server/message.h"

namespace together::authorizer {

class ForwardAuth {
  public:
    explicit ForwardAuth(RequestGate& gate) : gate_(gate) {}

    void use(std::optional<RequestMap> map) { map_ = std::move(map); }

    // To a request of that path.
    http::Response answer(const http::Request& request);

  private:
    RequestGate& gate_;
    std::optional<RequestMap> map_;
};

}  // namespace together::authorizer
