// SPDX-License-Identifier: Apache-2.0
#include "tests/model/player.h"

#include <algorithm>

#include "role_server/access/role_lookup.h"
#include "role_server/model/expiry.h"
#include "role_server/model/invitations.h"
#include "role_server/model/keys.h"
#include "role_server/model/members.h"
#include "role_server/model/posix_ids.h"
#include "role_server/model/projects.h"
#include "role_server/model/ssh_keys.h"

namespace together::model {
namespace {

using naive::Code;
using naive::End;
using naive::Id;

constexpr std::size_t max_users = 7;
constexpr std::size_t max_projects = 6;

roled::Author author_named(const Id& actor) {
    roled::Author author;
    author.request_id = "step";
    author.actor = actor;
    return author;
}

template <class Value>
Code code_of(const roled::Outcome<Value>& outcome) {
    return outcome ? Code() : outcome.error().code;
}

Role role(bool admin) {
    return admin ? Role::admin : Role::member;
}

// Of ed25519, with nothing but its number in it.
std::string ssh_key(unsigned number) {
    return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + std::string(41, 'A') +
           std::string(1, static_cast<char>('A' + number % 26)) + "A";
}

}  // namespace

std::string_view name_of(Kind kind) {
    constexpr std::array<std::string_view, 29> names{"create_user",
                                                     "add_member",
                                                     "set_role",
                                                     "suspend",
                                                     "end_suspension",
                                                     "set_until",
                                                     "remove_member",
                                                     "delete_user",
                                                     "create_project",
                                                     "change_project",
                                                     "delete_project",
                                                     "add_collaborator",
                                                     "set_collaborator_role",
                                                     "set_collaborator_until",
                                                     "remove_collaborator",
                                                     "invite",
                                                     "revoke_invitation",
                                                     "accept",
                                                     "add_ssh_key",
                                                     "remove_ssh_key",
                                                     "set_uid",
                                                     "change_settings",
                                                     "reserve_logins",
                                                     "move_ownership",
                                                     "set_login",
                                                     "make_key",
                                                     "revoke_key",
                                                     "pass_time",
                                                     "end_what_is_over"};
    return names.at(static_cast<std::size_t>(kind));
}

Player::Player(roled::Store& store) : store_(store) {
    for (const auto* email : {"ann@example.com", "zoe@example.com"})
        (void)found_organization(email);
}

std::string Player::found_organization(const std::string& email) {
    roled::Change change(store_, author_named("tester"), "test", naive_.now);
    const auto owner = roled::create_user(change, email);
    if (!owner) return owner.error().code;
    const auto made = roled::create_organization(change, "Acme", owner->id);
    if (!made) return made.error().code;
    change.record(made->id, {}, "step", {made->id});
    (void)change.settle();
    change.commit();
    (void)naive_.create_user(owner->id, email);
    naive_.found(made->id, made->default_project_id, owner->id);
    users_.push_back(owner->id);
    organizations_.push_back(made->id);
    projects_.push_back(made->default_project_id);
    return {};
}

// --- choosing ------------------------------------------------------------------------------

const Id& Player::organization(const Turn& turn) const {
    return organizations_[turn.step.choices[0] % organizations_.size()];
}

Id Player::user(const Turn& turn, std::size_t choice) const {
    return users_[turn.step.choices.at(choice) % users_.size()];
}

Id Player::project(const Turn& turn) const {
    return projects_[turn.step.choices[0] % projects_.size()];
}

// Mostly none; else soon, so that time passes it.
End Player::until(const Turn& turn, std::size_t choice) const {
    const auto number = turn.step.choices.at(choice);
    return number % 3 == 0 ? End(naive_.now + 1 + number / 3 % 5) : std::nullopt;
}

// --- one step ------------------------------------------------------------------------------

std::string Player::play(const Step& step, std::string& told) {
    told = std::string(name_of(step.kind));
    if (step.kind == Kind::pass_time) {
        naive_.now += 1 + step.choices[0] % 3;
        return compare();
    }
    if (step.kind == Kind::end_what_is_over) {
        auto wrong = sweep(step);
        return wrong.empty() ? compare() : wrong;
    }
    const auto kept = std::tuple(users_, projects_, invitations_, keys_);
    auto after = naive_;
    {
        // Sometimes who is changed, in most kinds of step.
        after.actor = step.choices[4] % 3 == 0 ? users_[step.choices[1] % users_.size()] : "tester";
        roled::Change change(store_, author_named(after.actor), "test", naive_.now);
        Turn turn{step, change, after, {}, {}, {}, {}};
        carry_out(turn);
        told += turn.told;
        if (turn.real == "skip") return {};
        if (turn.real.empty()) {
            change.record("step", {}, "step", {organizations_[0]});
            ++after.records;
            turn.real = code_of(change.settle());
        }
        if (turn.expected.empty()) turn.expected = after.settle(naive_, turn.direct);
        told += " -> " + (turn.expected.empty() ? "done" : turn.expected);
        if (turn.real != turn.expected)
            return "the server says '" + turn.real + "', expected is '" + turn.expected + "'";
        const bool done = turn.real.empty() && !step.dry_run;
        if (step.dry_run) told += " (dry run)";
        if (done) {
            change.commit();
            naive_ = std::move(after);
        } else {
            change.roll_back();
            std::tie(users_, projects_, invitations_, keys_) = kept;
        }
    }
    return compare();
}

void Player::carry_out(Turn& turn) {
    const auto kind = turn.step.kind;
    if (kind >= Kind::add_member && kind <= Kind::remove_member) return member_step(turn);
    if (kind >= Kind::create_project && kind <= Kind::delete_project) return project_step(turn);
    if (kind >= Kind::add_collaborator && kind <= Kind::remove_collaborator)
        return collaborator_step(turn);
    if (kind >= Kind::invite && kind <= Kind::accept) return invitation_step(turn);
    if (kind >= Kind::set_uid && kind <= Kind::move_ownership) return organization_step(turn);
    if (kind == Kind::make_key || kind == Kind::revoke_key) return key_step(turn);
    user_step(turn);
}

void Player::member_step(Turn& turn) {
    auto& change = turn.change;
    const auto& id = organization(turn);
    const auto who = user(turn, 1);
    const auto there = *roled::find_organization(store_, id);
    const bool admin = turn.step.choices[2] % 2 == 0;
    const auto end = until(turn, 3);
    turn.told = " " + id + " " + who + (admin ? " admin" : " member") +
                (end ? " until " + std::to_string(*end) : "");
    if (turn.step.kind == Kind::add_member) {
        turn.real = code_of(
            roled::add_member(change, there, *roled::find_user(store_, who), role(admin), end));
        turn.expected = turn.naive.add_member(id, who, admin, end);
        return;
    }
    const auto member = roled::find_member(store_, there, who);
    // As those who ask over HTTP: whoever is over can only be removed.
    const bool over = member && member->until && *member->until <= naive_.now;
    if (!member || (over && turn.step.kind != Kind::remove_member)) turn.real = "not_found";
    switch (turn.step.kind) {
        case Kind::set_role:
            if (turn.real.empty())
                turn.real = code_of(roled::set_member_role(change, there, *member, role(admin)));
            turn.expected = turn.naive.set_role(id, who, admin);
            return;
        case Kind::suspend:
        case Kind::end_suspension: {
            const bool suspended = turn.step.kind == Kind::suspend;
            if (turn.real.empty())
                turn.real = code_of(roled::set_suspended(change, there, *member, suspended));
            turn.expected = turn.naive.suspend(id, who, suspended);
            return;
        }
        case Kind::set_until:
            if (turn.real.empty())
                turn.real = code_of(roled::set_member_until(change, there, *member, end));
            turn.expected = turn.naive.set_until(id, who, end);
            return;
        default: {
            const bool by_themselves = turn.step.choices[4] % 2 == 0;
            if (by_themselves) turn.told += " by themselves";
            const auto remove = by_themselves ? roled::leave_organization : roled::remove_member;
            if (turn.real.empty()) turn.real = code_of(remove(change, there, *member));
            turn.expected = by_themselves ? turn.naive.leave_organization(id, who)
                                          : turn.naive.remove_member(id, who);
        }
    }
}

void Player::user_step(Turn& turn) {
    auto& change = turn.change;
    if (turn.step.kind == Kind::create_user) {
        if (users_.size() >= max_users) return void(turn.real = "skip");
        const auto email = "P" + std::to_string(turn.step.choices[0] % 9) + "@example.com";
        const auto made = roled::create_user(change, email);
        turn.real = code_of(made);
        const auto id = made ? made->id : "user_refused";
        turn.expected = turn.naive.create_user(id, email);
        if (made) users_.push_back(id);
        turn.told = " " + email + " " + id;
        return;
    }
    const auto who = user(turn, 0);
    const auto person = *roled::find_user(store_, who);
    turn.told = " " + who;
    if (turn.step.kind == Kind::delete_user) {
        turn.real = code_of(roled::require_not_suspended(store_, who));
        if (turn.real.empty()) turn.real = code_of(roled::delete_user(change, person));
        turn.expected = turn.naive.delete_user(who);
        if (turn.real.empty()) std::erase(users_, who);
    } else if (turn.step.kind == Kind::set_login) {
        const auto login = (turn.step.choices[2] % 4 == 0 ? "B" : "b") +
                           std::to_string(turn.step.choices[1] % 7) + "x";
        turn.real = code_of(roled::set_login(change, person, login));
        turn.expected = turn.naive.set_login(who, login);
        turn.told += " " + login;
    } else if (turn.step.kind == Kind::add_ssh_key) {
        const auto text = ssh_key(turn.step.choices[1] % 4);
        const auto made = roled::add_ssh_key(change, who, text, "key");
        turn.real = code_of(made);
        turn.expected = turn.naive.add_ssh_key(made ? made->id : "key_refused", who, text);
    } else {
        auto& keys = turn.naive.people.at(who).ssh_keys;
        if (keys.empty()) return void(turn.real = "skip");
        roled::remove_ssh_key(change, who, keys.begin()->first);
        keys.erase(keys.begin());
    }
}

void Player::project_step(Turn& turn) {
    auto& change = turn.change;
    static const std::array names{"alpha", "beta", "gamma", "delta"};
    const std::string name = names.at(turn.step.choices[2] % names.size());
    const std::string group =
        turn.step.choices[3] % 3 == 0 ? "p-" + std::to_string(turn.step.choices[4] % 5) : "";
    if (turn.step.kind == Kind::create_project) {
        const auto& id = organization(turn);
        const auto who = user(turn, 1);
        if (projects_.size() >= max_projects ||
            !naive_.role_in_organization(id, who).value_or(false))
            return void(turn.real = "skip");
        const auto made = roled::create_project(change, {{}, id, name, group, 0, 0}, who);
        turn.real = code_of(made);
        const auto project_id = made ? made->id : "proj_refused";
        turn.expected = turn.naive.create_project(project_id, id, name, group, who);
        if (made) projects_.push_back(project_id);
        turn.told = " " + project_id + " " + name + " " + group + " by " + who;
        return;
    }
    const auto id = project(turn);
    const auto before = *roled::find_project(store_, id);
    turn.told = " " + id + " " + name + " " + group;
    if (turn.step.kind == Kind::delete_project) {
        turn.real = code_of(roled::delete_project(change, before));
        turn.expected = turn.naive.delete_project(id);
        if (turn.real.empty()) std::erase(projects_, id);
        return;
    }
    auto wanted = before;
    wanted.name = name;
    if (!group.empty()) wanted.group = group;
    turn.real = code_of(roled::update_project(change, before, wanted));
    turn.expected = turn.naive.change_project(id, wanted.name, wanted.group);
}

void Player::collaborator_step(Turn& turn) {
    auto& change = turn.change;
    const auto id = project(turn);
    const auto who = user(turn, 1);
    const bool admin = turn.step.choices[2] % 2 == 0;
    const auto end = until(turn, 3);
    turn.told = " " + id + " " + who + (admin ? " admin" : " member") +
                (end ? " until " + std::to_string(*end) : "");
    const auto there = *roled::find_organization(store_, naive_.projects.at(id).organization);
    const auto one = roled::find_collaborator(store_, id, who);
    const bool over = one && one->until && *one->until <= naive_.now;
    switch (turn.step.kind) {
        case Kind::add_collaborator:
            turn.real =
                !roled::standing_of(store_, there.id, {}, who, naive_.now).organization_role &&
                        !there.external_collaborators
                    ? "not_found"
                    : code_of(roled::add_to_project(change, there, id, who, role(admin), end));
            turn.expected = turn.naive.add_collaborator(id, who, admin, end);
            return;
        case Kind::set_collaborator_role:
            turn.expected = turn.naive.set_collaborator_role(id, who, admin);
            if (!one || over) return void(turn.real = "not_found");
            if (!admin && one->source == roled::RoleSource::organization_admin)
                return void(turn.real = "organization_admin");
            roled::set_collaborator_role(change, id, *one, role(admin));
            break;
        case Kind::set_collaborator_until:
            turn.expected = turn.naive.set_collaborator_until(id, who, end);
            turn.real = !one || over
                            ? "not_found"
                            : code_of(roled::set_collaborator_until(change, id, *one, end));
            return;
        default:
            turn.expected = turn.naive.remove_collaborator(id, who);
            if (!roled::is_listed(store_, id, who)) return void(turn.real = "not_found");
            if (there.default_project_id == id && roled::find_member(store_, there, who))
                return void(turn.real = "default_project");
            roled::delete_collaborator(change, id, who);
            roled::revoke_keys_of_nobody(change, who);
    }
    change.refuse_without_admin(id);
    turn.direct = id;
}

void Player::invitation_step(Turn& turn) {
    auto& change = turn.change;
    if (turn.step.kind == Kind::invite) {
        const auto in_project = turn.step.choices[3] % 2 == 0;
        const auto project_id = in_project ? project(turn) : Id();
        const auto id =
            in_project ? naive_.projects.at(project_id).organization : organization(turn);
        const auto creator = user(turn, 1);
        if (invitations_.size() > 20 ||
            naive_.may(creator, id, project_id,
                       in_project ? "collaborators.add" : "members.invite") !=
                naive::Verdict::allowed)
            return void(turn.real = "skip");
        roled::Invitation wanted;
        wanted.organization_id = id;
        if (in_project) wanted.project_id = project_id;
        wanted.email = "p" + std::to_string(turn.step.choices[2] % 9) + "@example.com";
        wanted.role = role(turn.step.choices[4] % 2 == 0);
        wanted.until = until(turn, 4);
        wanted.created_by = creator;
        const auto made = roled::create_invitation(change, wanted);
        turn.real = code_of(made);
        if (!made) return;
        turn.naive.invitations[wanted.id] = {
            id,      project_id,        *wanted.email, made->token, wanted.role == Role::admin,
            creator, wanted.expires_at, wanted.until};
        invitations_.push_back(wanted.id);
        turn.told = " " + wanted.id + " " + *wanted.email + " into " + id + " " + project_id;
        return;
    }
    std::erase_if(invitations_, [&](const Id& id) { return naive_.invitations.count(id) == 0; });
    if (invitations_.empty()) return void(turn.real = "skip");
    const auto id = invitations_[turn.step.choices[0] % invitations_.size()];
    const auto& mine = naive_.invitations.at(id);
    turn.told = " " + id;
    if (turn.step.kind == Kind::revoke_invitation) {
        roled::revoke_invitation(change, id);
        turn.naive.invitations.erase(id);
        return;
    }
    turn.expected = turn.naive.may_accept(id);
    const auto invitation = roled::invitation_of(store_, mine.token, naive_.now);
    turn.real = code_of(invitation);
    if (!invitation || !turn.expected.empty()) return;
    auto person = roled::find_user_by_email(store_, mine.email);
    if (!person) {
        if (users_.size() >= max_users) return void(turn.real = "skip");
        person = *roled::create_user(change, mine.email);
        (void)turn.naive.create_user(person->id, mine.email);
        users_.push_back(person->id);
    }
    turn.told += " by " + person->id;
    turn.expected = turn.naive.accept(id, person->id);
    turn.real = code_of(roled::accept(change, *invitation, *person));
}

void Player::organization_step(Turn& turn) {
    static const std::array ranges{std::pair{10'000LL, 10'011LL}, std::pair{10'000LL, 59'999LL},
                                   std::pair{65'530LL, 65'540LL}, std::pair{65'534LL, 65'539LL},
                                   std::pair{4'294'967'280LL, 4'294'967'293LL}};
    auto& change = turn.change;
    const auto& id = organization(turn);
    const auto who = user(turn, 1);
    const auto [first, last] = ranges.at(turn.step.choices[2] % ranges.size());
    turn.told = " " + id + " " + who;
    auto there = *roled::find_organization(store_, id);
    switch (turn.step.kind) {
        case Kind::set_uid: {
            const auto number = first + turn.step.choices[3] % 12;
            turn.told += " " + std::to_string(number);
            turn.real = code_of(roled::set_uid(change, there, who, number));
            turn.expected = turn.naive.set_uid(id, who, number);
            // Said of what is there already too: nothing to tell.
            if (naive_.uid(id, who) == number) turn.real = turn.expected = "skip";
            return;
        }
        case Kind::change_settings:
            there.external_collaborators = turn.step.choices[3] % 4 != 0;
            there.allocate_uids = turn.step.choices[4] % 2 == 0;
            there.ids = {first, last};
            turn.told +=
                (there.allocate_uids ? " allocates from " : " from ") + std::to_string(first);
            turn.real = code_of(roled::update_organization(change, there));
            turn.expected = turn.naive.change_settings(id, there.external_collaborators,
                                                       there.allocate_uids, first, last);
            return;
        case Kind::reserve_logins: {
            const auto login = "B" + std::to_string(turn.step.choices[3] % 7) + "x";
            turn.real = code_of(roled::set_reserved_logins(change, id, {login}));
            turn.naive.organizations.at(id).reserved = {naive::in_lower_case(login)};
            return;
        }
        default:
            turn.real = code_of(roled::move_ownership(change, there, who));
            turn.expected = turn.naive.move_ownership(id, who);
    }
}

void Player::key_step(Turn& turn) {
    auto& change = turn.change;
    std::erase_if(keys_, [&](const Id& id) { return naive_.keys.count(id) == 0; });
    if (turn.step.kind == Kind::revoke_key) {
        if (keys_.empty()) return void(turn.real = "skip");
        const auto id = keys_[turn.step.choices[0] % keys_.size()];
        roled::revoke_key(change, id);
        turn.naive.keys.erase(id);
        return;
    }
    const auto id = project(turn);
    const auto who = user(turn, 1);
    const bool personal = turn.step.choices[2] % 3 != 0;
    const bool for_project = turn.step.choices[3] % 2 == 0;
    if (keys_.size() > 30 || ((!personal || for_project) && !naive_.role_in(id, who)))
        return void(turn.real = "skip");
    if (personal) {
        turn.expected = naive_.may_have_keys(who);
        if (turn.expected == "nowhere") return void(turn.real = "skip");
        turn.real = code_of(roled::require_some_role(store_, who, naive_.now));
        if (!turn.real.empty() || !turn.expected.empty()) return;
    }
    roled::Key wanted;
    wanted.name = "key";
    wanted.created_by = who;
    if (personal && for_project) wanted.audience_id = id;
    const roled::KeyOwner owner =
        personal
            ? roled::KeyOwner{roled::KeyKind::user, who}
            : roled::KeyOwner{for_project ? roled::KeyKind::node : roled::KeyKind::project, id};
    const auto made = roled::create_key(change, owner, wanted);
    turn.real = code_of(made);
    if (!made) return;
    turn.naive.keys[made->id] = {personal ? who : Id(), personal ? Id() : id,
                                 wanted.audience_id.value_or("")};
    keys_.push_back(made->id);
    turn.told = " " + made->id + " of " + who + " for " + id;
}

std::string Player::sweep(const Step&) {
    auto after = naive_;
    after.end_what_is_over();
    if (const auto refused = after.settle(naive_, {}); !refused.empty()) return refused;
    (void)roled::remove_what_is_over(store_, naive_.now);
    naive_ = std::move(after);
    if (roled::anything_is_over(store_, naive_.now)) return "something is still over";
    return {};
}

}  // namespace together::model
