# SPDX-License-Identifier: Apache-2.0
"""Who is in a project, and the receipt of each change."""

import contextlib
import os
import pty
import re
import subprocess
import time
from pathlib import Path

from support.people import TOGETHER, Person, watching_nodes
from support.roled import Roled, User, with_checksum
from support.waiting import wait_until


def logins(ann: Person) -> list[str]:
    return sorted(ann.does("collaborators", "--quiet").split())


def test_from_adding_to_removing(ann: Person, roled: Roled, cluster: str) -> None:
    roled.add_user("bob")
    assert ann.does("collaborators", "add", "bob") == \
        "bob is a Member of cluster: no node has reported itself yet\n"
    assert logins(ann) == ["ann", "bob"]
    assert ann.does("collaborators", "promote", "BOB").startswith("bob is an Admin of cluster")
    assert roled.entries(cluster)["bob"]["role"] == "admin"
    assert ann.does("collaborators", "demote", "bob").startswith("bob is a Member of cluster")
    assert roled.entries(cluster)["bob"]["role"] == "member"
    assert re.match(r"bob ends 20\S+Z in cluster", ann.does("collaborators", "until", "bob", "--until", "30d"))
    assert ann.does("collaborators", "until", "bob", "--until", "never").startswith("bob has no end in cluster")
    assert ann.does("collaborators", "remove", "bob").startswith("bob is removed from cluster")
    assert logins(ann) == ["ann"]


def test_the_table(ann: Person, bob: Person) -> None:
    head, *rows = ann.does("collaborators").splitlines()
    assert head.split() == ["LOGIN", "ROLE", "UID", "EXTERNAL", "ID"]
    assert sorted(row.split()[:4] for row in rows) == [["ann", "admin", "-", "no"], ["bob", "member", "-", "no"]]
    assert {one["login"] for one in ann.reads("collaborators")["data"]} == {"ann", "bob"}


def test_added_as_an_admin_until_a_day_and_by_id(ann: Person, roled: Roled, cluster: str) -> None:
    user = roled.add_user("carol")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 9 * 86400))
    ann.does("collaborators", "add", user.id, "--admin", "--until", day)
    carol = roled.get(f"{roled.collaborators(cluster)}/{user.id}").json
    assert carol["role"] == "admin"
    assert time.strftime("%Y-%m-%d %H:%M", time.gmtime(carol["until"])) == f"{day} 00:00"


def test_who_is_no_member_gets_an_invitation(ann: Person, roled: Roled) -> None:
    assert ann.fails(4, "collaborators", "add", "dora@example.com").startswith("No such user")
    roled.allow_externals()
    told, token = ann.does("collaborators", "add", "dora@example.com").splitlines()
    assert f"together accept {roled.base_url}" in told
    assert token.startswith("tgi_")
    assert ann.does("collaborators", "add", "eve@example.com", "--quiet").startswith("tgi_")
    assert ann.reads("collaborators", "add", "flo@example.com")["answer"]["token"].startswith("tgi_")


def test_the_receipt_counts_the_nodes(ann: Person, bob: Person, roled: Roled, cluster: str, folder: Path) -> None:
    with watching_nodes(folder, roled, cluster, "gpu1", "gpu2", "gpu3"):
        done = ann.does("collaborators", "remove", "bob", "--wait", "20s")
        told = re.fullmatch(r"bob is removed from cluster: 3 of 3 nodes after (\d\.\d) s\n", done)
        assert told and float(told[1]) < 20
        listed = ann.does("nodes").splitlines()
        assert listed[0] == f"3 of 3 nodes hold revision {roled.revision(cluster)} of cluster"
        assert [line.split()[0] for line in listed[1:]] == ["NODE", "gpu1", "gpu2", "gpu3"]
        receipt, = ann.reads("collaborators", "add", "bob", "--wait", "20s")["receipts"]
        assert receipt.pop("after_ms") < 20000
        assert receipt == {"project_id": cluster, "revision": roled.revision(cluster), "confirmed": 3, "waiting": 0,
                           "observing": 0, "not_yet": []}


def test_a_node_that_only_observes_is_told(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    """It has the roster, and lets everybody in all the same."""
    answer = roled.roster(cluster, roled.node_key(cluster), node="name=gpu1; version=0.1.0; mode=observe")
    roled.roster(cluster, roled.node_key(cluster), etag=answer.headers["etag"],
                 node="name=gpu1; version=0.1.0; mode=observe")
    told = ann.run("collaborators", "promote", "bob", "--wait", "1s").stdout
    assert told.rstrip().endswith("; 1 only observes and refuses nobody (together nodes)"), told


def silence(roled: Roled, name: str, seconds: int) -> None:
    """Was seen last so long ago."""
    roled.stop()
    roled.execute(f"UPDATE nodes SET last_seen_ms = last_seen_ms - {seconds * 1000} WHERE name = '{name}'")
    roled.start()


def report(roled: Roled, cluster: str, key: str, name: str) -> None:
    node = f"name={name}; version=0.1.0; mode=enforce"
    etag = roled.roster(cluster, key, node=node).headers["etag"]
    assert roled.roster(cluster, key, etag=etag, node=node).status == 304


def test_it_says_who_has_it_not_and_since_when_they_are_silent(ann: Person, bob: Person, roled: Roled, cluster: str,
                                                             folder: Path) -> None:
    report(roled, cluster, roled.node_key(cluster), "node17")
    silence(roled, "node17", 300)
    with watching_nodes(folder, roled, cluster, "gpu1"):
        done = ann.does("collaborators", "promote", "bob")
        assert re.fullmatch(r"bob is an Admin of cluster: 1 of 2 nodes after \d\.\d s; not yet: node17, silent for 5m\n",
                            done)
        waited = ann.run("collaborators", "demote", "bob", "--wait", "1s")
        assert (waited.returncode, waited.stderr) == (1, "")
        assert "1 of 2 nodes" in waited.stdout and "node17" in waited.stdout
        assert ann.reads("collaborators", "promote", "bob", "--wait", "1s", status=1)["receipts"][0]["waiting"] == 1
        assert ann.does("nodes").splitlines()[2].split()[0] == "node17"


def test_as_many_wait_as_like(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    """Four of a token have a place at the authority; the others ask again and again, and get the same answer."""
    report(roled, cluster, key := roled.node_key(cluster), "gpu1")
    ann.does("collaborators", "promote", "bob")
    roled.stop()
    roled.options += ["--log-requests"]
    roled.start()
    waiting = [subprocess.Popen([TOGETHER, "collaborators", "promote", "bob", "--wait", "60s"], env=ann.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    # Each asks once for the state, then to be told; the two without a place are answered at once.
    began = time.monotonic()
    wait_until(lambda: roled.log_text().count(f"/v1/projects/{cluster}/nodes") > 20, "those without a place")
    assert time.monotonic() - began > 1  # with pauses that grow
    report(roled, cluster, key, "gpu1")
    for process in waiting:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "") and "1 of 1 node after" in out, out


def everything_from(terminal: int) -> str:
    """Whose other end is closed: one read may give a part of what was written."""
    seen = b""
    with contextlib.suppress(OSError):  # EIO is a terminal's end
        while part := os.read(terminal, 4096):
            seen += part
    return seen.decode()


def test_who_watches_sees_it_come(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    report(roled, cluster, roled.node_key(cluster), "gpu1")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([TOGETHER, "collaborators", "promote", "bob"], env=ann.environment, stderr=theirs,
                               stdout=subprocess.PIPE, text=True)
    told, _ = process.communicate(timeout=60)
    os.close(theirs)
    seen = everything_from(ours)
    os.close(ours)
    assert seen.startswith("\r\x1b[Kcluster: 0 of 1 node after 0.") and seen.endswith("\r\x1b[K")
    assert told.startswith("bob is an Admin of cluster: 0 of 1 node after ")


def test_many_silent_nodes_are_not_all_told(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    key = roled.node_key(cluster)
    for number in range(8):
        report(roled, cluster, key, f"n{number}")
    roled.stop()
    roled.execute("UPDATE nodes SET last_seen_ms = last_seen_ms - 7200000")
    roled.start()
    done = ann.does("collaborators", "remove", "bob")
    assert "0 of 8 nodes" in done and "n4, silent for 2h; and 3 more (together nodes)" in done


def test_a_change_of_nothing_has_no_receipt(ann: Person, bob: Person) -> None:
    assert ann.does("collaborators", "demote", "bob") == "bob is a Member of cluster\n"


def test_waiting_for_a_change_of_nothing_waits_for_the_one_before(ann: Person, bob: Person, roled: Roled,
                                                                  cluster: str) -> None:
    report(roled, cluster, roled.node_key(cluster), "node17")
    ann.does("collaborators", "promote", "bob")
    done = ann.run("collaborators", "promote", "bob", "--wait", "1s")
    assert done.returncode == 1 and "0 of 1 node after" in done.stdout


def test_a_dry_run_changes_nothing(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    told = ann.does("collaborators", "remove", "bob", "--dry-run")
    assert told.splitlines() == ["Nothing was changed (--dry-run). It can be done.", "  no longer in: cluster",
                                 "  changes the rosters of: cluster"]
    assert ann.reads("collaborators", "promote", "bob", "--dry-run")["object"] == "dry_run"
    assert roled.entries(cluster)["bob"]["role"] == "member"


def test_refusals_say_who_could(bob: Person) -> None:
    told = bob.fails(3, "collaborators", "remove", "ann")
    assert "needs an Admin of the project; you are Member." in told and told.endswith("Ask: ann.")
    assert bob.reads("collaborators", "remove", "ann", status=3)["error"]["message"] == told


def test_names_that_there_are_not(ann: Person, bob: Person) -> None:
    assert ann.fails(4, "collaborators", "remove", "bab") == \
        'no collaborator of cluster is called "bab"; there are: ' + ", ".join(
            one["login"] for one in ann.reads("collaborators")["data"])
    assert "No such user" in ann.fails(4, "collaborators", "add", "nobody")
    assert 'called "clutser"; there are: ' in ann.fails(4, "collaborators", "--project", "clutser")


def test_rules_of_the_authority(ann: Person, bob: Person) -> None:
    assert "Admin" in ann.fails(5, "collaborators", "remove", "ann")
    assert "Admin of the organization is Admin" in ann.fails(5, "collaborators", "demote", "ann")


def test_ambiguous_projects(ann: Person, roled: Roled, cluster: str) -> None:
    """A name is unique in an organization alone."""
    made = roled.command("organization add", "--organization", "Elsewhere", "--owner", "eve@example.com")
    eve, elsewhere = User(made["user_id"], made["token"]), f"/v1/organizations/{made['organization_id']}"
    other = roled.make("POST", f"{elsewhere}/projects", {"name": "cluster"}, token=eve)["id"]
    roled.make("PATCH", elsewhere, {"external_collaborators": True}, token=eve)
    roled.make("POST", roled.collaborators(other), {"user_id": roled.owner.id}, token=eve)
    told = ann.fails(4, "collaborators", "--project", "cluster")
    assert told.startswith('more than one project of yours is called "cluster": name its id, one of ')
    assert {cluster, other} <= set(re.findall(r"proj_\w+", told))
    assert ann.does("collaborators", "--project", cluster, "--quiet") == "ann\n"


def test_which_project_is_asked_where_there_are_several(ann: Person) -> None:
    ann.login()
    told = ann.fails(4, "collaborators")
    assert told.startswith("which project? You are in ") and "together projects use" in told


def test_wrong_values(ann: Person, bob: Person) -> None:
    assert "is no time" in ann.fails(2, "collaborators", "add", "bob", "--until", "soon")
    assert "is missing" in ann.fails(2, "collaborators", "until", "bob")
    assert "is no duration" in ann.fails(2, "collaborators", "remove", "bob", "--wait", "long")
    assert "unknown verb" in ann.fails(2, "collaborators", "remvoe", "bob")
    assert "bob" in ann.does("collaborators", "--quiet")


def test_a_token_that_was_revoked(ann: Person, roled: Roled) -> None:
    ann.token = with_checksum("tgu_" + "0" * 42)
    ann.credentials.write_text(ann.credentials.read_text().replace(roled.owner.token, ann.token))
    told = ann.fails(6, "collaborators")
    assert told.startswith(f"{roled.base_url} does not accept your token: ")
    assert told.endswith(f"together login {roled.base_url}")
