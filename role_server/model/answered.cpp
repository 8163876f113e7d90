// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/answered.h"

namespace together::roled {

std::optional<AnsweredRequest> find_answered(Store& store, const std::string& key_id,
                                             const std::string& idempotency_key) {
    AnsweredRequest found;
    Number status = 0;
    std::optional<Number> revision;
    if (!store.run("SELECT request_hash, status, body, revision, location, etag FROM answered"
                   " WHERE idempotency_key = :idempotency AND key_id IN (SELECT :key1 UNION ALL"
                   " SELECT k.id FROM api_keys mine JOIN api_keys k ON k.user_id = mine.user_id"
                   " WHERE mine.id = :key2)",
                   soci::into(found.request_hash), soci::into(status), soci::into(found.body),
                   soci::into(revision), soci::into(found.location), soci::into(found.etag),
                   soci::use(idempotency_key), soci::use(key_id), soci::use(key_id)))
        return std::nullopt;
    found.status = static_cast<unsigned>(status);
    found.revision = revision;
    return found;
}

std::int64_t count_answered(Store& store, const std::string& key_id) {
    Number count = 0;
    store.run(
        "SELECT COUNT(*) FROM api_keys mine JOIN api_keys k ON k.user_id = mine.user_id"
        " OR k.project_id = mine.project_id JOIN answered a ON a.key_id = k.id"
        " WHERE mine.id = :id",
        soci::into(count), soci::use(key_id));
    return count;
}

void keep_answered(Store& store, const std::string& key_id, const std::string& idempotency_key,
                   const AnsweredRequest& answered, std::int64_t now) {
    const Number status = answered.status, time = now;
    const std::optional<Number> revision = answered.revision;
    store.run(
        "INSERT INTO answered (key_id, idempotency_key, request_hash, status, body,"
        " answered_at, revision, location, etag) VALUES (:key, :idempotency, :hash, :status,"
        " :body, :now, :revision, :location, :etag)",
        soci::use(key_id), soci::use(idempotency_key), soci::use(answered.request_hash),
        soci::use(status), soci::use(answered.body), soci::use(time), soci::use(revision),
        soci::use(answered.location), soci::use(answered.etag));
}

}  // namespace together::roled
