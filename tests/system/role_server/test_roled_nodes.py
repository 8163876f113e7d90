# SPDX-License-Identifier: Apache-2.0
"""GET /v1/projects/{proj}/nodes: which nodes have a change, and which not yet."""

import threading
import time

import pytest

from support.roled import ON_POSTGRESQL, Roled
from support.waiting import wait_until


@pytest.fixture
def key(roled, project):
    return roled.node_key(project)


def report(name, version="0.1.0", mode="enforce"):
    return f"name={name}; version={version}; mode={mode}"


def ask(roled, project, key, name, etag=None, **kwargs):
    """As a node does: what it gets, it holds from then on."""
    return roled.roster(project, key, etag=etag, node=report(name, **kwargs))


def hold(roled, project, key, name):
    """A node that has the current roster and says so."""
    etag = ask(roled, project, key, name).headers["etag"]
    assert ask(roled, project, key, name, etag).status == 304
    return etag


def nodes(roled, project, query="", **kwargs):
    answer = roled.get(f"/v1/projects/{project}/nodes{query}", **kwargs)
    assert answer.status == 200, answer
    return answer.json


def names(listed):
    return [one["name"] for one in listed["data"]]


class Receipt:
    """A request for it that waits, on a thread of its own."""

    def __init__(self, roled, project, revision, etag=None):
        headers = {"Prefer": "wait=30", **({"If-None-Match": etag} if etag else {})}
        self.thread = threading.Thread(target=self._ask, args=(roled, project, revision, headers))
        self.thread.start()

    def _ask(self, roled, project, revision, headers):
        began = time.monotonic()
        self.answer = roled.get(f"/v1/projects/{project}/nodes?revision={revision}", headers=headers)
        self.took = time.monotonic() - began

    def result(self):
        self.thread.join(60)
        return self.answer


def test_what_a_node_says_of_itself_is_told(roled, project, key):
    before = int(time.time())
    ask(roled, project, key, "gpu1", version="0.2.0", mode="observe")
    one, = nodes(roled, project)["data"]
    assert before <= one.pop("last_seen") <= time.time()
    assert one == {"object": "project.node", "name": "gpu1", "version": "0.2.0", "mode": "observe", "revision": None}
    hold(roled, project, key, "gpu1")
    assert nodes(roled, project)["data"][0]["revision"] == roled.revision(project)


def test_a_change_names_its_revision_and_the_nodes_confirm_it(roled, project, key):
    for name in ("gpu1", "gpu2"):
        hold(roled, project, key, name)
    assert (nodes(roled, project)["confirmed"], nodes(roled, project)["waiting"]) == (2, 0)
    alice = roled.add_user("alice")
    added = roled.post(roled.collaborators(project), {"user_id": alice.id})
    revision = int(added.headers["together-revision"])
    assert revision == roled.revision(project)
    listed = nodes(roled, project, f"?revision={revision}")
    assert (listed["revision"], listed["confirmed"], listed["waiting"]) == (revision, 0, 2)
    hold(roled, project, key, "gpu2")
    listed = nodes(roled, project, f"?revision={revision}")
    assert (listed["confirmed"], listed["waiting"], names(listed)) == (1, 1, ["gpu1", "gpu2"])
    removed = roled.delete(f"{roled.collaborators(project)}/{alice.id}")
    assert int(removed.headers["together-revision"]) == revision + 1
    assert "together-revision" not in roled.patch(f"/v1/projects/{project}", {"name": "other"}).headers


def test_what_was_sent_to_a_node_is_not_yet_held_by_it(roled, project, key):
    hold(roled, project, key, "gpu1")
    roled.add_collaborator(project, roled.add_user("alice"))
    ask(roled, project, key, "gpu1", etag='"other"')
    assert nodes(roled, project)["waiting"] == 1


def test_a_receipt_waits_for_more(roled, project, key):
    for name in ("gpu1", "gpu2"):
        hold(roled, project, key, name)
    roled.add_collaborator(project, roled.add_user("alice"))
    revision = roled.revision(project)
    first = Receipt(roled, project, revision)
    wait_until(lambda: ask(roled, project, key, "gpu9") and first.thread.is_alive(), "it to wait")
    roled.settle()
    hold(roled, project, key, "gpu1")
    answer = first.result()
    assert answer.headers["preference-applied"] == "wait=30" and first.took < 25
    seen = answer.headers["etag"]
    hold(roled, project, key, "gpu2")
    hold(roled, project, key, "gpu9")
    # It is another state than the one that was seen, and then all have it.
    for etag in (seen, None):
        last = Receipt(roled, project, revision, etag)
        assert last.result().json["confirmed"] == 3 and last.took < 25


def test_a_node_that_waits_is_seen_and_one_whose_connection_ends_is_seen_no_longer(roled, project, key):
    etag = hold(roled, project, key, "gpu1")
    connection = roled.connect()
    roled.ask_for_roster(connection, project, key, etag=etag, wait=30, node=report("gpu1"))
    roled.settle()
    began = int(time.time())
    wait_until(lambda: nodes(roled, project)["data"][0]["last_seen"] > began, "it to be seen without asking")
    connection.close()

    def is_over():
        first, then = (nodes(roled, project)["data"][0]["last_seen"] for _ in range(2))
        return then < int(time.time()) and first == then
    wait_until(is_over, "it to be gone", 10)


@pytest.mark.parametrize("header", [
    "", "gpu1", "name=gpu1", report("gpu 1"), report("a" * 254), report("gpu1", mode="none"),
    report("gpu1", version="1" * 65), report("<script>"), report("../gpu1")])
def test_what_is_no_report_is_not_listed_and_harms_nothing(roled, project, key, header):
    assert roled.roster(project, key, node=header).status == 200
    assert nodes(roled, project)["data"] == []


def test_only_node_keys_of_the_project_report(roled, project, key):
    other = roled.create_project("other")
    assert roled.roster(other, key, node=report("gpu1")).status in (403, 404)
    assert roled.roster(project, roled.owner.token, node=report("gpu1")).status == 200
    api_key = roled.make("POST", f"/v1/projects/{project}/api_keys",
                         {"name": "x", "scopes": ["collaborators.read"]})["token"]
    assert roled.roster(project, api_key, node=report("gpu1")).status == 200
    assert nodes(roled, project)["data"] == nodes(roled, other)["data"] == []


def test_a_forged_name_and_revision_touch_one_row(roled, project, key):
    for name in ("gpu1", "gpu2"):
        hold(roled, project, key, name)
    before = {one["name"]: one["revision"] for one in nodes(roled, project)["data"]}
    forger = roled.node_key(project)
    epoch = hold(roled, project, forger, "gpu2").split("-")[0]
    ask(roled, project, forger, "gpu2", etag=f'{epoch}-{before["gpu2"] + 1000}-0"')
    after = {one["name"]: one["revision"] for one in nodes(roled, project)["data"]}
    assert after == {"gpu1": before["gpu1"], "gpu2": None}


def test_pages(roled, project, key):
    for name in ("a", "b", "c"):
        hold(roled, project, key, name)
    roled.add_collaborator(project, roled.add_user("alice"))
    hold(roled, project, key, "a")
    found, after = [], ""
    while after is not None:
        page = nodes(roled, project, "?limit=1" + (f"&after={after}" if after else ""))
        found += names(page)
        assert (page["confirmed"], page["waiting"]) == (1, 2)
        after = page["next_cursor"]
    assert found == ["b", "c", "a"]
    for query in ("after=x", "after=2-a", "revision=x", "revision=-1"):
        assert roled.get(f"/v1/projects/{project}/nodes?{query}").status == 400


def test_nodes_are_listed_after_a_restart_and_after_a_kill(roled, project, key):
    hold(roled, project, key, "gpu1")
    before = nodes(roled, project)
    roled.stop()
    roled.start()
    assert nodes(roled, project) == before
    hold(roled, project, key, "gpu2")
    wait_until(lambda: len(roled.rows("SELECT name FROM nodes")) == 2, "the second one to be written")
    roled.kill()
    roled.start()
    assert names(nodes(roled, project)) == ["gpu1", "gpu2"]


def test_who_is_silent_for_30_days_is_forgotten(roled, project, key):
    for name in ("gpu1", "gpu2"):
        hold(roled, project, key, name)
    roled.stop()
    roled.execute(f"UPDATE nodes SET last_seen_ms = {1000 * (int(time.time()) - 30 * 86400 - 60)} WHERE name = 'gpu1'")
    roled.start()
    assert names(nodes(roled, project)) == ["gpu2"]


def test_while_nobody_can_write_nodes_are_counted_and_written_later(roled, project, key):
    release = roled.lock_out_writers()
    try:
        hold(roled, project, key, "gpu1")
        assert nodes(roled, project)["confirmed"] == 1
    finally:
        release()
    wait_until(lambda: roled.rows("SELECT name FROM nodes"), "it to be written")


def test_replicas_know_each_others_nodes(roled, project, key, tmp_path):
    if not ON_POSTGRESQL:
        pytest.skip("TOGETHER_ROLED_STORE=postgresql")
    replica = Roled(tmp_path / "b", init=False, db=roled.db)
    replica.directory.mkdir()
    replica.owner, replica.organization = roled.owner, roled.organization
    with replica:
        hold(roled, project, key, "gpu1")
        hold(replica, project, key, "gpu2")
        for server in (roled, replica):
            wait_until(lambda: nodes(server, project)["confirmed"] == 2, "both", 30)
        alice = roled.add_user("alice")
        revision = roled.post(roled.collaborators(project), {"user_id": alice.id}).headers["together-revision"]
        receipt = Receipt(roled, project, revision)
        hold(replica, project, key, "gpu2")
        answer = receipt.result()
        assert answer.json["confirmed"] == 1 and receipt.took < 25 and names(answer.json) == ["gpu1", "gpu2"]
