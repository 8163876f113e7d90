# SPDX-License-Identifier: Apache-2.0
"""Uids, groups and gids: an organization's own numbers, each given once."""

import pytest


def gids(project):
    return project["gid"], project["admin_gid"]


def get(tenant, project):
    return tenant.get(f"/v1/projects/{project}").json


def test_a_project_has_a_group_of_its_name_and_two_gids(tenant):
    default = get(tenant, tenant.default_project)
    assert default["group"] == "p-default-project" and gids(default) == (10000, 10001)
    cluster = get(tenant, tenant.create_project("GPU Cluster (A100)"))
    assert cluster["group"] == "p-gpu-cluster-a100" and gids(cluster) == (10002, 10003)
    assert get(tenant, tenant.create_project("gpu cluster a100"))["group"] == "p-gpu-cluster-a100-2"
    assert get(tenant, tenant.create_project("东京"))["group"] == "p-project"
    assert len(get(tenant, tenant.create_project("x" * 100))["group"]) == 25


def test_a_group_can_be_chosen_and_changed_and_rosters_show_it(tenant):
    made = tenant.make("POST", f"{tenant.settings}/projects", {"name": "cluster", "group": "p-gpu"})
    assert made["group"] == "p-gpu"
    key = tenant.node_key(made["id"])
    shown = tenant.roster(made["id"], key, query="?include=accounts").json
    assert shown["group"] == {"name": "p-gpu", "gid": made["gid"], "admin_gid": made["admin_gid"]}
    changed = tenant.make("PATCH", f"/v1/projects/{made['id']}", {"group": "p-gpus"})
    assert (changed["group"], gids(changed)) == ("p-gpus", gids(made))
    told = tenant.roster(made["id"], key, query="?include=accounts").json
    assert told["group"]["name"] == "p-gpus" and told["revision"] == shown["revision"] + 1
    assert "group" not in tenant.roster(made["id"], key).json


@pytest.mark.parametrize("group", ["", "p-", "gpu", "p-A", "p-a b", "p-" + "a" * 24, "p-é", "root"])
def test_groups_are_well_formed(tenant, cluster, group):
    answer = tenant.patch(f"/v1/projects/{cluster}", {"group": group})
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, "invalid_group", "group")


def test_a_group_and_its_gids_are_never_another_projects_not_even_of_one_that_is_deleted(tenant):
    gone = tenant.create_project("gone")
    before = get(tenant, gone)
    tenant.make("DELETE", f"/v1/projects/{gone}")
    answer = tenant.post(f"{tenant.settings}/projects", {"name": "new", "group": before["group"]})
    assert (answer.status, answer.code) == (409, "group_taken")
    again = get(tenant, tenant.create_project("gone"))
    assert again["group"] == "p-gone-2" and not set(gids(again)) & set(gids(before))


def test_uids_and_gids_are_one_space(tenant, cluster):
    alice = tenant.add_user("alice")
    answer = tenant.patch(tenant.member(alice), {"uid": get(tenant, cluster)["gid"]})
    assert (answer.status, answer.code) == (409, "uid_taken")
    top = get(tenant, cluster)["admin_gid"]
    tenant.change_member(alice, uid=top + 1)
    other = get(tenant, tenant.create_project("other"))
    assert gids(other) == (top + 2, top + 3), "past the uid"


def test_two_organizations_have_numbers_of_their_own(tenant, server):
    other = server.tenant(next(server.tenants))
    alice, bob = tenant.add_user("alice", uid=20001), other.add_user("bob", uid=20001)
    tenant.command("user add", "--organization", other.organization, "--email", f"{alice.login}@example.com")
    assert other.change_member(alice, uid=30001)["uid"] == 30001
    assert tenant.get(tenant.member(alice)).json["uid"] == 20001
    assert other.get(other.member(bob)).json["uid"] == 20001


@pytest.mark.parametrize("uid", [0, -1, 999, 9999, 60000, 65534, 65535, 4294967295])
def test_a_uid_lies_in_the_organizations_range(tenant, uid):
    alice = tenant.add_user("alice")
    answer = tenant.patch(tenant.member(alice), {"uid": uid})
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, "invalid_uid", "uid")


def test_a_set_uid_does_not_change(tenant):
    alice = tenant.add_user("alice", uid=20001)
    answer = tenant.patch(tenant.member(alice), {"uid": 20002})
    assert (answer.status, answer.code) == (409, "uid_already_set")
    assert tenant.change_member(alice, uid=20001)["uid"] == 20001


@pytest.mark.parametrize("first, last", [(999, 59999), (20000, 19999), (10000, 4294967294)])
def test_a_range_is_one_that_nodes_can_have(tenant, first, last):
    answer = tenant.patch(tenant.settings, {"first_id": first, "last_id": last})
    assert (answer.status, answer.code) == (400, "invalid_id_range")


def test_a_range_that_is_used_up_says_so_and_can_be_widened(tenant):
    tenant.make("PATCH", tenant.settings, {"first_id": 20000, "last_id": 20002})
    tenant.create_project("a")
    path = f"{tenant.settings}/projects"
    answer = tenant.post(path, {"name": "b"})
    assert (answer.status, answer.code) == (409, "ids_exhausted")
    assert "b" not in {one["name"] for one in tenant.get(path).json["data"]}, "nothing of it is left"
    tenant.make("PATCH", tenant.settings, {"last_id": 20005})
    assert gids(get(tenant, tenant.create_project("b"))) == (20002, 20003)


def test_what_means_nobody_is_not_given(tenant):
    tenant.make("PATCH", tenant.settings, {"first_id": 65533, "last_id": 65540})
    assert gids(get(tenant, tenant.create_project("a"))) == (65533, 65536)


def test_a_number_at_the_end_does_not_stop_allocation(tenant):
    """The lowest that was left out is given then."""
    tenant.make("PATCH", tenant.settings, {"allocate_uids": True})
    first = tenant.get(tenant.member(tenant.owner)).json["uid"]
    tenant.add_user("dave", uid=59999)
    uids = [tenant.get(tenant.member(tenant.add_user(name))).json["uid"] for name in ("eve", "fay")]
    assert uids == [first + 1, first + 2]


def test_external_collaborators_have_uids_of_the_organization_that_they_visit(tenant, cluster):
    tenant.allow_externals()
    tenant.make("PATCH", tenant.settings, {"allocate_uids": True})
    with tenant.elsewhere() as elsewhere:
        carol = tenant.add_user("carol")
        home = tenant.member(carol)
    added = tenant.add_collaborator(cluster, carol)
    assert 10000 <= added["uid"] <= 59999
    owner = tenant.command("user add", "--organization", elsewhere, "--email", f"{tenant.prefix}x@example.com",
                           "--role", "admin")
    assert tenant.get(home, token=owner["token"]).json["uid"] is None


def test_switching_allocation_on_gives_everybody_a_uid_who_has_none(tenant, cluster):
    alice, bob = tenant.add_user("alice"), tenant.add_user("bob", uid=30000)
    tenant.add_collaborator(cluster, alice)
    before = tenant.revision(cluster)
    tenant.make("PATCH", tenant.settings, {"allocate_uids": True})
    assert tenant.get(tenant.member(bob)).json["uid"] == 30000
    uids = {login: one["uid"] for login, one in tenant.entries(cluster).items()}
    assert None not in uids.values() and len(set(uids.values())) == 2
    assert tenant.revision(cluster) == before + 1


def test_external_collaborators_take_half_of_the_range_at_most(tenant, server, cluster):
    """And whoever was one and is gone still counts: a number is given once."""
    tenant.allow_externals()
    tenant.make("PATCH", tenant.settings, {"allocate_uids": True, "last_id": 10009})
    other = server.tenant(next(server.tenants))
    guests = [other.add_user(f"guest{number}") for number in range(6)]
    admin = tenant.add_user("local")
    tenant.add_collaborator(cluster, admin, role="admin")
    path = tenant.collaborators(cluster)
    tenant.make("PATCH", tenant.settings, {"last_id": 10014})  # 5 given, 10 left; half is 7
    for guest in (*guests, other.add_user("guest6")):
        tenant.make("POST", path, {"user_id": guest.id}, token=admin)
    tenant.remove_collaborator(cluster, guests[0])
    late = other.add_user("late")
    answer = tenant.post(path, {"user_id": late.id}, token=admin)
    assert (answer.status, answer.code) == (409, "external_ids_exhausted")
    assert "7 uids, half of those from 10000 to 10014" in answer.json["error"]["message"]
    assert late.login not in tenant.entries(cluster)
    tenant.add_collaborator(cluster, guests[0]), "has one already"
    assert tenant.get(tenant.member(tenant.add_user("dave"))).json["uid"], "a member"
    tenant.make("PATCH", tenant.settings, {"last_id": 10019})
    tenant.make("POST", path, {"user_id": late.id}, token=admin)


def test_an_organization_that_has_used_up_its_numbers_takes_none_of_another(tenant, server):
    tenant.make("PATCH", tenant.settings, {"allocate_uids": True, "last_id": 10004})
    for number in range(2):
        tenant.add_user(f"member{number}")
    with pytest.raises(RuntimeError, match="All ids from 10000 to 10004 are given"):
        tenant.add_user("one-too-many")
    answer = tenant.post("/v1/invitations/accept", {"token": tenant.invite(f"{tenant.prefix}x@example.com")}, token=None)
    assert (answer.status, answer.code) == (409, "ids_exhausted")
    other = server.tenant(next(server.tenants))
    other.make("PATCH", other.settings, {"allocate_uids": True})
    assert 10000 <= other.get(other.member(other.add_user("bob"))).json["uid"] <= 59999
