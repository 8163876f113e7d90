# SPDX-License-Identifier: Apache-2.0
"""together-roled in a test: made, started on a free port, asked over real HTTP, stopped or killed.

    with Roled(tmp_path) as roled:
        project = roled.create_project("cluster")
        alice = roled.add_user("alice", uid=20001)
        roled.add_collaborator(project, alice)
        key = roled.node_key(project)

The binary is $TOGETHER_ROLED, else the newest one under build/. TOGETHER_ROLED_STORE=postgresql keeps
the data in a PostgreSQL server of the tests' own.
"""

import contextlib
import copy
import gzip
import http.client
import json
import os
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import threading
import urllib.parse
import zlib

from support import postgresql
from support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]


ON_POSTGRESQL = os.environ.get("TOGETHER_ROLED_STORE") == "postgresql"


def binary():
    named = os.environ.get("TOGETHER_ROLED")
    if named:
        return named
    build = pathlib.Path(os.environ.get("TOGETHER_BUILD", ROOT / "build" / "release"))
    built = build / "role_server" / "together-roled"
    if not built.exists():
        raise RuntimeError(f"build {built} first, or set TOGETHER_ROLED")
    return str(built)


def with_checksum(body):
    """A token that has its form: anybody can compute that, only the secret counts."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = alphabet[digit] + digits
    return body + digits


class Answer:
    """One answer: status, headers (names in lower case), body as sent, as text and as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        is_packed = self.headers.get("content-encoding") == "gzip"
        self.text = (gzip.decompress(self.body) if is_packed else self.body).decode()
        is_json = self.headers.get("content-type") == "application/json"
        self.json = json.loads(self.text) if self.text and is_json else None

    @property
    def code(self):
        return self.json["error"]["code"]

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.text}>"


def at_once(*acts):
    """Does all of them at one moment; what each returned, in their order. No answer is a server's fault."""
    results, start = [None] * len(acts), threading.Barrier(len(acts))

    def run(number):
        start.wait()
        results[number] = acts[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(getattr(result, "status", 0) < 500 for result in results), results
    return results


class User:
    def __init__(self, user_id, token, login=None):
        self.id, self.token, self.login = user_id, token, login


class Roled:
    def __init__(self, directory, organization="Acme", owner="ann@example.com", login="ann",
                 options=(), tls=None, init=True, db=None):
        """`options` are added to `serve`; `tls` is (certificate file, key file); `db` instead of a new one."""
        self.directory = pathlib.Path(directory)
        self.db = db or (postgresql.shared().new_database() if ON_POSTGRESQL else self.directory / "roles.db")
        self.options = list(options)
        self.tls = tls
        self.organization_name = organization
        self.prefix = ""
        self.before = []  # what stands before the program, as in `unshare … together-roled`
        self.process = None
        self.port = 0
        self.drain_ms = 100
        if init:
            made = self.command("init", "--organization", organization, "--owner", owner, "--login", login)
            self.organization = made["organization_id"]
            self.default_project = made["default_project_id"]
            self.owner = User(made["user_id"], made["token"], login)

    # --- the program -----------------------------------------------------------------------

    def run(self, *arguments, **kwargs):
        command = arguments[0].split()
        return subprocess.run([*self.before, binary(), *command, "--db", str(self.db), *arguments[1:]],
                              capture_output=True, text=True, timeout=30, **kwargs)

    def command(self, *arguments):
        """A subcommand's output as a dictionary."""
        done = self.run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def start(self, log=None):
        """`log`: the descriptor that takes the lines of its log, in place of a file."""
        arguments = [*self.before, binary(), "serve", "--db", str(self.db), "--listen", f"127.0.0.1:{self.port}",
                     "--drain-ms", str(self.drain_ms), *self.options]
        if self.tls:
            arguments += ["--tls-cert", str(self.tls[0]), "--tls-key", str(self.tls[1])]
        self.log = open(self.directory / "roled.log", "a+", encoding="utf-8")
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log or self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.process.wait(10)
            raise RuntimeError(f"together-roled did not start: {line}{self.log_text()}")
        self.address = line.split()[-1]
        # Kept over a restart, so that clients find it again.
        self.port = int(self.address.rsplit(":", 1)[1])
        return self

    @property
    def base_url(self):
        return self.address + "/v1"

    def stop(self, timeout=20):
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return None
        self.process.terminate()
        return self._gone(timeout)

    def kill(self):
        """kill -9."""
        self.process.kill()
        return self._gone(10)

    def _gone(self, timeout):
        status = self.process.wait(timeout)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return status

    def log_text(self):
        return (self.directory / "roled.log").read_text(encoding="utf-8")

    def settle(self):
        """Waits until it has read all that was sent and done all that it does at once: every byte has
        arrived and was read, every thread sleeps, and did so all the time between two looks, in which no answer
        of a database was due."""
        wait_until(lambda: self._nothing_to_read() and self._is_asleep(), "together-roled to settle", 30)

    def _nothing_to_read(self):
        """On its side; and on its clients' nothing left to be sent. For IPv4, as this serves."""
        port = f":{self.port:04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        return not any((here.endswith(port) and int(queues.split(":")[1], 16)) or
                       (there.endswith(port) and int(queues.split(":")[0], 16))
                       for _, here, there, _, queues, *_ in rows)

    def _is_asleep(self):
        before = self._switches()
        return before is not None and self._database_rests() and before == self._switches()

    def _database_rests(self):
        """But for what waits for a lock."""
        return not isinstance(self.db, str) or postgresql.shared().rests(self.db)

    def _switches(self):
        """How often each thread was run; none where one runs now."""
        found = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
            if not status["State"].startswith("S"):
                return None
            found[task.name] = status["voluntary_ctxt_switches"], status["nonvoluntary_ctxt_switches"]
        return found

    def unready(self):
        """The answer that says so, as of one that stops."""
        answer = self.get("/readyz", token=None)
        return answer if answer.status == 503 else None

    def refuses_connections(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.stop()

    # --- its data --------------------------------------------------------------------------------

    def rows(self, query):
        """What the database holds, a dictionary each."""
        if ON_POSTGRESQL:
            return postgresql.shared().rows(self.db, query)
        with sqlite3.connect(self.db, timeout=10) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query)]

    def execute(self, *statements):
        """Changes it behind the server's back, in one transaction."""
        if ON_POSTGRESQL:
            postgresql.shared().execute(self.db, *statements)
            return
        with sqlite3.connect(self.db, timeout=10) as db:
            for statement in statements:
                db.execute(statement)

    def copied_to(self, directory):
        """What another server serves as `db`, in the state of this one, which is stopped."""
        if ON_POSTGRESQL:
            return postgresql.shared().copy(self.db)
        copy = directory / "roles.db"
        with sqlite3.connect(self.db, timeout=10) as db:
            db.execute("VACUUM INTO ?", [str(copy)])
        return copy

    def lock_out_writers(self):
        """As a stuck process does. Returns what lets them in again, when called."""
        if ON_POSTGRESQL:
            return postgresql.shared().lock_out_writers(self.db)
        blocker = sqlite3.connect(self.db, isolation_level=None, check_same_thread=False)
        blocker.execute("BEGIN IMMEDIATE")

        def release():
            blocker.execute("ROLLBACK")
            blocker.close()
        return release

    # --- HTTP --------------------------------------------------------------------------------

    def tls_context(self):
        return ssl.create_default_context(cafile=str(self.tls[0])) if self.tls else None

    def connect(self, timeout=70, context=None):
        """`context`: a tls_context() of before, for who connects often; to read it takes half a millisecond."""
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                           context=context or self.tls_context())

    def socket(self, timeout=15):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def send(self, connection, method, path, body=None, token="owner", headers=None):
        """`token`: "owner", a User, a string, or None for no Authorization. `path` from the root."""
        token = self.owner.token if token == "owner" else getattr(token, "token", token)
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        sent.update(headers or {})
        connection.request(method, path, body=body, headers=sent)

    def request(self, method, path, body=None, connection=None, **kwargs):
        used = connection or self.connect()
        try:
            self.send(used, method, path, body, **kwargs)
            return Answer(used.getresponse())
        finally:
            if connection is None:
                used.close()

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, body, **kwargs):
        return self.request("POST", path, body, **kwargs)

    def patch(self, path, body, **kwargs):
        return self.request("PATCH", path, body, **kwargs)

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)

    # --- what most tests need ------------------------------------------------------------------

    def add_user(self, login, uid=None, role="member", email=None):
        """A member of the organization; `role` is the one there. `login`: None for one who has none yet."""
        login = login and self.prefix + login
        arguments = ["--organization", self.organization, "--email", email or f"{login}@example.com", "--role", role]
        if login is not None:
            arguments += ["--login", login]
        if uid is not None:
            arguments += ["--uid", str(uid)]
        made = self.command("user add", *arguments)
        return User(made["user_id"], made["token"], login)

    def invite(self, email):
        """Into the organization. The invitation's token."""
        return self.make("POST", f"{self.settings}/invitations", {"email": email})["token"]

    def accept(self, invitation, login):
        """Somebody without an account does, and picks a login."""
        made = self.make("POST", "/v1/invitations/accept", {"token": invitation, "login": login}, token=None)
        return User(made["user"]["id"], made["token"], login)

    def make(self, method, path, body=None, **kwargs):
        """A change that a test needs; asked for again as long as its maker has made too many of them."""
        def ask():
            answer = self.request(method, path, body, **kwargs)
            return answer if answer.status != 429 else None
        answer = wait_until(ask, "a change within the rate limit")
        if answer.status not in (200, 201, 202, 204):
            raise RuntimeError(answer)
        return answer.json

    def create_project(self, name="cluster", **kwargs):
        """Returns its id. Whoever makes it, the Owner if nobody is named, is its Admin."""
        return self.make("POST", f"{self.settings}/projects", {"name": name}, **kwargs)["id"]

    def node_key(self, project, name="nodes"):
        """Returns the token of a new node key."""
        return self.make("POST", f"/v1/projects/{project}/node_keys", {"name": name})["token"]

    def add_collaborator(self, project, user, role="member", **fields):
        return self.make("POST", self.collaborators(project), {"user_id": user.id, "role": role, **fields})

    def change_collaborator(self, project, user, **fields):
        return self.make("PATCH", f"{self.collaborators(project)}/{user.id}", fields)

    def remove_collaborator(self, project, user):
        self.make("DELETE", f"{self.collaborators(project)}/{user.id}")

    def change_member(self, user, **fields):
        return self.make("PATCH", self.member(user), fields)

    def token_for(self, project, user):
        """A token of the user's that is for the project's cluster and services alone."""
        return self.make("POST", "/v1/users/me/tokens", {"name": "cluster", "audience": project}, token=user)["token"]

    def allow_externals(self):
        self.make("PATCH", self.settings, {"external_collaborators": True})

    @contextlib.contextmanager
    def elsewhere(self, name="Elsewhere", owner=None):
        """As if another organization of the same database were this one: add_user adds there."""
        here = self.organization
        self.organization = self.command("organization add", "--organization", name, "--owner",
                                         owner or f"{self.prefix}eve@example.com")["organization_id"]
        try:
            yield self.organization
        finally:
            self.organization = here

    def tenant(self, number):
        """This server to a test that has an organization of its own there: logins and addresses that it gives
        begin with one prefix, since they are the server's. The Owner is ann."""
        tenant = copy.copy(self)
        tenant.prefix = f"t{number}."
        made = self.command("organization add", "--organization", f"Tenant {number}", "--owner",
                            f"{tenant.prefix}ann@example.com", "--login", f"{tenant.prefix}ann")
        tenant.organization, tenant.default_project = made["organization_id"], made["default_project_id"]
        tenant.owner = User(made["user_id"], made["token"], f"{tenant.prefix}ann")
        return tenant

    def revision(self, project):
        return self.get(self.collaborators(project)).json["revision"]

    def entries(self, project):
        """The roster's, by login."""
        return {one["login"]: one for one in self.get(self.collaborators(project)).json["data"]}

    @property
    def settings(self):
        return f"/v1/organizations/{self.organization}"

    def member(self, user):
        return f"{self.settings}/members/{user.id}"

    def trail(self, **where):
        """The records of the audit trail, those whose columns are as named."""
        rows = self.rows("SELECT * FROM trail ORDER BY seq")
        return [row for row in rows if all(row[key] == value for key, value in where.items())]

    def recorded(self, **where):
        """The one record of this kind; refusals are written a moment after their answer."""
        record, = wait_until(lambda: self.trail(**where), f"a record of {where}")
        return record

    @staticmethod
    def collaborators(project):
        return f"/v1/projects/{urllib.parse.quote(project)}/collaborators"

    def roster(self, project, token, connection=None, **kwargs):
        """The request that a node makes."""
        used = connection or self.connect()
        try:
            self.ask_for_roster(used, project, token, **kwargs)
            return Answer(used.getresponse())
        finally:
            if connection is None:
                used.close()

    def ask_for_roster(self, connection, project, token, etag=None, wait=None, query="?limit=1000", node=None,
                       coding=None):
        """Without reading the answer."""
        headers = {}
        if etag:
            headers["If-None-Match"] = etag
        if wait is not None:
            headers["Prefer"] = f"wait={wait}"
        if node is not None:
            headers["Together-Node"] = node
        if coding is not None:
            headers["Accept-Encoding"] = coding
        self.send(connection, "GET", self.collaborators(project) + query, token=token, headers=headers)
