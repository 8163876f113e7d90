// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/audit.h"

#include "role_server/base/crypto.h"
#include "role_server/messages/json.h"
#include "role_server/model/access_history.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

// The columns are narrower on PostgreSQL than what a request may hold.
constexpr std::size_t max_target = 254;
constexpr std::size_t max_reason = 512;

const std::string select_records =
    "SELECT seq, time_ms, request_id, organization_id, origin, address, actor, key_id, action,"
    " target, outcome, reason, value_before, value_after, count, hash FROM trail";

std::optional<std::string> some(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> some(const Json::Value& value) {
    return value.isNull() ? std::nullopt : std::optional(to_text(value));
}

// Not in the middle of a character: PostgreSQL refuses half of one.
std::string cut(const std::string& text, std::size_t most) {
    if (text.size() <= most) return text;
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

// A length before each field: no two records have the same text.
std::string hash_of(const StoredRecord& record, const std::string& hash_before) {
    std::string text = hash_before;
    const auto add = [&text](const std::optional<std::string>& field) {
        text += field ? std::to_string(field->size()) + ':' + *field : "-";
        text += ',';
    };
    for (const auto number : {record.seq, record.time_ms, record.count})
        add(std::to_string(number));
    for (const auto* field : {&record.request_id, &record.origin, &record.actor, &record.action,
                              &record.target, &record.outcome})
        add(*field);
    for (const auto* field : {&record.organization_id, &record.address, &record.key_id,
                              &record.reason, &record.before, &record.after})
        add(*field);
    return sha256_hex(text);
}

void insert(Store& store, const StoredRecord& row) {
    const Number seq = row.seq, time = row.time_ms, count = row.count;
    store.run(
        "INSERT INTO trail (seq, time_ms, request_id, organization_id, origin, address, actor,"
        " key_id, action, target, outcome, reason, value_before, value_after, count, hash)"
        " VALUES (:seq, :time, :request, :organization, :origin, :address, :actor, :key, :action,"
        " :target, :outcome, :reason, :before, :after, :count, :hash)",
        soci::use(seq), soci::use(time), soci::use(row.request_id), soci::use(row.organization_id),
        soci::use(row.origin), soci::use(row.address), soci::use(row.actor), soci::use(row.key_id),
        soci::use(row.action), soci::use(row.target), soci::use(row.outcome), soci::use(row.reason),
        soci::use(row.before), soci::use(row.after), soci::use(count), soci::use(row.hash));
}

template <class Visit, class... Use>
void read(Store& store, const std::string& where, const Visit& visit, const Use&... use) {
    StoredRecord row;
    Number seq = 0, time = 0, count = 0;
    store.each(
        select_records + where,
        [&] {
            row.seq = seq;
            row.time_ms = time;
            row.count = count;
            visit(row);
        },
        soci::into(seq), soci::into(time), soci::into(row.request_id),
        soci::into(row.organization_id), soci::into(row.origin), soci::into(row.address),
        soci::into(row.actor), soci::into(row.key_id), soci::into(row.action),
        soci::into(row.target), soci::into(row.outcome), soci::into(row.reason),
        soci::into(row.before), soci::into(row.after), soci::into(count), soci::into(row.hash),
        use...);
}

struct TrailEnd {
    Number seq = 0;
    std::string hash;
};

TrailEnd end_of_trail(Store& store) {
    TrailEnd end;
    store.run("SELECT seq, hash FROM trail_end", soci::into(end.seq), soci::into(end.hash));
    return end;
}

}  // namespace

std::string_view word_for(Origin origin) {
    switch (origin) {
        case Origin::api:
            return "api";
        case Origin::cli:
            return "cli";
        case Origin::system:
            return "system";
    }
    return "";
}

void append(Store& store, const AuditRecord& record) {
    const auto end = end_of_trail(store);
    StoredRecord row;
    row.seq = end.seq + 1;
    row.time_ms = now_milliseconds();
    row.count = record.count;
    row.request_id = record.author.request_id;
    row.origin = word_for(record.author.origin);
    row.actor = record.author.actor;
    row.action = record.action;
    row.target = cut(record.target, max_target);
    row.outcome = record.outcome;
    row.organization_id = some(record.organization_id);
    row.address = some(record.author.address);
    row.key_id = some(record.author.key_id);
    row.reason = some(cut(record.reason, max_reason));
    row.before = some(record.before);
    row.after = some(record.after);
    row.hash = hash_of(row, end.hash);
    insert(store, row);
    const Number seq = row.seq;
    store.run("UPDATE trail_end SET seq = :seq, hash = :hash", soci::use(seq), soci::use(row.hash));
}

void for_each_record(Store& store, const std::string& organization_id, std::int64_t after,
                     std::size_t limit, const std::function<void(const StoredRecord&)>& visit) {
    const Number from = after, most = static_cast<Number>(limit);
    if (organization_id.empty())
        return read(store, " WHERE seq > :after ORDER BY seq LIMIT :most", visit, soci::use(from),
                    soci::use(most));
    read(store, " WHERE organization_id = :organization AND seq > :after ORDER BY seq LIMIT :most",
         visit, soci::use(organization_id), soci::use(from), soci::use(most));
}

Json::Value to_json(const StoredRecord& record) {
    Json::Value value;
    value["object"] = "audit.record";
    value["seq"] = json_number(record.seq);
    value["time_ms"] = json_number(record.time_ms);
    value["request_id"] = record.request_id;
    value["organization_id"] = json_or_null(record.organization_id);
    value["origin"] = record.origin;
    value["address"] = json_or_null(record.address);
    value["actor"] = record.actor;
    value["key_id"] = json_or_null(record.key_id);
    value["action"] = record.action;
    value["target"] = record.target;
    value["outcome"] = record.outcome;
    value["reason"] = json_or_null(record.reason);
    value["before"] = json_or_null(record.before);
    value["after"] = json_or_null(record.after);
    value["count"] = json_number(record.count);
    value["hash"] = record.hash;
    return value;
}

std::int64_t newest_record(Store& store) {
    return end_of_trail(store).seq;
}

Result<std::int64_t> verify_trail(Store& store) {
    const auto pruned = meta_number(store, "trail_pruned");
    const auto unchained = meta_number(store, "trail_unchained");
    std::int64_t expected = pruned + 1, records = 0;
    std::string hash_before;
    std::string wrong;
    if (pruned > unchained)
        store.run("SELECT value FROM meta WHERE name = 'trail_pruned_hash'",
                  soci::into(hash_before));
    read(store, " ORDER BY seq", [&](const StoredRecord& row) {
        if (wrong.empty() && row.seq != expected)
            wrong = "record " + std::to_string(expected) + " is missing";
        const bool chained = row.seq > unchained;
        if (wrong.empty() && chained && row.hash != hash_of(row, hash_before))
            wrong = "record " + std::to_string(row.seq) + " is not as it was written";
        hash_before = row.hash;
        ++expected;
        ++records;
    });
    const auto end = end_of_trail(store);
    if (wrong.empty() && (end.seq != expected - 1 || (records > 0 && end.hash != hash_before)))
        wrong = "the newest records, up to " + std::to_string(end.seq) + ", are missing";
    if (!wrong.empty()) return failure(wrong);
    return records;
}

std::int64_t prune_trail(Store& store, std::int64_t before_ms) {
    const Number time = before_ms;
    Number last = 0;
    std::string hash;
    // The first that stays ends it, whatever a clock that stepped says of those behind it.
    store.run("SELECT COALESCE(MIN(seq), 0) FROM trail WHERE time_ms >= :time", soci::into(last),
              soci::use(time));
    last = last == 0 ? end_of_trail(store).seq : last - 1;
    if (!store.run("SELECT hash FROM trail WHERE seq = :last", soci::into(hash), soci::use(last)))
        return 0;
    const auto before = meta_number(store, "trail_pruned");
    store.run("DELETE FROM trail WHERE seq <= :last", soci::use(last));
    store.run("DELETE FROM meta WHERE name IN ('trail_pruned', 'trail_pruned_hash')");
    const auto text = std::to_string(last);
    store.run("INSERT INTO meta (name, value) VALUES ('trail_pruned', :last)", soci::use(text));
    store.run("INSERT INTO meta (name, value) VALUES ('trail_pruned_hash', :hash)",
              soci::use(hash));
    forget_access_before(store, before_ms / 1000);
    return last - before;
}

}  // namespace together::roled
