# SPDX-License-Identifier: Apache-2.0
"""Stopping, being killed, many at once."""

import http.client
import os
import pathlib
import re
import signal
import threading
import time

import pytest

from support.long_poll import Waiting
from support.roled import ON_POSTGRESQL, Roled, binary
from support.waiting import wait_until


def test_sigterm_while_idle_exits_0_at_once(tmp_path):
    roled = Roled(tmp_path).start()
    began = time.monotonic()
    assert roled.stop() == 0 and time.monotonic() - began < 5  # of the 10 s that it gives clients


def test_sigint_too(tmp_path):
    roled = Roled(tmp_path).start()
    roled.process.send_signal(signal.SIGINT)
    assert roled.process.wait(10) == 0
    roled.stop()


def test_sigterm_answers_those_who_wait(tmp_path):
    roled = Roled(tmp_path).start()
    project = roled.create_project()
    key = roled.node_key(project)
    etag = roled.roster(project, key).headers["etag"]
    waiting = [Waiting(roled, project, key, etag, 60) for _ in range(20)]
    roled.settle()
    assert roled.stop() == 0
    for one in waiting:
        assert one.result().status == 304 and one.took < 20
        assert one.answer.headers["connection"] == "close"


def test_while_stopping_readyz_says_so_and_nobody_is_held(tmp_path):
    roled = Roled(tmp_path)
    roled.drain_ms = 5000
    roled.start()
    project = roled.create_project()
    key = roled.node_key(project)
    etag = roled.roster(project, key).headers["etag"]
    assert roled.get("/readyz", token=None).status == 200
    roled.process.send_signal(signal.SIGTERM)
    ready = wait_until(roled.unready, "503")
    assert ready.headers["connection"] == "close"
    assert roled.get("/healthz", token=None).status == 200
    began = time.monotonic()
    answer = roled.roster(project, key, etag=etag, wait=30)
    assert answer.status == 304 and "preference-applied" not in answer.headers
    assert time.monotonic() - began < 5
    assert roled.process.wait(20) == 0
    roled.stop()


def test_what_is_under_way_is_finished(tmp_path):
    """A client sends its body slowly while the server is told to stop."""
    roled = Roled(tmp_path).start()
    body = b'{"name":"late"}'
    with roled.socket() as client:
        client.sendall((f"POST /v1/organizations/{roled.organization}/projects HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Bearer {roled.owner.token}\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:5])
        roled.settle()
        roled.process.send_signal(signal.SIGTERM)
        wait_until(roled.refuses_connections, "the end of the drain")
        client.sendall(body[5:])
        text = client.makefile("rb").read().decode()
    assert text.startswith("HTTP/1.1 201") and "connection: close" in text.lower()
    assert roled.process.wait(10) == 0
    roled.stop()
    with roled:
        names = roled.get(f"/v1/organizations/{roled.organization}/projects").text
        assert '"late"' in names


def test_it_leaves_no_core(tmp_path, monkeypatch):
    """It would hold tokens. As another user than root: the kernel shows by the owner of its files whether
    a process may be dumped."""
    nobody = tmp_path / "nobody"
    nobody.write_text(f'#!/bin/sh\nulimit -c unlimited\nexec setpriv --reuid=65534 --clear-groups {binary()} "$@"\n')
    nobody.chmod(0o755)
    roled = Roled(tmp_path)
    for path in (tmp_path, *tmp_path.iterdir()):
        os.chown(path, 65534, -1)
    for parent in (tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    monkeypatch.setenv("TOGETHER_ROLED", str(nobody))
    with roled:
        proc = pathlib.Path(f"/proc/{roled.process.pid}")
        limits = (proc / "limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), limits
        assert proc.stat().st_uid == 65534
        assert (proc / "environ").stat().st_uid == 0


def test_a_client_that_never_finishes_does_not_keep_it_from_stopping(tmp_path):
    roled = Roled(tmp_path).start()
    with roled.socket(timeout=30) as client:
        client.sendall(b"POST /v1/whoami HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        roled.settle()
        began = time.monotonic()
        assert roled.stop() == 0 and time.monotonic() - began < 15


@pytest.mark.parametrize("round_number", range(3))
def test_kill_9_loses_nothing_that_was_answered(tmp_path, round_number):
    roled = Roled(tmp_path).start()
    answered, done = [], threading.Event()
    admins = [roled.add_user(f"admin-{worker}", role="admin") for worker in range(4)]

    def create(worker):
        connection = roled.connect()
        number = 0
        while not done.is_set():
            number += 1
            name = f"p-{worker}-{number}"
            try:
                answer = roled.post(f"/v1/organizations/{roled.organization}/projects", {"name": name},
                                    connection=connection, token=admins[worker])
            except (OSError, http.client.HTTPException):
                return
            if answer.status != 429:
                assert answer.status == 201
                answered.append(name)

    workers = [threading.Thread(target=create, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    wait_until(lambda: len(answered) > 10 + 40 * round_number, "answers", 30)
    roled.kill()
    done.set()
    for worker in workers:
        worker.join()
    with roled:
        kept, after = set(), ""
        while after is not None:
            page = roled.get(f"/v1/organizations/{roled.organization}/projects?limit=1000"
                             + (f"&after={after}" if after else "")).json
            kept |= {one["name"] for one in page["data"]}
            after = page["next_cursor"]
        assert set(answered) <= kept
        recorded = roled.rows("SELECT seq FROM trail WHERE action = 'projects.create'")
        assert len(recorded) == len(kept) - 1, "a change and its record are one"
        if not ON_POSTGRESQL:
            assert roled.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_concurrent_changes_do_not_lose_a_revision(roled, project):
    users = [roled.add_user(f"u{i}") for i in range(24)]
    admins = [roled.add_user(f"a{i}", role="admin") for i in range(6)]
    for admin in admins:
        roled.make("POST", f"/v1/projects/{project}/join", {}, token=admin)
    start = roled.get(roled.collaborators(project)).json["revision"]
    failures = []

    def add(mine, admin):
        connection = roled.connect()
        for user in mine:
            answer = roled.post(roled.collaborators(project), {"user_id": user.id}, connection=connection, token=admin)
            if answer.status != 201:
                failures.append(answer)

    threads = [threading.Thread(target=add, args=(users[i::6], admins[i])) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    roster = roled.get(roled.collaborators(project)).json
    assert not failures and len(roster["data"]) == 31 and roster["revision"] == start + 24


def test_two_admins_cannot_remove_each_other(roled, project):
    """Whatever the order, somebody is left: the check and the change are one transaction."""
    for i in range(5):
        pair = [roled.add_user(f"x{i}"), roled.add_user(f"y{i}")]
        one = roled.create_project(f"q{i}")
        for user in pair:
            roled.add_collaborator(one, user, role="admin")
        roled.remove_collaborator(one, roled.owner)
        statuses = []

        def remove(by, whom):
            statuses.append(roled.delete(f"{roled.collaborators(one)}/{whom.id}", token=by).status)

        threads = [threading.Thread(target=remove, args=pair), threading.Thread(target=remove, args=pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        admins = roled.rows(f"SELECT user_id FROM collaborators WHERE project_id = '{one}' AND role = 'admin'")
        assert len(admins) == 1 and 204 in statuses, statuses


def test_a_stuck_writer_is_told_as_unavailable_and_passes(roled, project):
    alice = roled.add_user("alice")
    let_writers_in = roled.lock_out_writers()
    assert roled.get(roled.collaborators(project)).status == 200, "readers are not kept waiting"
    answer = roled.post(roled.collaborators(project), {"user_id": alice.id})
    assert (answer.status, answer.code) == (503, "database_unavailable")
    assert answer.headers["retry-after"]
    let_writers_in()
    roled.add_collaborator(project, alice)
    assert ("lock timeout" if ON_POSTGRESQL else "locked") in roled.log_text()
    (roled.directory / "roled.log").write_text("")


def test_a_change_waits_for_another_writer(roled, project):
    """A backup or the command line may have the write lock for a moment."""
    release = threading.Timer(0.7, roled.lock_out_writers())
    release.start()
    began = time.monotonic()
    assert roled.post(f"/v1/organizations/{roled.organization}/projects", {"name": "patient"}).status == 201
    assert time.monotonic() - began > 0.5
    release.join()


def test_stuck_changes_do_not_keep_readers_waiting(roled, project):
    """Another process has the write lock, and more changes wait for it than there are threads."""
    key = roled.node_key(project)
    let_writers_in = roled.lock_out_writers()
    path = f"/v1/organizations/{roled.organization}/projects"
    changes = [threading.Thread(target=roled.post, args=(path, {"name": f"p{i}"})) for i in range(12)]
    for change in changes:
        change.start()
    roled.settle()
    for _ in range(10):
        assert roled.roster(project, key).status == 200
        assert roled.get("/readyz", token=None).status == 200
    assert all(change.is_alive() for change in changes), "meanwhile the changes were stuck"
    let_writers_in()
    for change in changes:
        change.join()
    (roled.directory / "roled.log").write_text("")


def test_a_probe_waits_for_nobody(roled, project):
    """More requests than there are threads wait for the write lock, some of them to be written down as
    refused."""
    let_writers_in = roled.lock_out_writers()
    stuck = [threading.Thread(target=roled.get, args=(f"/v1/projects/none{i}",)) for i in range(12)]
    stuck += [threading.Thread(target=roled.post, args=(f"/v1/organizations/{roled.organization}/projects", {"name": f"p{i}"}))
              for i in range(4)]
    for one in stuck:
        one.start()
    roled.settle()
    began = time.monotonic()
    for path in ("/healthz", "/readyz"):
        assert roled.get(path, token=None).status == 200
    assert time.monotonic() - began < 2  # of the 5 s for which they wait
    let_writers_in()
    for one in stuck:
        one.join()
    (roled.directory / "roled.log").write_text("")
