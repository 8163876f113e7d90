// SPDX-License-Identifier: Apache-2.0
// backup, restore
#include <unistd.h>

#include <array>

#include "role_server/cli/operator_change.h"
#include "role_server/messages/json.h"
#include "role_server/model/restore.h"
#include "role_server/store/connection_string.h"
#include "role_server/store/database_file.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

constexpr int look_at_it = 3;

Result<Printed> run_backup(const Options& options) {
    const auto db = options.require("db");
    if (!db) return tl::unexpected(db.error());
    const auto file = options.operand();
    if (!file) return tl::unexpected(file.error());
    if (is_postgresql(*db))
        return failure(
            "this database is PostgreSQL's: make a backup with pg_dump -Fc, put it back with "
            "pg_restore, then run together-roled restore without a FILE");
    const auto store = Store::open(*db);
    if (!store) return tl::unexpected(store.error());
    // Not in the change: others could make none all the while.
    if (auto copied = copy_to(**store, *file); !copied) return tl::unexpected(copied.error());
    auto recorded = as_one_change(options, "backup", [&](Change& change) -> Outcome<Fields> {
        Json::Value after;
        after["file"] = *file;
        change.record("database", {}, after, {});
        return Fields{{"file", *file}};
    });
    if (!recorded) (void)::unlink(file->c_str());
    return recorded;
}

struct Wanted {
    std::optional<std::string> replay;
    bool revoke_personal_tokens = false;
};

// Prepared, and open for the change that makes it fit to be used.
struct Restored {
    Done done;
    Json::Value look_at = Json::Value(Json::arrayValue);
};

Json::Value to_json(const Opening& opening) {
    Json::Value value;
    value["what"] = opening.what;
    value["id"] = opening.id;
    value["where"] = opening.where;
    value["who"] = opening.who;
    return value;
}

Outcome<Fields> replay_into(Change& change, const std::string& old_db, Json::Value& look_at) {
    const auto old = Store::open(old_db);
    if (!old) return conflict("replay", old.error().message);
    if (schema_version(**old) != newest_schema_version())
        return conflict("replay", "--replay: that database has schema version " +
                                      std::to_string(schema_version(**old)) + ", not " +
                                      std::to_string(newest_schema_version()));
    const auto replayed = replay(change, **old);
    if (!replayed) return conflict("replay", replayed.error().message);
    for (const auto& sentence : replayed->left) {
        Json::Value value;
        value["what"] = "not replayed";
        value["id"] = sentence;
        look_at.append(value);
    }
    return Fields{{"replayed", json_number(replayed->taken)}};
}

Result<Restored> bring_to_life(Store& store, const Wanted& wanted) {
    if (schema_version(store) == 0) return failure("that is no database of together-roled's");
    Restored restored;
    auto done = change_once(store, "restore", [&](Change& change) -> Outcome<Fields> {
        const auto end = end_of_backup(store);
        Json::Value before, after;
        before["epoch"] = epoch_of(store);
        before["newest_record"] = json_number(end.seq);
        begin_new_epoch(change);
        Fields fields{{"epoch", epoch_of(store)},
                      {"newest_record", json_number(end.seq)},
                      {"newest_record_at", json_number(end.time_ms / 1000)}};
        if (wanted.replay) {
            const auto replayed = replay_into(change, *wanted.replay, restored.look_at);
            if (!replayed) return tl::unexpected(replayed.error());
            fields.insert(fields.end(), replayed->begin(), replayed->end());
        }
        if (wanted.revoke_personal_tokens) revoke_all_personal_tokens(change);
        if (!wanted.replay)
            for (const auto& opening : all_openings(store, change.now()))
                restored.look_at.append(to_json(opening));
        for (const auto& [name, value] : fields) after[name] = value;
        after["revoked_personal_tokens"] = wanted.revoke_personal_tokens;
        std::vector<std::string> organizations;
        for (const auto& one : all_organizations(store)) organizations.push_back(one.id);
        change.record("database", before, after, organizations);
        return fields;
    });
    if (!done) return tl::unexpected(done.error());
    restored.done = std::move(*done);
    return restored;
}

Printed told(const Options& options, Restored restored, bool replayed) {
    auto& fields = restored.done.fields;
    const int status = replayed && restored.look_at.empty() ? 0 : look_at_it;
    if (options.has("json")) {
        fields.emplace_back("look_at", restored.look_at);
        return {printed(options, fields), status};
    }
    auto text = printed(options, fields);
    if (status == 0) return {text};
    text += replayed
                ? "\nLook at these, which could not be done again:\n"
                : "\nWhatever was taken since newest_record_at is back: removals, suspensions, "
                  "demotions, ends,\nrevoked keys, used invitations; and uids and logins given "
                  "since may be given again. Look at\nall that opens something, or restore "
                  "with --replay OLD_DB:\n";
    return {text + printed(options, restored.look_at, {"what", "id", "where", "who"}), status};
}

// Of a database that stands where it belongs: pg_restore has put it there, or a snapshot.
Result<Printed> restore_in_place(const Options& options, const std::string& db,
                                 const Wanted& wanted) {
    const auto store = Store::open(db);
    if (!store) return tl::unexpected(store.error());
    const auto restored = bring_to_life(**store, wanted);
    if (!restored) return tl::unexpected(restored.error());
    return told(options, *restored, wanted.replay.has_value());
}

Result<Printed> run_restore(const Options& options) {
    const auto db = options.require("db");
    if (!db) return tl::unexpected(db.error());
    const Wanted wanted{options.get("replay"), options.has("revoke-personal-tokens")};
    const auto file = options.operand();
    if (!file) return restore_in_place(options, *db, wanted);
    if (is_postgresql(*db))
        return failure(
            "this database is PostgreSQL's: put the backup back with pg_restore, then run "
            "together-roled restore without a FILE");
    const auto restoration = Restoration::begin(*file, *db);
    if (!restoration) return tl::unexpected(restoration.error());
    const auto restored = bring_to_life((*restoration)->store(), wanted);
    if (!restored) return tl::unexpected(restored.error());
    if (auto finished = (*restoration)->finish(); !finished)
        return tl::unexpected(finished.error());
    return told(options, *restored, wanted.replay.has_value());
}

// clang-format off
constexpr std::array backup_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array restore_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"replay", "OLD_DB", "what was taken since the backup is taken again, by this trail", true},
    {"revoke-personal-tokens", "", "everybody needs a new one", false},
});
constexpr std::array commands = std::to_array<Command>({
    {"backup", backup_settings, "FILE", R"(
  together-roled backup --db DB FILE
      copies the database, also while the server runs; PostgreSQL: use pg_dump
)", run_backup},
    {"restore", restore_settings, "FILE", R"(
  together-roled restore --db DB [FILE] [--replay OLD_DB] [--revoke-personal-tokens]
      makes DB, which must not exist, from a backup; without FILE, makes a database that was put
      back otherwise (pg_restore) fit to be used; the server must not run. What was taken from
      people since the backup is taken again by the trail of OLD_DB; exit status 3: look at what is
      listed, all of it without --replay
)", run_restore},
});
// clang-format on

}  // namespace

std::span<const Command> backup_commands() {
    return commands;
}

}  // namespace together::roled
