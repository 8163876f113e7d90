// SPDX-License-Identifier: Apache-2.0
// What a client may expect of each answer of together-roled.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace together::fuzz {

struct WireAnswer {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string head, body;
    bool to_head = false;  // of a HEAD: without the body that it tells the length of
};

// All that a connection answered, but 100 Continue. Throws where it is not well-formed. Where HEAD
// was asked, an answer may lack its body.
std::vector<WireAnswer> answers_in(std::string_view bytes, bool head_was_asked);

// What is wrong with it; empty: nothing.
std::string fault_of(const WireAnswer& answer);

}  // namespace together::fuzz
