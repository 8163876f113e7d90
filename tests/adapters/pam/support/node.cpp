// SPDX-License-Identifier: Apache-2.0
#include "tests/adapters/pam/support/node.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

using namespace together;

RosterEntry collaborator(const std::string& login, uid_t uid, const std::string& role) {
    RosterEntry entry;
    entry.login = login;
    entry.user_id = "user_" + login;
    entry.role = role;
    entry.uid = uid;
    entry.uid_source = UidSource::authority;
    return entry;
}

Moment ago(Nanoseconds age) {
    Moment moment = SystemClock().now();
    moment.boottime -= age.count();
    moment.realtime -= age.count();
    return moment;
}

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

Node::Node() {
    for (const auto* folder : {"cache", "pam.d", "bin"})
        std::filesystem::create_directory(path(folder));
    // Without it libpam complains through syslog(3), which blocks while nobody takes the lines.
    service_file("account required pam_deny.so\n", "other");
    refresh_by("missing");  // each refresh fails, at once
    service();
}

void Node::configure(const std::string& gate, const std::string& roster) {
    gate_settings_ = gate;
    roster_settings_ = roster;
    write_configuration();
}

void Node::refresh_by(const std::string& behaviour) {
    refresh_program_ = path("bin/" + behaviour);
    if (behaviour != "missing" && !std::filesystem::exists(refresh_program_))
        std::filesystem::create_symlink(FAKE_REFRESH, refresh_program_);
    write_configuration();
}

void Node::write_configuration() const {
    write("together.conf", std::string("[api]\nbase_url = ") + test_base_url +
                               "\nproject = " + std::string(test_project) +
                               "\n[roster]\ndirectory = " + path("cache") +
                               "\nrefresh_program = " + refresh_program_ + "\n" + roster_settings_ +
                               "\n[gate]\n" + gate_settings_ + "\n");
}

void Node::write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    if (!(std::ofstream(path(name)) << text).flush()) throw std::runtime_error("cannot write");
}

void Node::remove(const std::string& name) const {
    std::filesystem::remove_all(path(name));
}

RosterPaths Node::roster_paths() const {
    Config config;
    config.directory = path("cache");
    config.project = test_project;
    return RosterPaths(config);
}

void Node::roster(Nanoseconds age) {
    roster(ago(age), {collaborator("alice", 10001, "admin"), collaborator("bob", 10002)});
}

void Node::roster(const Moment& validated, std::vector<RosterEntry> entries) {
    RosterContent content;
    content.project = test_project;
    content.base_url = test_base_url;
    content.revision = 7;
    content.validated = validated;
    content.entries = std::move(entries);
    if (!write_snapshot(roster_paths(), content)) throw std::runtime_error("no snapshot");
}

void Node::no_roster() const {
    remove("cache");
    std::filesystem::create_directory(path("cache"));
}

void Node::service(const std::string& arguments, const std::string& control) {
    std::string text;
    for (const auto* phase : {"auth", "account", "password", "session"})
        text += std::string(phase) + " " + control + " " + PAM_TOGETHER + " " + config_argument() +
                " " + arguments + "\n";
    service_file(text);
}

void Node::service_file(const std::string& text, const std::string& name) const {
    write("pam.d/" + name, text);
}
