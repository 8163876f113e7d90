// SPDX-License-Identifier: Apache-2.0
// A node's roster folder, and fetched rosters that are brought to it at times of a test's choice.
#pragma once

#include <CppUTest/TestHarness.h>

#include "common/node_config/node_config.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"
#include "together_refresh/update/roster_update.h"

class UpdatedFolder {
  public:
    UpdatedFolder() {
        config.directory = directory_.path();
        config.project = "proj_123";
        config.base_url = "file:///roster.json";
        now.boot_id[0] = 1;
        now.time_namespace = 5;
        now.boottime = 1'000'000'000'000;
        now.realtime = 1'700'000'000'000'000'000;
    }

    void tick(together::Nanoseconds time) {
        now.boottime += time.count();
        now.realtime += time.count();
    }

    // A request that was sent now; its answer is stored at once.
    together::Result<together::Update> update(together::FetchResult fetched) {
        return update(std::move(fetched), now);
    }
    together::Result<together::Update> update(together::FetchResult fetched,
                                              const together::Moment& sent) {
        return together::update_roster({config, sent, now, asked_with, accept_older},
                                       std::move(fetched));
    }

    tl::expected<together::Roster, together::OpenFailure> stored() const {
        return together::open_roster(config, now);
    }
    together::RosterEntry entry(const std::string& login) const {
        const auto roster = stored();
        if (!roster) FAIL(roster.error().message.c_str());
        if (!roster->snapshot.verify_intact()) FAIL("the stored roster is damaged");
        const auto found = roster->snapshot.find_login(login);
        if (!found) FAIL((login + " is not on the stored roster").c_str());
        return *found;
    }
    bool has(const std::string& login) const {
        const auto roster = stored();
        return roster && roster->snapshot.find_login(login).has_value();
    }
    together::RosterPaths paths() const { return together::RosterPaths(config); }
    ino_t inode() const {
        struct stat status {};
        return ::stat(paths().snapshot.c_str(), &status) == 0 ? status.st_ino : 0;
    }

    together::NodeConfig config;
    together::Moment now;
    std::string asked_with;  // the etag
    bool accept_older = false;

  private:
    TemporaryDirectory directory_;
};
