// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/audit.h"

#include <cstdint>

#include "common/system/parse_number.h"
#include "role_server/api/rendering.h"
#include "role_server/api/resources.h"

namespace together::roled {

Outcome<Response> list_audit(RequestContext& context) {
    const auto& text = context.page.after;
    const auto after =
        text.empty() ? std::int64_t{0} : parse_number<std::int64_t>(text).value_or(-1);
    if (after < 0)
        return bad_request("invalid_cursor", "'after' is the 'seq' of a record.", "after");
    PageOf page(context.page);
    for_each_record(
        context.store, context.ids.organization, after, page.wanted(),
        [&](const StoredRecord& record) { page.add(to_json(record), std::to_string(record.seq)); });
    return page.answer();
}

}  // namespace together::roled
