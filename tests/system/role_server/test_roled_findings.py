# SPDX-License-Identifier: Apache-2.0
"""What an audit of the first server found and that must not come back: each a scenario, named after what
must be true. Those about HTTP itself are in test_roled_http.py, about JSON in test_roled_requests.py."""

import threading
import time

import pytest

from support.roled import with_checksum
from support.waiting import wait_until


# --- what one organization does to another -----------------------------------------------------------


def test_no_admin_sets_a_uid_in_another_organization(tenant, server):
    """Nor finds out who exists, nor has somebody on a roster who has not consented."""
    globex = server.tenant(next(server.tenants))
    carol, office = globex.add_user("carol"), globex.create_project("office")
    globex.add_collaborator(office, carol)
    before = globex.get(globex.collaborators(office)).text
    mallory = tenant.add_user("mallory", role="admin")
    lair = tenant.create_project("lair", token=mallory)
    assert tenant.patch(tenant.settings, {"external_collaborators": True}, token=mallory).status == 200
    email = f"{carol.login}@example.com"
    with_uid = tenant.post(tenant.collaborators(lair), {"email": email, "uid": 20001}, token=mallory)
    assert with_uid.status == 400 and carol.id not in with_uid.text
    made = tenant.post(tenant.collaborators(lair), {"email": email}, token=mallory)
    assert made.status == 202 and carol.id not in made.text and carol.login not in tenant.get(
        tenant.collaborators(lair), token=mallory).text
    assert globex.get(globex.collaborators(office)).text == before
    tenant.post("/v1/invitations/accept", {"token": made.json["token"]}, token=carol)
    tenant.make("PATCH", f"{tenant.collaborators(lair)}/{carol.id}", {"uid": 20001}, token=mallory)
    assert globex.get(globex.collaborators(office)).text == before, "carol's uid there is Globex's"
    assert globex.change_member(carol, uid=30001)["uid"] == 30001


def test_no_project_admin_stops_the_allocation_of_uids(tenant, server, cluster):
    """By giving somebody a number at the end, or one that means nobody."""
    alice, dave = tenant.add_user("alice"), tenant.add_user("dave")
    tenant.add_collaborator(cluster, alice, role="admin")
    path = tenant.collaborators(cluster)
    assert tenant.post(path, {"login": dave.login, "uid": 59999}, token=alice).status == 403
    for uid in (65533, 65534, 999_999_999):
        assert tenant.post(path, {"login": dave.login, "uid": uid}).code == "invalid_uid"
    tenant.make("POST", path, {"login": dave.login, "uid": 59999})
    for one in (tenant, server.tenant(next(server.tenants))):
        one.make("PATCH", one.settings, {"allocate_uids": True})
        assert 10000 <= one.get(one.member(one.add_user("erin"))).json["uid"] < 59999


# --- what a Member does to everybody ---------------------------------------------------------------------


def test_no_member_makes_nodes_fetch_by_sending_what_is_there_already(tenant, cluster):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    before = tenant.revision(cluster)
    for _ in range(30):
        assert tenant.patch("/v1/users/me", {"login": alice.login}, token=alice).status == 200
    assert tenant.revision(cluster) == before


def test_refused_requests_do_not_stop_readers_while_somebody_holds_the_write_lock(roled, project):
    """More of them than there are reading threads; a busy machine may be late once."""
    took = []
    while not took or min(took) >= 1.0:
        assert len(took) < 5, took
        let_writers_in = roled.lock_out_writers()
        refused = [threading.Thread(target=roled.get, args=(f"/v1/projects/none{i}",)) for i in range(12)]
        began = time.monotonic()
        for one in refused:
            one.start()
        assert roled.get("/v1/whoami").status == 200
        for one in refused:
            one.join()
        took.append(time.monotonic() - began)
        let_writers_in()
    assert wait_until(lambda: roled.trail(outcome="refused"), "the refusals to be written, later")


def test_a_member_who_is_refused_without_end_does_not_flood_the_trail(roled):
    """Each is counted; a colleague's changes go on meanwhile."""
    alice, connection = roled.add_user("alice"), roled.connect()
    before = len(roled.trail())
    for i in range(300):
        assert roled.get(f"/v1/projects/none{i}" + "x" * 150, token=alice, connection=connection).status == 404
        if i % 100 == 0:
            assert roled.patch("/v1/users/me", {"name": f"Ann {i}"}).status == 200
    connection.close()
    roled.stop()
    new = [record for record in roled.trail()[before:] if record["outcome"] == "refused"]
    assert len(new) <= 4 and {record["actor"] for record in new} == {alice.id}
    assert sum(record["count"] for record in new) == 300


def test_a_wrong_secret_is_nobodys_act_and_many_are_one_record(roled, project):
    """The id of a key is no secret: whoever has it must not be able to sign with it."""
    made = roled.make("POST", f"/v1/projects/{project}/node_keys", {"name": "nodes"})
    wrong, connection = with_checksum(made["token"][:16] + "0" * 30), roled.connect()
    for i in range(50):
        assert roled.get(f"/v1/projects/x{i}", token=wrong, connection=connection).status == 401
    connection.close()
    roled.stop()
    assert roled.trail(key_id=made["id"]) == [] and roled.trail(actor=made["id"]) == []
    probed = roled.trail(action="probed")
    assert {(record["target"], record["actor"], record["address"]) for record in probed} == {
        (made["id"], "", "127.0.0.1")}
    # Counted by the minute: where one ended on the way, fewer than twenty before or after it are no record.
    assert 50 - 19 <= sum(record["count"] for record in probed) <= 50 and len(probed) <= 2


def test_a_mistyped_secret_is_no_probe(roled, project):
    token = roled.node_key(project)
    for _ in range(5):
        assert roled.get("/v1/whoami", token=with_checksum(token[:16] + "0" * 30)).status == 401
    roled.stop()
    assert roled.trail(action="probed") == []


# --- the trail --------------------------------------------------------------------------------------------


def test_the_trail_has_an_order_that_a_reader_can_follow_while_it_grows(roled):
    """No number is left out, and none appears behind one that was read already."""
    admins = [roled.add_user(f"a{i}", role="admin") for i in range(4)]
    stranger, done, read = roled.add_user("alice"), threading.Event(), []

    def change(admin):
        connection = roled.connect()
        for i in range(15):
            roled.post(f"{roled.settings}/projects", {"name": f"{admin.login}-{i}"}, token=admin, connection=connection)
            roled.post(f"{roled.settings}/projects", {"name": "x"}, token=stranger, connection=connection)
        connection.close()

    def export():
        connection, after = roled.connect(), 0
        while True:
            last_round = done.is_set()
            path = f"{roled.settings}/audit?after={after}&limit=7"
            page = roled.make("GET", path, connection=connection)["data"]
            read.extend(page)
            after = page[-1]["seq"] if page else after
            if last_round and not page:
                break
        connection.close()

    threads = [threading.Thread(target=change, args=(admin,)) for admin in admins]
    exporter = threading.Thread(target=export)
    for thread in (*threads, exporter):
        thread.start()
    for thread in threads:
        thread.join()
    roled.recorded(actor=stranger.id, action="projects.create")
    done.set()
    exporter.join()
    roled.stop()
    stored = roled.trail()
    assert [record["seq"] for record in stored] == list(range(1, len(stored) + 1))
    assert [record["seq"] for record in read] == sorted(record["seq"] for record in read)
    written_by_then = [record["seq"] for record in stored if record["organization_id"] == roled.organization
                       and record["seq"] <= read[-1]["seq"]]
    assert [record["seq"] for record in read] == written_by_then
    made = roled.trail(action="projects.create", outcome="allowed")
    assert len(made) == 60 and read[-1]["seq"] >= made[-1]["seq"]


@pytest.mark.parametrize("login", ["jenkins", "deploy", "git", "ceph", "slurmdbd", "nvidia-persistenced", "postgres",
                                   "Jenkins", "systemd-resolve", "munge"])
def test_nobody_takes_the_name_of_a_daemon_for_a_login(tenant, login):
    newcomer = tenant.add_user(None, email=f"{tenant.prefix}new@example.com")
    assert tenant.patch("/v1/users/me", {"login": login}, token=newcomer).code == "reserved_login"


def test_nobody_collects_logins_and_their_organization_sees_who_chose_which(tenant):
    newcomer = tenant.add_user(None, email=f"{tenant.prefix}new@example.com")
    chosen = f"{tenant.prefix}first"
    assert tenant.patch("/v1/users/me", {"login": chosen}, token=newcomer).status == 200
    for i in range(5):
        assert tenant.patch("/v1/users/me", {"login": f"{chosen}{i}"}, token=newcomer).code == "login_is_set"
    listed = tenant.get(f"{tenant.settings}/audit").json["data"]
    record, = [one for one in listed if one["actor"] == newcomer.id and one["outcome"] == "allowed"]
    assert f'"{chosen}"' in record["after"] and f'"{chosen}"' not in record["before"]


def test_a_name_that_two_organizations_bear_gives_nobody_the_others_admins(roled):
    """ann renames hers to what the operator is about to make."""
    later = roled.command("organization add", "--organization", "Later", "--owner", "tom@example.com")
    assert roled.patch(roled.settings, {"name": "Later"}).status == 200
    done = roled.run("user add", "--organization", "Later", "--email", "new@example.com", "--role", "admin")
    assert done.returncode != 0
    assert roled.organization in done.stderr and later["organization_id"] in done.stderr
    assert "new@example.com" not in roled.get(f"{roled.settings}/members").text


def test_ones_own_profile_stays_small_and_projects_come_in_pages(tenant):
    projects = {tenant.default_project} | {tenant.create_project(f"p{i}") for i in range(6)}
    assert set(tenant.get("/v1/users/me").json) == {"object", "id", "email", "name", "login"}
    seen, after = [], ""
    while after is not None:
        page = tenant.get("/v1/users/me/projects?limit=3" + (f"&after={after}" if after else "")).json
        assert len(page["data"]) <= 3
        seen += [one["id"] for one in page["data"]]
        after = page["next_cursor"]
    assert len(seen) == 7 and set(seen) == projects


def test_noting_a_keys_use_takes_nobody_the_patience_to_wait_for_another_writer(roled):
    """On no connection of the pool."""
    admins = [roled.add_user(f"a{i}", role="admin") for i in range(6)]
    for admin in admins:
        assert roled.get("/v1/whoami", token=admin).status == 200
    wait_until(lambda: all(key["last_used_at"] for admin in admins
                           for key in roled.get("/v1/users/me/tokens", token=admin).json["data"]), "the uses")
    let_writers_in = roled.lock_out_writers()
    statuses = []
    changes = [threading.Thread(target=lambda admin=admin: statuses.append(
        roled.patch("/v1/users/me", {"name": "A"}, token=admin).status)) for admin in admins]
    for change in changes:
        change.start()
    roled.settle()
    assert statuses == []
    let_writers_in()
    for change in changes:
        change.join()
    assert statuses == [200] * 6


def test_whoever_makes_a_project_stays_its_admin(tenant):
    root = tenant.add_user("roota", role="admin")
    project = tenant.create_project("roots", token=root)
    before = tenant.get(tenant.collaborators(project), token=root).json["revision"]
    assert tenant.change_member(root, role="member")["consequences"]["rosters"] == [tenant.default_project]
    roster = tenant.get(tenant.collaborators(project), token=root).json
    assert [(one["login"], one["role"]) for one in roster["data"]] == [(root.login, "admin")]
    assert roster["revision"] == before
    assert tenant.patch(f"/v1/projects/{project}", {"name": "still mine"}, token=root).status == 200
