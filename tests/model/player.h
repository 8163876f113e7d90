// SPDX-License-Identifier: Apache-2.0
// Does each step to the server's model and to the naive one, and compares them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "role_server/model/change.h"
#include "role_server/model/project_roster.h"
#include "role_server/store/store.h"
#include "tests/model/naive_authority.h"
#include "tests/model/steps.h"

namespace together::model {

class Player {
  public:
    // Two organizations with an Owner each, in a new database.
    explicit Player(roled::Store& store);

    // What is wrong behind the step; empty: nothing. `told` becomes what the step did.
    std::string play(const Step& step, std::string& told);
    // Of the whole trail: too slow for each step.
    std::string check_trail();

  private:
    using Ids = std::vector<naive::Id>;
    // One step, while it is carried out.
    struct Turn {
        const Step& step;
        roled::Change& change;
        naive::Authority& naive;
        naive::Code real, expected;
        naive::Id direct;
        std::string told;
    };

    void carry_out(Turn& turn);
    void member_step(Turn& turn);
    void user_step(Turn& turn);
    void project_step(Turn& turn);
    void collaborator_step(Turn& turn);
    void invitation_step(Turn& turn);
    void organization_step(Turn& turn);
    void key_step(Turn& turn);

    std::string found_organization(const std::string& email);
    std::string sweep(const Step& step);
    std::string compare();
    std::string compare_answers();
    std::string compare_rosters();
    std::string compare_rows();
    std::string compare_trail();

    const naive::Id& organization(const Turn& turn) const;
    // Empty where there is none.
    naive::Id user(const Turn& turn, std::size_t choice) const;
    naive::Id project(const Turn& turn) const;
    naive::End until(const Turn& turn, std::size_t choice) const;

    roled::Store& store_;
    roled::RosterCache cache_;
    naive::Authority naive_;
    // In the order in which they were made, so that a seed chooses the same ones again.
    Ids organizations_, users_, projects_, invitations_, keys_;
    std::int64_t serial_ = 0;
};

}  // namespace together::model
