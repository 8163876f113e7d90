// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/request_context.h"

#include <utility>

namespace together::roled {

AuditRecord audit_record(const RequestContext& context) {
    AuditRecord record;
    record.request_id = context.request.id;
    record.organization_id = context.target.organization_id;
    record.actor = context.actor.user_id.empty() ? context.actor.key_id : context.actor.user_id;
    record.key_id = context.actor.key_id;
    record.action = context.operation;
    return record;
}

void record_change(RequestContext& context, const std::string& target, Json::Value before,
                   Json::Value after) {
    auto record = audit_record(context);
    record.target = target;
    record.before = std::move(before);
    record.after = std::move(after);
    write(context.store, record);
}

}  // namespace together::roled
