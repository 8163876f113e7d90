// SPDX-License-Identifier: Apache-2.0
// A project of ann's in a database of its own, whose rows a test writes by hand; and what that is
// asked.
#pragma once

#include <CppUTest/TestHarness.h>

#include <cstdlib>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "role_server/store/schema.h"

struct ProjectInMemory : Utest {
    std::unique_ptr<together::roled::Store> store = together::roled::Store::in_memory();
    const std::string project = "proj_1";

    void setup() override {
        if (!together::roled::migrate(*store)) std::abort();
        for (const std::string user : {"user_ann", "user_bob", "user_carol"})
            execute("INSERT INTO users (id, email, email_key, login, created_at) VALUES ('" + user +
                    "', '" + user + "', '" + user + "', '" + user.substr(5) + "', 1)");
        execute(
            "INSERT INTO organizations (id, name, owner_id, default_project_id,"
            " external_collaborators, allocate_uids, created_at)"
            " VALUES ('org_1', 'o', 'user_ann', 'proj_1', 1, 0, 1)");
        execute(
            "INSERT INTO projects (id, organization_id, name, revision, created_at)"
            " VALUES ('proj_1', 'org_1', 'p', 1, 1)");
    }
    void execute(const std::string& text) { store->run(text); }

    // With that role; an empty one: out of it.
    void put(const std::string& user, const std::string& role) {
        execute("DELETE FROM collaborators WHERE user_id = '" + user + "'");
        if (!role.empty())
            execute(
                "INSERT INTO collaborators (project_id, user_id, role, created_at)"
                " VALUES ('proj_1', '" +
                user + "', '" + role + "', 1)");
    }

    // Those that were not asked before: a statement is prepared once.
    template <class Act>
    std::vector<std::string> statements_of(const Act& act) {
        std::stringstream log;
        store->sql().set_log_stream(&log);
        act();
        store->sql().set_log_stream(nullptr);
        std::vector<std::string> statements;
        for (std::string line; std::getline(log, line);) statements.push_back(line);
        return statements;
    }

    // What SQLite reads all of, or orders by itself; empty: nothing.
    std::string whats_not_by_an_index(const std::string& statement) {
        const auto text = std::regex_replace(statement, std::regex(":[a-z]+[0-9]*"), "0");
        std::string found;
        soci::rowset<soci::row> plan = (store->sql().prepare << "EXPLAIN QUERY PLAN " << text);
        for (const auto& step : plan) {
            const auto what = step.get<std::string>(3);
            if (what.starts_with("SCAN") || what.find("TEMP B-TREE") != what.npos)
                found += what + "\n";
        }
        return found;
    }
};
