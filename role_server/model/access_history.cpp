// SPDX-License-Identifier: Apache-2.0
#include "role_server/model/access_history.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "role_server/store/schema.h"

namespace together::roled {
namespace {

constexpr const char* known_since = "access_known_since";
constexpr const char* by_itself = "system";

struct State {
    std::string role, source;
    std::optional<std::string> granted_by;
    std::optional<Number> until;
};

std::optional<State> state_of(Store& store, const std::string& project_id,
                              const std::string& user_id) {
    State state;
    if (!store.run("SELECT role, source, granted_by, until FROM effective_roles"
                   " WHERE project_id = :project AND user_id = :user",
                   soci::into(state.role), soci::into(state.source), soci::into(state.granted_by),
                   soci::into(state.until), soci::use(project_id), soci::use(user_id)))
        return std::nullopt;
    return state;
}

struct Open {
    std::string role, source;
    Number began_at = 0;
    std::optional<Number> until;
};

std::optional<Open> open_period(Store& store, const std::string& project_id,
                                const std::string& user_id) {
    Open open;
    if (!store.run("SELECT role, source, began_at, until FROM access_periods"
                   " WHERE project_id = :project AND user_id = :user AND ended_at IS NULL",
                   soci::into(open.role), soci::into(open.source), soci::into(open.began_at),
                   soci::into(open.until), soci::use(project_id), soci::use(user_id)))
        return std::nullopt;
    return open;
}

void forget(Store& store, const std::string& project_id, const std::string& user_id,
            Number began_at) {
    store.run(
        "DELETE FROM access_periods WHERE project_id = :project AND user_id = :user"
        " AND began_at = :began",
        soci::use(project_id), soci::use(user_id), soci::use(began_at));
}

void end(Store& store, const std::string& project_id, const std::string& user_id, const Open& open,
         Number now, const std::string& by) {
    const bool was_over = open.until && *open.until <= now;
    Number at = std::max(was_over ? *open.until : now, open.began_at);
    // The clock was put back: how long it lasted nobody knows, that it did is kept.
    if (now < open.began_at) at = open.began_at + 1;
    const std::string who = was_over ? by_itself : by;
    // What lasted no second tells nobody anything, and its place may be wanted.
    if (at == open.began_at) return forget(store, project_id, user_id, at);
    store.run(
        "UPDATE access_periods SET ended_at = :at, ended_by = :who WHERE project_id = :project"
        " AND user_id = :user AND ended_at IS NULL",
        soci::use(at), soci::use(who), soci::use(project_id), soci::use(user_id));
}

// What follows comes behind it, also where the clock was put back.
Number last_end(Store& store, const std::string& project_id, const std::string& user_id) {
    std::optional<Number> end;
    store.run(
        "SELECT MAX(ended_at) FROM access_periods WHERE project_id = :project AND user_id = :user",
        soci::into(end), soci::use(project_id), soci::use(user_id));
    return end.value_or(0);
}

void begin(Store& store, const std::string& project_id, const std::string& user_id,
           const State& state, Number now) {
    const Number at = std::max(now, last_end(store, project_id, user_id));
    store.run(
        "INSERT INTO access_periods (project_id, user_id, began_at, role, source, granted_by,"
        " until) VALUES (:project, :user, :at, :role, :source, :granter, :until)",
        soci::use(project_id), soci::use(user_id), soci::use(at), soci::use(state.role),
        soci::use(state.source), soci::use(state.granted_by), soci::use(state.until));
}

void set_until(Store& store, const std::string& project_id, const std::string& user_id,
               const std::optional<Number>& until) {
    store.run(
        "UPDATE access_periods SET until = :until WHERE project_id = :project"
        " AND user_id = :user AND ended_at IS NULL",
        soci::use(until), soci::use(project_id), soci::use(user_id));
}

}  // namespace

void note_access(Store& store, const std::string& project_id, const std::string& user_id,
                 std::int64_t now, const std::string& by) {
    auto state = state_of(store, project_id, user_id);
    const auto open = open_period(store, project_id, user_id);
    if (state && open && state->role == open->role && state->source == open->source) {
        if (state->until != open->until) set_until(store, project_id, user_id, state->until);
        return;
    }
    if (open) end(store, project_id, user_id, *open, now, by);
    if (!state) return;
    // Another role of somebody who was there is who changes it's to answer for.
    if (open || !state->granted_by) state->granted_by = by;
    begin(store, project_id, user_id, *state, now);
}

void for_each_access_period(Store& store, const std::string& project_id, std::int64_t since,
                            std::int64_t now, const AccessPlace& after, std::size_t limit,
                            const std::function<void(const AccessPeriod&)>& visit) {
    const Number from = since, most = static_cast<Number>(limit), began_after = after.began_at;
    AccessPeriod row;
    std::string role, source;
    Number began_at = 0;
    std::optional<Number> ended_at, until;
    store.each(
        "SELECT a.user_id, u.login, a.role, a.source, a.began_at, a.granted_by, a.ended_at,"
        " a.ended_by, a.until FROM access_periods a LEFT JOIN users u ON u.id = a.user_id"
        " WHERE a.project_id = :project AND (a.user_id, a.began_at) > (:user, :began)"
        " AND (a.ended_at IS NULL OR a.ended_at > :from1)"
        " AND (a.until IS NULL OR a.until > :from2) ORDER BY a.user_id, a.began_at LIMIT :most",
        [&] {
            row.role = role_named(role).value_or(Role::member);
            row.source = source_named(source);
            row.began_at = began_at;
            row.ended_at = ended_at;
            if (!ended_at && until && *until <= now) {
                row.ended_at = until;
                row.ended_by = by_itself;
            }
            visit(row);
        },
        soci::into(row.user_id), soci::into(row.login), soci::into(role), soci::into(source),
        soci::into(began_at), soci::into(row.granted_by), soci::into(ended_at),
        soci::into(row.ended_by), soci::into(until), soci::use(project_id),
        soci::use(after.user_id), soci::use(began_after), soci::use(from), soci::use(from),
        soci::use(most));
}

std::int64_t access_known_since(Store& store) {
    return meta_number(store, known_since);
}

void forget_access_before(Store& store, std::int64_t time) {
    const Number before = time;
    store.run("DELETE FROM access_periods WHERE ended_at < :time", soci::use(before));
    if (time <= access_known_since(store)) return;
    const std::string name = known_since, text = std::to_string(time);
    store.run("UPDATE meta SET value = :time WHERE name = :name", soci::use(text), soci::use(name));
}

}  // namespace together::roled
