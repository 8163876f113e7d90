// SPDX-License-Identifier: Apache-2.0
// A roster's folder and the configuration that leads to it.
#pragma once

#include <CppUTest/TestHarness.h>

#include "common/node_config/node_config.h"
#include "common/roster/roster.h"
#include "common/system/overwritten_file.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "together_refresh/update/snapshot_writer.h"

inline together::RosterEntry entry(const std::string& login, uid_t uid,
                                   const std::string& role = "member") {
    together::RosterEntry result;
    result.login = login;
    result.user_id = "user_" + login;
    result.role = role;
    result.uid = uid;
    result.uid_source = together::UidSource::authority;
    return result;
}

inline together::RosterEntry entry_without_uid(const std::string& login,
                                               const std::string& role = "member") {
    auto result = entry(login, 0, role);
    result.uid_source = together::UidSource::none;
    return result;
}

class RosterFolder {
  public:
    RosterFolder() {
        config.path = directory_ / "etc/together.conf";
        config.base_url = content.base_url = "https://api.example.com/v1";
        config.project = content.project = "proj_a";
        config.directory = directory_.path();
        content.revision = 7;
        content.entries = {entry("alice", 10001, "admin"), entry("bob", 10002)};
        make_directory(directory_ / "etc");
    }

    // Writes `content` as validated then.
    together::Digest write(const together::Moment& validated = {}) {
        content.validated = validated;
        const auto digest = together::write_snapshot(paths(), content);
        if (!digest) FAIL(digest.error().message.c_str());
        return *digest;
    }
    void stamp(const together::Moment& validated, const together::Digest& digest) const {
        const auto bytes = together::encode_stamp({validated, digest});
        const auto written = together::overwrite_in_place(
            paths().stamp(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (!written) FAIL(written.error().message.c_str());
    }

    together::RosterPaths paths() const { return together::RosterPaths(config); }
    std::string path() const { return paths().snapshot; }
    const TemporaryDirectory& directory() const { return directory_; }

    tl::expected<together::Snapshot, together::OpenFailure> open() const {
        return together::Snapshot::open(path(), config.project, config.base_url);
    }
    // Why the snapshot cannot be used; "" where it can.
    std::string problem() const {
        const auto snapshot = open();
        return snapshot ? std::string() : snapshot.error().message;
    }

    together::NodeConfig config;
    together::RosterContent content;

  private:
    TemporaryDirectory directory_;
};
