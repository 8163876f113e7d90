# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of a test's own, on a Unix socket alone, of an account without rights.

    with PostgreSQL() as server:
        url = server.new_database()
        server.execute(url, "UPDATE …")
        server.stop(); server.start()

It orders text as English does, so that what was meant to be ordered by its bytes is seen not to be. It
ends with the process that started it, however that ends.
"""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from support.waiting import wait_until

NOBODY = 65534
WRITERS_LOCK = "SELECT pg_advisory_xact_lock(8390891584357757298)"  # as in role_server/store/store.cpp
# What is written survives the server, not the machine: a test needs no more.
SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "200",
            "shared_buffers": "32MB", "log_min_messages": "fatal"}


@functools.cache
def programs():
    """The newest installed version's; Debian's are on nobody's path."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    named = shutil.which("initdb")
    if not named:
        raise RuntimeError("no PostgreSQL is installed: scripts/setup build test")
    return pathlib.Path(named).parent


def unprivileged(*command):
    """It refuses to run as root."""
    identity = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *identity, "--pdeathsig", "QUIT", *command]


class PostgreSQL:
    def __init__(self):
        self.process, self.databases = None, 0
        self.hangs = False
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="together-pg-"))
        try:
            if os.geteuid() == 0:
                os.chown(self.directory, NOBODY, NOBODY)
            self._run(*unprivileged(str(programs() / "initdb"), "-D", str(self.data), "-U", "together", "-A", "trust",
                                    "-E", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu",
                                    "--icu-locale", "en-US", "--no-sync"))
            self.start()
        except BaseException:
            self.end()
            raise

    @property
    def data(self):
        return self.directory / "data"

    def _run(self, *command, text=None):
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr}")
        return done.stdout

    # --- the server --------------------------------------------------------------------------

    def start(self):
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with open(self.directory / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                unprivileged(str(programs() / "postgres"), "-D", str(self.data), "-k", str(self.directory), *settings),
                stdout=log, stderr=log, cwd="/")
        wait_until(self._answers, "PostgreSQL to start")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text(encoding="utf-8"))
        return subprocess.run([programs() / "pg_isready", "-q", "-h", str(self.directory)], check=False).returncode == 0

    def stop(self):
        """At once, as in a crash: its clients are cut off."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None

    def _processes(self):
        """Itself and its own, those of each connection."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [self.process.pid, *map(int, children.split())]

    @contextlib.contextmanager
    def frozen(self):
        """It hangs: its connections stay, and nothing is answered."""
        frozen = self._processes()
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        self.hangs = True
        try:
            yield
        finally:
            self.hangs = False
            for process in frozen:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    # --- databases ---------------------------------------------------------------------------

    def url(self, database):
        return f"postgresql:///{database}?host={self.directory}&user=together"

    def new_database(self, language="en-US"):
        """The connection string of an empty one."""
        self.databases += 1
        name = f"roles{self.databases}"
        self.execute(self.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0 ICU_LOCALE '{language}'")
        return self.url(name)

    def copy(self, url):
        """The connection string of one like it, to which nobody is connected."""
        self.databases += 1
        name, like = f"roles{self.databases}", url.split("?")[0].rsplit("/", 1)[1]
        self.execute(self.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url(name)

    def psql(self, url, *arguments):
        return [str(programs() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", *arguments, url]

    def execute(self, url, *statements):
        """All of them in one transaction, where there is more than one."""
        if len(statements) > 1:
            statements = ["BEGIN", *statements, "COMMIT"]
        return self._run(*self.psql(url), text=";\n".join(statements))

    def rows(self, url, query):
        return json.loads(self.execute(url, f"SELECT COALESCE(json_agg(t), '[]') FROM ({query}) t"))

    def rests(self, url):
        """It answers nobody now, but who waits for a lock; nor does one that hangs or is stopped."""
        return self.hangs or self.process is None or not self.rows(url, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
                                  " AND pid <> pg_backend_pid() AND wait_event_type IS DISTINCT FROM 'Lock'")

    def lock_out_writers(self, url):
        """Returns what lets them in again, when called."""
        client = subprocess.Popen(self.psql(url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        client.stdin.write(f"BEGIN;\n{WRITERS_LOCK};\nSELECT 'locked';\n")
        client.stdin.flush()
        while client.stdout.readline().strip() != "locked":
            if client.poll() is not None:
                raise RuntimeError("psql ended")

        def release():
            client.communicate("ROLLBACK;\n", timeout=10)
        return release


@functools.cache
def shared():
    """One for all tests of this process: to make it takes seconds, a database in it milliseconds."""
    server = PostgreSQL()
    atexit.register(server.end)
    return server
