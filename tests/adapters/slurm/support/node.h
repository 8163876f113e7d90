// SPDX-License-Identifier: Apache-2.0
// The sandbox's own /etc/together and a roster, as the adapters find them.
#pragma once

#include "tests/unit/support/roster_folder.h"

struct Node {
    RosterFolder roster;
    std::string path = "/etc/together/together.conf";

    Node() {
        roster.content.entries = {entry("alice", 10001, "admin"), entry("bob", 10002)};
        configure();
        write_roster();
    }
    ~Node() { std::filesystem::remove_all("/etc/together"); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void configure(const std::string& gate = "") const {
        make_directory("/etc/together");
        write_file(path + ".new",
                   "[api]\nbase_url = https://api.example.com/v1\nproject = proj_a\n"
                   "[roster]\ndirectory = " +
                       roster.directory().path() + "\nrefresh_program = /bin/false\n[gate]\n" +
                       gate);
        std::filesystem::rename(path + ".new", path);
    }
    void write_roster() { roster.write(together::SystemClock().now()); }
};
