// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/authority_world.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

#include "role_server/messages/json.h"
#include "role_server/model/change.h"
#include "role_server/model/keys.h"
#include "role_server/model/organizations.h"
#include "role_server/model/users.h"
#include "role_server/server/request_handler.h"
#include "role_server/store/schema.h"

namespace together::fuzz {
namespace {

using roled::as_json;

struct Owner {
    std::string organization, user, token;
};

template <class T>
T good(roled::Outcome<T> outcome) {
    if (!outcome) throw std::runtime_error(outcome.error().message);
    return std::move(*outcome);
}

// What only the operator can make.
Owner found_organization(roled::Store& store, const std::string& name, const std::string& login) {
    roled::Change change(store, {roled::Origin::cli, "cli_1", {}, "operator", {}}, "init",
                         roled::now_seconds());
    const auto owner = good(roled::create_user(change, login + "@example.com"));
    if (auto given = roled::set_login(change, owner, login); !given)
        throw std::runtime_error(given.error().message);
    const auto made = good(roled::create_organization(change, name, owner.id));
    roled::Key wanted;
    wanted.name = "init";
    wanted.created_by = owner.id;
    const auto key = good(roled::create_key(change, {roled::KeyKind::user, owner.id}, wanted));
    change.record(made.id, {}, name, {made.id});
    if (auto settled = change.settle(); !settled) throw std::runtime_error(settled.error().message);
    change.commit();
    return {made.id, owner.id, key.token};
}

// Somebody at the API.
class Caller {
  public:
    Caller(roled::RequestHandler& handler, std::string token)
        : handler_(handler), token_(std::move(token)) {}

    Json::Value ask(const std::string& method, const std::string& target, const std::string& body) {
        roled::Request request;
        request.id = "req_0000000000000000";
        request.method = method;
        request.target = target;
        if (!token_.empty()) request.headers.emplace_back("authorization", "Bearer " + token_);
        request.headers.emplace_back("content-type", "application/json");
        request.body = body;
        const auto response = handler_.answer(request, roled::Phase::answer_now);
        if (response.status >= 300)
            throw std::runtime_error(method + ' ' + target + ": " +
                                     std::string(response.body.view()));
        return as_json(response.body.view());
    }
    std::string make(const std::string& target, const std::string& body, const char* field) {
        return ask("POST", target, body)[field].asString();
    }

  private:
    roled::RequestHandler& handler_;
    const std::string token_;
};

class Maker {
  public:
    Maker(const std::string& db, World& world) : db_(db), world_(world) {}

    void run() {
        const auto owner = found();
        roled::RequestHandler handler(db_);
        Caller ann(handler, owner.token);
        project_ = ann.make(organization() + "/projects", R"({"name": "cluster"})", "id");
        world_.project = project_;
        ann.ask("PATCH", organization(), R"({"external_collaborators": true})");
        for (const auto* login : {"bob", "member", "promoted", "suspended"})
            people_[login] = join(handler, ann, organization() + "/invitations", login);
        world_.outsider = join(handler, ann, organization() + "/invitations", "outsider");
        ann.ask("PATCH", organization() + "/members/" + people_["bob"], R"({"role": "admin"})");
        people_["external"] = join(handler, ann, collaborators(), "external");
        for (const auto* login : {"bob", "member", "promoted", "suspended"})
            ann.ask("POST", collaborators(), R"({"login": ")" + std::string(login) + R"("})");
        ann.ask("PATCH", collaborators() + "/" + people_["promoted"], R"({"role": "admin"})");
        ann.ask("PATCH", organization() + "/members/" + people_["suspended"],
                R"({"suspended": true})");
        make_keys(ann);
        make_invitations(ann);
    }

  private:
    std::string organization() const { return "/v1/organizations/" + world_.organization; }
    std::string project() const { return "/v1/projects/" + project_; }
    std::string collaborators() const { return project() + "/collaborators"; }

    Owner found() {
        auto store = roled::Store::create(db_);
        if (!store) throw std::runtime_error(store.error().message);
        if (auto made = roled::migrate(**store); !made)
            throw std::runtime_error(made.error().message);
        const auto owner = found_organization(**store, "Acme", "ann");
        const auto other = found_organization(**store, "Elsewhere", "zoe");
        world_.organization = owner.organization;
        world_.other_organization = other.organization;
        world_.other_project =
            roled::find_organization(**store, other.organization)->default_project_id;
        world_.tokens = {owner.token, other.token};
        world_.users = {owner.user, other.user};
        world_.logins = {"ann", "zoe"};
        return owner;
    }

    std::string join(roled::RequestHandler& handler, Caller& ann, const std::string& target,
                     const std::string& login) {
        const auto invitation =
            ann.make(target, R"({"email": ")" + login + R"(@example.com"})", "token");
        const auto joined =
            Caller(handler, "")
                .ask("POST", "/v1/invitations/accept",
                     R"({"token": ")" + invitation + R"(", "login": ")" + login + R"("})");
        world_.tokens.push_back(joined["token"].asString());
        world_.users.push_back(joined["user"]["id"].asString());
        world_.logins.push_back(login);
        return world_.users.back();
    }

    void make_keys(Caller& ann) {
        for (const auto& [target, body] :
             std::initializer_list<std::pair<std::string, std::string>>{
                 {project() + "/api_keys",
                  R"({"name": "x", "scopes": ["project.read", "authorize", "inference.use"]})"},
                 {project() + "/node_keys", R"({"name": "nodes"})"},
                 {"/v1/users/me/tokens", R"({"name": "a", "audience": ")" + project_ + R"("})"}}) {
            const auto made = ann.ask("POST", target, body);
            world_.tokens.push_back(made["token"].asString());
            world_.keys.push_back(made["id"].asString());
        }
        const auto ssh_key = ann.ask(
            "POST", "/v1/users/me/ssh_keys",
            R"({"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"})");
        world_.keys.push_back(ssh_key["id"].asString());
    }

    void make_invitations(Caller& ann) {
        for (const auto& target : {organization() + "/invitations", collaborators()}) {
            const auto made = ann.ask("POST", target, R"({"email": "new@example.com"})");
            world_.invitation = made["token"].asString();
            world_.invitations.push_back(made["id"].asString());
        }
    }

    const std::string db_;
    World& world_;
    std::string project_;
    std::map<std::string, std::string> people_;  // ids by login
};

// Each row as one text; SQLite's own quoting tells NULL from "".
std::string rows_of(roled::Store& store, const std::string& table, const std::string& where) {
    std::string columns, name;
    store.each(
        "SELECT name FROM pragma_table_info('" + table + "') WHERE name <> 'last_used_at'",
        [&] { columns += (columns.empty() ? "quote(" : " || quote(") + name + ")"; },
        soci::into(name));
    std::string row, text;
    store.each(
        "SELECT " + columns + " FROM " + table + where, [&] { text += row + '\n'; },
        soci::into(row));
    return text;
}

}  // namespace

World make_world(const std::string& db) {
    World world;
    Maker(db, world).run();
    return world;
}

std::string content_of(roled::Store& store) {
    const roled::Transaction snapshot(store, roled::Transaction::Mode::read);
    std::vector<std::string> tables;
    std::string name, text;
    store.each(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        [&] { tables.push_back(name); }, soci::into(name));
    for (const auto& table : tables) {
        if (table == "trail_end") continue;
        text += table + ":\n" +
                rows_of(store, table, table == "trail" ? " WHERE outcome = 'allowed'" : "");
    }
    return text;
}

void remove_database(const std::string& db) {
    for (const auto* suffix : {"", "-wal", "-shm"}) (void)std::remove((db + suffix).c_str());
}

void copy_database(const std::string& from, const std::string& to) {
    remove_database(to);
    std::filesystem::copy_file(from, to);
}

}  // namespace together::fuzz
