// SPDX-License-Identifier: Apache-2.0
// check: changes nothing, not even an old schema
#include <array>

#include "role_server/cli/operator_change.h"
#include "role_server/model/invariants.h"
#include "role_server/store/database_file.h"
#include "role_server/store/schema.h"

namespace together::roled {
namespace {

constexpr int found_something = 2;

std::vector<Broken> broken_schema(Store& store) {
    const auto version = schema_version(store);
    const auto ours = newest_schema_version();
    if (version < ours)
        return {{"schema", std::to_string(version),
                 "older than this program's; the next serve or change brings it up to date"}};
    std::vector<Broken> broken;
    for (const auto& difference : schema_differences(store))
        broken.push_back({"schema", std::to_string(version), difference});
    return broken;
}

// One after the other: on a damaged file, or with other tables, what follows could not be read.
std::vector<Broken> look_at(Store& store) {
    std::vector<Broken> broken;
    for (const auto& damage : damages_of(store)) broken.push_back({"database", "-", damage});
    if (broken.empty()) broken = broken_schema(store);
    if (broken.empty()) broken = broken_invariants(store, now_seconds());
    return broken;
}

Result<Printed> run_check(const Options& options) {
    const auto db = options.require("db");
    if (!db) return tl::unexpected(db.error());
    const auto store = Store::open(*db);
    if (!store) return tl::unexpected(store.error());
    std::vector<Broken> broken;
    try {
        const Transaction transaction(**store, Transaction::Mode::read);
        if (auto known = refuse_newer(**store); !known) return tl::unexpected(known.error());
        broken = look_at(**store);
    } catch (const soci::soci_error& error) {
        return failure(std::string("the database does not answer: ") + error.what());
    }
    Json::Value data(Json::arrayValue);
    for (const auto& one : broken) {
        Json::Value value;
        value["what"] = one.what;
        value["id"] = one.id;
        value["sentence"] = one.sentence;
        data.append(value);
    }
    if (broken.empty() && !options.has("json"))
        return Printed{"database, schema and invariants hold\n"};
    return Printed{printed(options, data, {"what", "id", "sentence"}),
                   broken.empty() ? 0 : found_something};
}

// clang-format off
constexpr std::array settings = std::to_array<OptionSpec>({
    db_setting, config_setting, json_setting,
});
constexpr std::array commands = std::to_array<Command>({
    {"check", settings, "", R"(
  together-roled check --db DB
      whether the database is intact, has this version's tables, and holds what always holds (one
      Owner an organization, an Admin a project …); exit status 2: something does not
)", run_check},
});
// clang-format on

}  // namespace

std::span<const Command> check_commands() {
    return commands;
}

}  // namespace together::roled
