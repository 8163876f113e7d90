# SPDX-License-Identifier: Apache-2.0
"""What only a database apart can do: be away, serve two servers, order text as people do."""

import concurrent.futures
import http.client
import pathlib
import subprocess
import threading
import time

import pytest

from support import postgresql
from support.long_poll import ManyWaiting, Waiting, room_for
from support.roled import ON_POSTGRESQL, Roled, binary
from support.waiting import wait_until

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="TOGETHER_ROLED_STORE=postgresql")
ATTEMPTS = 5
WAITING_NODES = 2000


@pytest.fixture
def server(tmp_path):
    """Whose database may be away: what it logs then is right."""
    with Roled(tmp_path) as roled:
        yield roled


@pytest.fixture
def replica(server, tmp_path):
    other = Roled(tmp_path / "b", init=False, db=server.db)
    other.directory.mkdir()
    other.owner, other.organization = server.owner, server.organization
    with other:
        yield other


def test_while_the_database_is_away_nothing_is_answered_and_no_node_sent_off(tmp_path):
    """For half a minute, as where one server of PostgreSQL takes over from another."""
    room_for(WAITING_NODES)
    with Roled(tmp_path, options=["--max-per-address", str(2 * WAITING_NODES),
                                  "--max-unknown-per-address", str(2 * WAITING_NODES)]) as server:
        project = server.create_project("cluster")
        key, alice = server.node_key(project), server.add_user("alice")
        # As many connections as it can have: all of them are cut off.
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert {one.status for one in pool.map(lambda _: server.roster(project, key), range(64))} == {200}
        etag, process = server.roster(project, key).headers["etag"], server.process.pid
        with ManyWaiting(server, project, key, etag, 60, WAITING_NODES) as nodes:
            postgresql.shared().stop()
            try:
                ends = time.monotonic() + 30
                while time.monotonic() < ends:
                    assert server.roster(project, key).status == 503
                    change = server.post(server.collaborators(project), {"user_id": alice.id})
                    assert (change.status, change.code) == (503, "database_unavailable")
                    assert server.get("/readyz", token=None).status == 503
                    assert server.get("/healthz", token=None).status == 200
                    assert nodes.answered(within=0.5) == []
            finally:
                postgresql.shared().start()
            wait_until(lambda: server.get("/readyz", token=None).status == 200, "the server to be ready again")
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                assert {one.status for one in pool.map(lambda _: server.roster(project, key), range(64))} == {200}
            server.add_collaborator(project, alice)
            told = nodes.results(30)
        assert len(told) == WAITING_NODES and server.process.pid == process
        assert {(one.status, *sorted(entry["login"] for entry in one.json["data"])) for one in told} == {
            (200, "alice", "ann")}


def test_a_database_that_hangs_holds_nobody_for_long(server):
    """Its kernel takes what is sent, and nothing comes back: no timeout of TCP or the server's own ends that."""
    project = server.create_project("cluster")
    key, alice = server.node_key(project), server.add_user("alice")
    ask = [lambda: server.roster(project, key), lambda: server.get("/readyz", token=None),
           lambda: server.post(server.collaborators(project), {"user_id": alice.id})]

    def timed(act):
        began = time.monotonic()
        return act().status, time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda act: act(), ask[:2] * 6))  # connections that wait for work
        with postgresql.shared().frozen():
            for _ in range(2):  # with those, and where new ones would have to be opened
                answers = list(pool.map(timed, ask * 4))
                assert {status for status, _ in answers} == {503}
                assert max(took for _, took in answers) < 15
    wait_until(lambda: server.get("/readyz", token=None).status == 200, "the server to be ready again")
    server.add_collaborator(project, alice)


def test_while_the_database_hangs_the_process_still_says_that_it_lives(server):
    """Else whatever restarts what does not answer would, while requests wait for the database."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool, postgresql.shared().frozen():
        asked = [pool.submit(server.get, "/readyz", token=None) for _ in range(6)]
        server.settle()
        assert server.get("/healthz", token=None).status == 200
        assert not all(one.done() for one in asked)
    assert {one.result().status for one in asked} <= {200, 503}


def test_what_one_server_changes_the_other_tells_within_half_a_second(server, replica):
    project = server.create_project("cluster")
    key, took = server.node_key(project), []
    while not took or min(took) >= 0.5:
        assert len(took) < ATTEMPTS, took  # a busy machine may be late once, not each time
        user = server.add_user(f"alice{len(took)}")
        before = server.roster(project, key)
        assert replica.roster(project, key).headers["etag"] == before.headers["etag"]
        waiting = Waiting(replica, project, key, before.headers["etag"], 30).held()
        changed = time.monotonic()
        server.add_collaborator(project, user)
        told = waiting.result()
        took.append(time.monotonic() - changed)
        here = server.roster(project, key)
        assert (told.headers["etag"], told.text) == (here.headers["etag"], here.text)


def test_a_server_that_dies_loses_nothing_and_what_is_asked_again_happens_once(server, replica):
    admins = [server.add_user(f"admin{i}", role="admin") for i in range(4)]  # a person has their rate of changes
    answered, dead = [], threading.Event()

    def make_keys(admin):
        connection = server.connect()
        project = server.create_project(admin.login, token=admin)
        for number in range(45):
            body, headers = {"name": f"{project}-{number}"}, {"Idempotency-Key": f"{project}-{number}"}
            path = f"/v1/projects/{project}/node_keys"
            try:
                assert not dead.is_set()
                answer = server.post(path, body, token=admin, headers=headers, connection=connection)
            except (OSError, http.client.HTTPException, AssertionError):
                dead.set()
                answer = replica.post(path, body, token=admin, headers=headers)
            answered.append((body["name"], answer.status))

    workers = [threading.Thread(target=make_keys, args=(admin,)) for admin in admins]
    for worker in workers:
        worker.start()
    wait_until(lambda: len(answered) > 40, "answers")
    server.kill()
    for worker in workers:
        worker.join()
    assert dead.is_set() and {status for _, status in answered} == {201}
    made = [row["name"] for row in server.rows("SELECT name FROM api_keys WHERE kind = 'node'")]
    assert sorted(made) == sorted(name for name, _ in answered)
    recorded = server.rows("SELECT seq FROM trail WHERE action = 'project.write'")
    assert len(recorded) == len(made)
    sequence = [row["seq"] for row in server.rows("SELECT seq FROM trail ORDER BY seq")]
    assert sequence == list(range(1, len(sequence) + 1))


def test_six_that_start_at_once_make_the_tables_once(tmp_path):
    servers = [Roled(tmp_path, init=False, db=db) for db in [postgresql.shared().new_database()] * 6]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda one: one.run("init", "--organization", "Acme", "--owner", "ann@example.com"),
                             servers))
    assert sorted(one.returncode for one in done) == [0, 1, 1, 1, 1, 1]
    assert all("exists already" in one.stderr for one in done if one.returncode)
    assert len(servers[0].rows("SELECT id FROM organizations")) == 1


def test_ids_are_ordered_by_their_bytes(server):
    """As SQLite does, and as cursors compare them: in English _ is before all and a before B."""
    project = server.create_project("cluster")
    server.execute(*(f"INSERT INTO users (id, email, email_key, created_at) VALUES ('user_{c}', '{c}', '{c}', 0)"
                     for c in ("B", "a", "Z", "_", "9")),
                   *(f"INSERT INTO collaborators (project_id, user_id, role, created_at)"
                     f" VALUES ('{project}', 'user_{c}', 'member', 0)" for c in ("B", "a", "Z", "_", "9")),
                   f"DELETE FROM collaborators WHERE project_id = '{project}' AND user_id = '{server.owner.id}'")
    found, after = [], ""
    admin = server.add_user("eve", role="admin")
    assert server.post(f"/v1/projects/{project}/join", {}, token=admin).status == 201
    while after is not None:
        path = f"{server.collaborators(project)}?limit=2" + (f"&after={after}" if after else "")
        page = server.get(path, token=admin).json
        found += [one["user_id"] for one in page["data"]]
        after = page["next_cursor"]
    assert [one for one in found if one != admin.id] == [f"user_{c}" for c in "9BZ_a"]
    assert found == sorted(found)


def test_a_login_is_the_same_without_regard_to_case_in_each_language(tmp_path):
    """In Turkish, the small letter of I is another one."""
    with Roled(tmp_path, db=postgresql.shared().new_database("tr-TR")) as roled:
        project, igor = roled.create_project("cluster"), roled.add_user("IGOR")
        with pytest.raises(RuntimeError, match="somebody else's login"):
            roled.add_user("igor", email="other@example.com")
        added = roled.post(roled.collaborators(project), {"login": "igor"})
        assert (added.status, added.json["user_id"]) == (201, igor.id)


def test_random_changes_of_the_model_do_there_what_they_do_everywhere():
    played = subprocess.run([pathlib.Path(binary()).parent / "model_test" / "role_model_test", "--steps", "2500",
                             "--db", postgresql.shared().new_database()],
                            capture_output=True, text=True, timeout=300, check=False)
    assert played.returncode == 0, played.stdout + played.stderr


def test_a_page_of_the_access_review_is_one_question_that_an_index_answers(tmp_path):
    """auto_explain writes down how each statement was answered. Tables so small are read whole where that is not kept off."""
    database = postgresql.shared()
    url = database.new_database()
    name = url.split("?")[0].rsplit("/", 1)[1]
    for setting in ("session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0", "log_min_messages = log",
                    "enable_seqscan = off"):
        database.execute(database.url("postgres"), f"ALTER DATABASE {name} SET {setting}")
    log = database.directory / "log"
    with Roled(tmp_path, db=url) as server:
        project = server.create_project("cluster")
        server.add_collaborator(project, server.add_user("alice"))
        for query in ("", f"&since={int(time.time())}"):
            before, after = log.stat().st_size, ""
            while after is not None:
                page = server.get(f"/v1/projects/{project}/access_review?limit=1{query}" + (f"&after={after}" if after else ""))
                assert page.status == 200, page
                after = page.json["next_cursor"]
            plans = log.read_text(encoding="utf-8")[before:].split("Query Text: ")[1:]
            wanted = "FROM access_periods" if query else "api_keys k"
            of_pages = [plan for plan in plans if wanted in plan]
            assert len(of_pages) == 2 and not any("Seq Scan" in plan for plan in of_pages), "\n".join(plans)
