// SPDX-License-Identifier: Apache-2.0
// audit export, audit verify, audit prune
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "role_server/cli/operator_change.h"
#include "role_server/messages/json.h"
#include "role_server/model/audit.h"

namespace together::roled {
namespace {

constexpr std::size_t at_once = 1000;

// Straight to stdout, and in no transaction: a trail may be larger than the memory, and whoever
// reads it may take their time.
Result<Printed> write_records(Store& store, const std::string& organization_id,
                              std::int64_t after) {
    for (std::size_t read = at_once; read == at_once;) {
        read = 0;
        std::string lines;
        for_each_record(store, organization_id, after, at_once, [&](const StoredRecord& record) {
            lines += to_text(to_json(record)) + "\n";
            after = record.seq;
            ++read;
        });
        if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size())
            return failure("cannot write all records");
    }
    return Printed{};
}

Result<Printed> run_export(const Options& options) {
    const auto after = options.number("after", 0, INT64_MAX);
    if (!after) return tl::unexpected(after.error());
    return on_database(options, [&](Store& store) -> Result<Printed> {
        std::string organization_id;
        if (const auto named = options.get("organization")) {
            const auto found = the_organization(store, *named);
            if (!found) return failure(found.error().message);
            organization_id = found->id;
        }
        return write_records(store, organization_id, static_cast<std::int64_t>(*after));
    });
}

Result<Printed> run_verify(const Options& options) {
    return as_one_look(options, [&](Store& store) -> Result<Printed> {
        const auto records = verify_trail(store);
        if (!records) return failure("the trail: " + records.error().message);
        return Printed{
            printed(options, Fields{{"records", json_number(*records)},
                                    {"newest_record", json_number(newest_record(store))}})};
    });
}

// Its first second in UTC.
Result<std::int64_t> day(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
    const auto asked = parts;
    const auto time = ::timegm(&parts);
    if (text.size() != sizeof "2026-01-31" - 1 || end == nullptr || *end != '\0' ||
        parts.tm_mday != asked.tm_mday)
        return failure("--before: '" + text + "' is no date of the form 2026-01-31");
    if (time > now_seconds()) return failure("--before: " + text + " has not come yet");
    return time;
}

Result<Printed> run_prune(const Options& options) {
    const auto before = options.require("before");
    if (!before) return tl::unexpected(before.error());
    const auto time = day(*before);
    if (!time) return tl::unexpected(time.error());
    return as_one_change(options, "audit prune", [&](Change& change) -> Outcome<Fields> {
        // What does not hold now could never be told apart afterwards.
        const auto held = verify_trail(change.store());
        if (!held) return conflict("trail", "the trail: " + held.error().message);
        const auto pruned = prune_trail(change.store(), *time * 1000);
        Json::Value after;
        after["before"] = *before;
        after["pruned"] = json_number(pruned);
        change.record("trail", {}, after, {});
        return Fields{{"pruned", json_number(pruned)}};
    });
}

// clang-format off
constexpr std::array export_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"organization", "NAME", "name or id of the organization", false},
    {"after", "SEQ", "only records after this one", false},
});
constexpr std::array verify_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array prune_settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
    {"before", "DATE", "as 2026-01-31, in UTC", false},
});
constexpr std::array commands = std::to_array<Command>({
    {"audit export", export_settings, "", R"(
  together-roled audit export --db DB [--organization NAME] [--after SEQ]
      the trail, a JSON object a line
)", run_export},
    {"audit verify", verify_settings, "", R"(
  together-roled audit verify --db DB
      whether every record is there, and as it was written
)", run_verify},
    {"audit prune", prune_settings, "", R"(
  together-roled audit prune --db DB --before DATE
      forgets older records; that this was done is recorded
)", run_prune},
});
// clang-format on

}  // namespace

std::span<const Command> audit_commands() {
    return commands;
}

}  // namespace together::roled
