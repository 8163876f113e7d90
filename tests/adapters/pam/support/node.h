// SPDX-License-Identifier: Apache-2.0
// A node with the gate in front of its services: configuration, roster, service files, all in a
// folder of the test's own.
#pragma once

#include <string>
#include <vector>

#include "tests/adapters/pam/support/pam_login.h"
#include "tests/unit/support/temporary_directory.h"
#include "together_refresh/update/snapshot_writer.h"

inline constexpr const char* test_project = "proj_test";
inline constexpr const char* test_base_url = "https://api.example/v1";

together::RosterEntry collaborator(const std::string& login, uid_t uid,
                                   const std::string& role = "member");

class Node {
  public:
    Node();

    // together.conf: lines for [gate] and [roster]. The defaults are the manual's.
    void configure(const std::string& gate = {}, const std::string& roster = {});
    // Together-refresh is fake_refresh under this name; see there.
    void refresh_by(const std::string& behaviour);
    void write(const std::string& name, const std::string& text) const;
    void remove(const std::string& name) const;
    std::string path(const std::string& name) const { return directory_ / name; }
    together::RosterPaths roster_paths() const;

    // alice the admin, bob the member, validated `age` ago.
    void roster(together::Nanoseconds age = {});
    void roster(const together::Moment& validated, std::vector<together::RosterEntry> entries);
    void no_roster() const;
    // What `refreshes` brings next: lines of login, uid, role.
    void next_roster(const std::string& lines) const { write("next-roster", lines); }

    // A service whose every phase is this one line, with the control and the arguments given.
    void service(const std::string& arguments = {}, const std::string& control = "required");
    void service_file(const std::string& text, const std::string& name = "sshd") const;
    // config=… as every line needs it.
    std::string config_argument() const { return "config=" + path("together.conf"); }
    std::string pam_folder() const { return path("pam.d"); }

    PamLogin login(const std::string& user) const { return {pam_folder(), "sshd", user}; }
    // What the account phase answers.
    int account(const std::string& user, int flags = 0) const { return login(user).account(flags); }

  private:
    TemporaryDirectory directory_;
    std::string refresh_program_;
    std::string gate_settings_;
    std::string roster_settings_;
    void write_configuration() const;
};

together::Moment ago(together::Nanoseconds age);

// The whole file; empty where there is none.
std::string contents(const std::string& path);
