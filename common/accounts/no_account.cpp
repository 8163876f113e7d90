// SPDX-License-Identifier: Apache-2.0
#include "common/accounts/no_account.h"

#include <array>

namespace together {
namespace {

constexpr std::array texts = std::to_array<NoAccountText>({
    {NoAccount::no_uid, "no_uid", "the authority gives no uid",
     "set one at the authority, or have it allocate uids"},
    {NoAccount::uid_out_of_range, "uid_out_of_range", "the uid is outside of [accounts] uid_range",
     "change the uid at the authority, or uid_range here"},
    {NoAccount::login_shared, "login_shared", "somebody else on the roster has this login",
     "give one of them another login at the authority"},
    {NoAccount::uid_shared, "uid_shared", "somebody else on the roster has this uid",
     "give one of them another uid at the authority"},
    {NoAccount::login_reserved, "login_reserved",
     "the login is a service's, of a package or of [accounts] reserved_logins",
     "another login at the authority; a daemon that comes later would run as this person"},
    {NoAccount::login_is_an_owner, "login_is_an_owner",
     "chown reads it as OWNER.GROUP, and the owner is the node's",
     "another login at the authority"},
    {NoAccount::login_is_our_group, "login_is_our_group",
     "the login is the name of the project's group", "another login at the authority"},
    {NoAccount::login_of_the_node, "login_of_the_node",
     "this node has another account of this login",
     "another login at the authority, or remove the node's account"},
    {NoAccount::login_is_a_group_of_the_node, "login_is_a_group_of_the_node",
     "this node has a group of this name, and the account's own would have it",
     "another login at the authority, or remove the node's group"},
    {NoAccount::uid_of_the_node, "uid_of_the_node", "this node has another account with this uid",
     "another uid at the authority, or remove the node's account"},
    {NoAccount::uid_is_a_gid_of_the_node, "uid_is_a_gid_of_the_node",
     "a group or user of this node has this uid for a gid",
     "another uid at the authority, or another gid for them"},
    {NoAccount::login_is_a_group_in_sudoers, "login_is_a_group_in_sudoers",
     "sudoers names a group of this name, and the account's own would have it",
     "another login at the authority, or another group in sudoers"},
    {NoAccount::uid_is_a_gid_in_sudoers, "uid_is_a_gid_in_sudoers",
     "sudoers names a group of this number, and the account's own would have it",
     "another uid at the authority, or another group in sudoers"},
    {NoAccount::uid_of_a_removed_account, "uid_of_a_removed_account",
     "the uid was somebody else's, whose files may still be here",
     "another uid at the authority; free again after [accounts] keep_removed"},
    {NoAccount::uid_is_a_used_gid, "uid_is_a_used_gid",
     "the uid is or was the gid of a project's group, whose files may be here",
     "another uid at the authority: uids and gids from one counter"},
    {NoAccount::other_name_service, "other_name_service",
     "another name service has the login or uid, or has not answered yet",
     "getent -s SERVICE passwd LOGIN (group, too); another login or uid at the authority"},
    {NoAccount::group_without_gid, "group_without_gid", "the authority gives the group no gid",
     "set one at the authority, or have it allocate uids"},
    {NoAccount::group_name_not_ours, "group_name_not_ours",
     "the authority's name for the group does not begin with p-",
     "another name at the authority, or [accounts] group here"},
    {NoAccount::group_gid_out_of_range, "group_gid_out_of_range",
     "the gid is outside of [accounts] gid_range",
     "change the gid at the authority, or gid_range here"},
    {NoAccount::group_name_of_the_node, "group_name_of_the_node",
     "this node has a group of this name", "[accounts] group, or remove the node's group"},
    {NoAccount::group_gid_of_the_node, "group_gid_of_the_node",
     "a group or user of this node has this gid",
     "another gid at the authority, or another one for them"},
    {NoAccount::group_gid_is_a_uid, "group_gid_is_a_uid",
     "the gid is the uid, and so the own group, of somebody",
     "another gid at the authority: uids and gids from one counter"},
    {NoAccount::group_gids_shared, "group_gids_shared", "both groups of the project have one gid",
     "another gid at the authority"},
    {NoAccount::group_gid_of_a_removed_group, "group_gid_of_a_removed_group",
     "the gid was another group's, whose files may still be here",
     "another gid at the authority; free again after [accounts] keep_removed"},
    {NoAccount::id_may_be_anothers, "id_may_be_anothers",
     "this node lost its list of whom it had, and the id may be somebody else's",
     "if the authority gives no id twice: rm /var/lib/together/accounts.v1*; togetherctl refresh. "
     "Else after [accounts] keep_removed"},
});

consteval bool rows_stand_in_order() {
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (static_cast<std::size_t>(texts[i].reason) != i) return false;
    return texts.size() == static_cast<std::size_t>(NoAccount::id_may_be_anothers) + 1;
}
static_assert(rows_stand_in_order());

}  // namespace

std::span<const NoAccountText> no_account_texts() {
    return texts;
}

const NoAccountText& text_of(NoAccount reason) {
    return texts[static_cast<std::size_t>(reason)];
}

}  // namespace together
