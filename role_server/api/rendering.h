// SPDX-License-Identifier: Apache-2.0
// Answers that are a page of a list, or nothing.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>

#include "role_server/base/uri.h"
#include "role_server/messages/json.h"
#include "role_server/messages/message.h"

namespace together::roled {

// What stands in a page, and the cursor of the next one. Ask the model for one more than
// `page.limit`: add() takes that as the sign that there is more.
class PageOf {
  public:
    explicit PageOf(const Page& page) : limit_(page.limit) {}
    std::size_t wanted() const { return limit_ + 1; }

    // `cursor`: what the next page goes on after, if this is the last one here.
    void add(Json::Value one, std::string cursor) {
        if (data_.size() == limit_) {
            next_ = last_;
            return;
        }
        data_.append(std::move(one));
        last_ = std::move(cursor);
    }
    Response answer() { return json_response(200, list_of(std::move(data_), next_)); }

  private:
    const std::size_t limit_;
    Json::Value data_{Json::arrayValue};
    std::string last_;
    std::optional<std::string> next_;
};

inline Response no_content() {
    Response response;
    response.status = 204;
    return response;
}

}  // namespace together::roled
