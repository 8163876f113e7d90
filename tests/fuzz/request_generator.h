// SPDX-License-Identifier: Apache-2.0
// Requests as clients, broken clients and attackers send them: of each route of the router's table,
// with what belongs there, and with all kinds of things wrong.
#pragma once

#include <json/value.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "role_server/api/router.h"
#include "tests/fuzz/authority_world.h"

namespace together::fuzz {

// What one client sends on one connection.
struct Stream {
    std::string bytes;
    // How many requests at most are read from it, whatever a body looks like.
    std::size_t max_requests = 0;
    // Bytes were changed at random: nobody knows what they mean now.
    bool changed = false;
};

// In a header or trailer that must never be taken for one of the request.
constexpr std::string_view unwanted = "x-unwanted";

class RequestGenerator {
  public:
    // Throws where a route takes a body that this does not know.
    RequestGenerator(const World& world, unsigned seed);

    Stream next();
    std::size_t below(std::size_t limit) { return random_() % limit; }

  private:
    struct Request {
        std::string method, target, version = "HTTP/1.1", headers, body;
        bool refused = false;  // by everybody who reads HTTP as its authors meant it
        bool needs_no_key = false;
    };

    bool one_in(std::size_t many) { return below(many) == 0; }
    // Of what a well-behaved client does not do.
    bool odd(std::size_t many) { return !careful_ && one_in(many); }
    template <class List>
    const auto& any(const List& list) {
        return list[below(std::size(list))];
    }

    Request request();
    std::string target_of(const roled::Route& route);
    std::string segment_for(std::string_view placeholder);
    std::string query_of(const roled::Route& route);
    std::string body_of(const roled::Route& route);
    void mutate(Json::Value& value);
    Json::Value any_value();
    void spoil_text(std::string& text);
    std::string bearer(const std::string& token);
    std::string authorization(const Request& request);
    void add_headers(Request& request);
    void add_framing(Request& request);
    void add_chunked(Request& request);
    void add_ambiguous_framing(Request& request);
    void change_bytes(std::string& bytes);

    const World& world_;
    std::mt19937 random_;
    bool careful_ = false;
};

}  // namespace together::fuzz
