// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <string_view>

#include "role_server/messages/json.h"
#include "role_server/model/collaborators.h"
#include "role_server/model/invitations.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"
#include "role_server/model/organizations.h"
#include "role_server/model/projects.h"
#include "role_server/model/restore.h"
#include "role_server/model/ssh_keys.h"
#include "role_server/model/users.h"

namespace together::roled {
namespace {

constexpr std::size_t at_once = 1000;

// What the trail tells of one target since the backup.
struct Since {
    bool removed = false;  // if only for a while: what it had was gone then
    Json::Value now;       // the newest value of each field
};
// In the order of ids, which begin with what they are.
using Story = std::map<std::string, Since>;

void add(Story& story, const StoredRecord& record) {
    auto& since = story[record.target];
    const auto after = as_json(record.after.value_or(""));
    if (after.isNull()) since = {true, {}};
    if (!after.isObject()) return;
    for (const auto& name : after.getMemberNames()) since.now[name] = after[name];
    // It has let somebody in, and must not again.
    if (after.isMember("invitation_id")) story[after["invitation_id"].asString()].removed = true;
}

Story read_story(Store& old, std::int64_t after) {
    Story story;
    for (std::size_t read = at_once; read == at_once;) {
        read = 0;
        for_each_record(old, "", after, at_once, [&](const StoredRecord& record) {
            if (record.outcome == "allowed") add(story, record);
            after = record.seq;
            ++read;
        });
    }
    return story;
}

// A record of the first schema has no hash, but its request had an id.
std::optional<std::string> mark_of(Store& store, std::int64_t seq) {
    const Number wanted = seq;
    std::string mark;
    if (!store.run("SELECT request_id || hash FROM trail WHERE seq = :seq", soci::into(mark),
                   soci::use(wanted)))
        return std::nullopt;
    return mark;
}

Result<void> require_same_history(Store& store, Store& old, std::int64_t seq) {
    if (mark_of(store, seq) == mark_of(old, seq)) return {};
    return failure("--replay: record " + std::to_string(seq) +
                   ", the backup's newest, is not in that database's trail: the backup is of "
                   "another one, or the trail was pruned");
}

class Replay {
  public:
    Replay(Change& change, Story story) : change_(change), story_(std::move(story)) {}

    Replayed run() {
        // Who is no Owner any more can be removed.
        each("org_", &Replay::organization);
        each("user_", &Replay::user);
        each("org_", &Replay::member);
        each("proj_", &Replay::project);
        each("proj_", &Replay::collaborator);
        each("key_", &Replay::key);
        each("inv_", &Replay::invitation);
        return std::move(done_);
    }

  private:
    using Step = void (Replay::*)(const std::string& id, const std::string& user_id, const Since&);

    // `user_id` of a target of the form place/user, else empty.
    void each(std::string_view prefix, Step step) {
        for (const auto& [target, since] : story_) {
            if (!target.starts_with(prefix)) continue;
            const auto slash = target.find('/');
            const auto user = slash == std::string::npos ? "" : target.substr(slash + 1);
            (this->*step)(target.substr(0, slash), user, since);
        }
    }

    // In the trail as what it was, so that the next restore finds it there.
    void note(const std::string& target, const Json::Value& after,
              const std::vector<std::string>& organizations, const Outcome<void>& outcome = {}) {
        if (!outcome) return done_.left.push_back(target + ": " + outcome.error().message);
        Json::Value before;
        before["replayed"] = true;
        change_.record(target, before, after, organizations);
        ++done_.taken;
    }

    static Json::Value field(const char* name, Json::Value value) {
        Json::Value object;
        object[name] = std::move(value);
        return object;
    }

    void organization(const std::string& id, const std::string& user_id, const Since& since) {
        const auto one = find_organization(store(), id);
        const auto owner = since.now["owner_id"].asString();
        if (!one || !user_id.empty() || owner.empty() || owner == one->owner_id) return;
        note(id, field("owner_id", owner), {id}, move_ownership(change_, *one, owner));
    }

    void user(const std::string& id, const std::string& /*none*/, const Since& since) {
        const auto one = find_user(store(), id);
        if (!one || !since.removed) return;
        const auto organizations = organizations_of(store(), id);
        note(id, {}, organizations, delete_user(change_, *one));
    }

    void member(const std::string& id, const std::string& user_id, const Since& since) {
        const auto place = find_organization(store(), id);
        if (!place || user_id.empty()) return;
        const auto one = find_member(store(), *place, user_id);
        if (!one) return;
        const auto target = id + "/" + user_id;
        if (since.removed) return note(target, {}, {id}, remove_member(change_, *place, *one));
        if (one->role == Role::admin && since.now["role"] == "member")
            note(target, field("role", "member"), {id},
                 set_member_role(change_, *place, *one, Role::member));
        if (!one->suspended_at && since.now["suspended"] == true)
            note(target, field("suspended", true), {id},
                 set_suspended(change_, *place, *one, true));
        if (const auto end = earlier(since.now["until"], one->until))
            note(target, field("until", since.now["until"]), {id},
                 set_member_until(change_, *place, *one, end));
    }

    void project(const std::string& id, const std::string& user_id, const Since& since) {
        const auto one = find_project(store(), id);
        if (one && user_id.empty() && since.removed)
            note(id, {}, {one->organization_id}, delete_project(change_, *one));
    }

    void collaborator(const std::string& id, const std::string& user_id, const Since& since) {
        const auto place = find_project(store(), id);
        if (!place || user_id.empty() || !is_listed(store(), id, user_id)) return;
        const auto target = id + "/" + user_id;
        if (since.removed) {
            delete_collaborator(change_, id, user_id);
            revoke_keys_of_nobody(change_, user_id);
            return note(target, {}, {place->organization_id});
        }
        const auto one = find_collaborator(store(), id, user_id);
        if (!one) return;
        if (one->stored_role == Role::admin && since.now["role"] == "member") {
            set_collaborator_role(change_, id, *one, Role::member);
            note(target, field("role", "member"), {place->organization_id});
        }
        // Older records have only the one that counts, which may be the membership's.
        const auto* name = since.now.isMember("stored_until") ? "stored_until" : "until";
        const auto before = since.now.isMember("stored_until") ? one->stored_until : one->until;
        if (const auto end = earlier(since.now[name], before)) {
            note(target, field(name, since.now[name]), {place->organization_id},
                 set_collaborator_until(change_, id, *one, end));
        }
    }

    // Of the API, or of SSH: both are called key_.
    void key(const std::string& id, const std::string& /*none*/, const Since& since) {
        if (!since.removed) return;
        std::string user_id;
        if (find_key(store(), id, change_.now())) {
            revoke_key(change_, id);
            note(id, {}, {});
        } else if (store().run("SELECT user_id FROM ssh_keys WHERE id = :id", soci::into(user_id),
                               soci::use(id))) {
            remove_ssh_key(change_, user_id, id);
            note(id, {}, {});
        }
    }

    void invitation(const std::string& id, const std::string& /*none*/, const Since& since) {
        std::string found;
        if (!since.removed ||
            !store().run("SELECT id FROM invitations WHERE id = :id AND used_at IS NULL"
                         " AND revoked_at IS NULL",
                         soci::into(found), soci::use(id)))
            return;
        revoke_invitation(change_, id);
        note(id, {}, {});
    }

    static std::optional<std::int64_t> earlier(const Json::Value& end,
                                               std::optional<std::int64_t> until) {
        if (!end.isIntegral() || (until && *until <= end.asInt64())) return std::nullopt;
        return end.asInt64();
    }

    Store& store() { return change_.store(); }

    Change& change_;
    const Story story_;
    Replayed done_;
};

// People of `old`, without a role anywhere: so that their logins stay theirs.
void keep_people(Store& store, Store& old) {
    std::string id, email, email_key;
    std::optional<std::string> name, login;
    Number created = 0;
    std::optional<Number> deleted, changed;
    old.each(
        "SELECT id, email, email_key, name, login, created_at, deleted_at, login_changed_at"
        " FROM users",
        [&] {
            std::string found;
            const bool known = store.run("SELECT id FROM users WHERE id = :id OR email_key = :key",
                                         soci::into(found), soci::use(id), soci::use(email_key));
            // Where their address is somebody else's, that one could not be deleted again.
            if (known && found != id) return;
            if (!known)
                store.run(
                    "INSERT INTO users (id, email, email_key, name, created_at, deleted_at)"
                    " VALUES (:id, :email, :key, :name, :created, :deleted)",
                    soci::use(id), soci::use(email), soci::use(email_key), soci::use(name),
                    soci::use(created), soci::use(deleted));
            store.run("UPDATE users SET login = :login, login_changed_at = :changed WHERE id = :id",
                      soci::use(login), soci::use(changed), soci::use(id));
        },
        soci::into(id), soci::into(email), soci::into(email_key), soci::into(name),
        soci::into(login), soci::into(created), soci::into(deleted), soci::into(changed));
    old.each(
        "SELECT login_key, user_id FROM logins",
        [&] {
            std::string found;
            if (!store.run("SELECT user_id FROM logins WHERE login_key = :key", soci::into(found),
                           soci::use(login)) &&
                store.run("SELECT id FROM users WHERE id = :id", soci::into(found), soci::use(id)))
                store.run("INSERT INTO logins (login_key, user_id) VALUES (:key, :user)",
                          soci::use(login), soci::use(id));
        },
        soci::into(login), soci::into(id));
}

void keep_posix_ids(Store& store, Store& old) {
    std::string organization_id, kind, holder_id;
    Number number = 0;
    old.each(
        "SELECT organization_id, number, kind, holder_id FROM posix_ids",
        [&] {
            std::string found;
            if (!store.run("SELECT id FROM organizations WHERE id = :id", soci::into(found),
                           soci::use(organization_id)) ||
                store.run("SELECT holder_id FROM posix_ids WHERE organization_id = :organization"
                          " AND number = :number",
                          soci::into(found), soci::use(organization_id), soci::use(number)))
                return;
            store.run(
                "INSERT INTO posix_ids (organization_id, number, kind, holder_id)"
                " VALUES (:organization, :number, :kind, :holder)",
                soci::use(organization_id), soci::use(number), soci::use(kind),
                soci::use(holder_id));
        },
        soci::into(organization_id), soci::into(number), soci::into(kind), soci::into(holder_id));
}

// A clock may have been put back since.
void raise_revisions(Store& store, Store& old) {
    std::string id;
    Number revision = 0;
    old.each(
        "SELECT id, revision FROM projects",
        [&] {
            const Number next = revision + 1;
            store.run("UPDATE projects SET revision = :next WHERE id = :id AND revision <= :old",
                      soci::use(next), soci::use(id), soci::use(revision));
        },
        soci::into(id), soci::into(revision));
}

}  // namespace

Result<Replayed> replay(Change& change, Store& old) {
    auto& store = change.store();
    const auto end = end_of_backup(store);
    if (auto same = require_same_history(store, old, end.seq); !same)
        return tl::unexpected(same.error());
    raise_revisions(store, old);
    auto done = Replay(change, read_story(old, end.seq)).run();
    keep_people(store, old);
    keep_posix_ids(store, old);
    if (const auto held = verify_trail(old); !held)
        done.left.push_back("its trail: " + held.error().message);
    return done;
}

}  // namespace together::roled
