// SPDX-License-Identifier: Apache-2.0
// Why somebody on the roster has no account, or the project no group: the one place for its wording
// and for what to do about it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/system/text_in_place.h"

namespace together {

enum class NoAccount : std::uint8_t {
    no_uid,
    uid_out_of_range,
    login_shared,
    uid_shared,
    login_reserved,
    login_is_an_owner,
    login_is_our_group,
    login_of_the_node,
    login_is_a_group_of_the_node,
    uid_of_the_node,
    uid_is_a_gid_of_the_node,
    login_is_a_group_in_sudoers,
    uid_is_a_gid_in_sudoers,
    uid_of_a_removed_account,
    uid_is_a_used_gid,
    other_name_service,
    group_without_gid,
    group_name_not_ours,
    group_gid_out_of_range,
    group_name_of_the_node,
    group_gid_of_the_node,
    group_gid_is_a_uid,
    group_gids_shared,
    group_gid_of_a_removed_group,
    id_may_be_anothers,
};

// Rows stand in the order of NoAccount.
struct NoAccountText {
    NoAccount reason;
    TextInPlace<32> name;  // stable: logs, JSON
    TextInPlace<80> what;
    TextInPlace<140> remedy;
};

std::span<const NoAccountText> no_account_texts();
const NoAccountText& text_of(NoAccount reason);

}  // namespace together
