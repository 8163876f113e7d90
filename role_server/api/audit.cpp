// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/audit.h"

#include <charconv>

#include "common/system/result.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"

namespace together::roled {

Outcome<Response> list_audit(RequestContext& context) {
    std::int64_t after = 0;
    const auto& text = context.page.after;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, after);
    if (!text.empty() && (error != std::errc() || at != end || after < 0))
        return bad_request("invalid_cursor", "'after' is the 'seq' of a record.", "after");
    PageOf page(context.page);
    for_each_record(
        context.store, context.ids.organization, after, page.wanted(),
        [&](const StoredRecord& record) { page.add(to_json(record), std::to_string(record.seq)); });
    return page.answer();
}

}  // namespace together::roled
