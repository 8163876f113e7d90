// SPDX-License-Identifier: Apache-2.0
#include "role_server/api/call.h"

#include <utility>

namespace together::roled {

AuditRecord audit_record(const Call& call) {
    AuditRecord record;
    record.request_id = call.request.id;
    record.organization_id = call.target.organization_id;
    record.actor = call.actor.user_id.empty() ? call.actor.key_id : call.actor.user_id;
    record.key_id = call.actor.key_id;
    record.action = call.operation;
    return record;
}

void record_change(Call& call, const std::string& target, Json::Value before, Json::Value after) {
    auto record = audit_record(call);
    record.target = target;
    record.before = std::move(before);
    record.after = std::move(after);
    write(call.store, record);
}

}  // namespace together::roled
