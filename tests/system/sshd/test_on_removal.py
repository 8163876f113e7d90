# SPDX-License-Identifier: Apache-2.0
"""[gate] on_removal: what the watcher does about what somebody still has here who left the roster."""

import grp
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from support.accounts import Account
from support.node import CONFIG_FOLDER, ROSTER, SNAPSHOT_FOLDER, Node
from support.slow_names import NEVER, SlowNames
from support.ssh_client import Connection, SshClient
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

TEXTFILE = Path("/run/together.prom")
LOG = Path("/run/watcher.log")
GRACE = {"on_removal": "end_sessions", "on_removal_grace": "0s", "on_removal_limit": "10"}


UNIT = Path(__file__).resolve().parents[3] / "packaging" / "systemd" / "together-refresh.service.in"


def confined(hidepid: str) -> list[str]:
    """As the unit with its drop-in confines it: /proc, capabilities, groups."""
    [capabilities] = re.findall(r"^CapabilityBoundingSet=(.*)$", UNIT.read_text(), re.MULTILINE)
    kept = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in capabilities.split())
    script = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
    return ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", script, "sh", "setpriv", "--no-new-privs",
            f"--bounding-set=-all,{kept}", "--inh-caps=-all", f"--groups={grp.getgrnam('tty').gr_gid}"]


class Watcher:
    """together-refresh --watch, as its unit runs it; its log is a file."""

    def __init__(self, node: Node, wrapper: Sequence[str]) -> None:
        self._node = node
        self._wrapper = wrapper
        self._process: subprocess.Popen[bytes] | None = None
        LOG.write_text("")
        self.start()

    def start(self) -> None:
        before = SNAPSHOT_FOLDER / "before.roster.v1"
        with LOG.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._wrapper, self._node.refresh_program, "--watch"], env={"PATH": "/usr/sbin:/usr/bin"}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        if "on_removal = end" in self._node.config.read_text():
            wait_until(before.exists, "a roster to compare with")

    def stop(self, number: int = signal.SIGTERM) -> None:
        assert self._process
        self._process.send_signal(number)
        self._process.wait(20)

    @staticmethod
    def wait_for(text: str, timeout: float = 60) -> None:
        try:
            wait_until(lambda: text in LOG.read_text(), f"{text!r} in the watcher's log", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; it says:\n{LOG.read_text()}") from None

    @staticmethod
    def log() -> str:
        return LOG.read_text()


class Scene:
    """bob and mallory are on the roster and connected; alice is an Admin."""

    def __init__(self, node: Node, ssh: SshClient, people: list[Account], stack: ExitStack) -> None:
        self.node = node
        self._ssh = ssh
        self._people = people
        self._stack = stack
        self.watcher: Watcher

    def begin(self, mode: str = "enforce", api: dict[str, str] | None = None, more: str = "",
              roster: dict[str, str] | None = None, wrapper: Sequence[str] = (), **gate: str) -> None:
        self.configure(mode, api, more, roster, **gate)
        for account in self._people:
            self.node.roster.add(account.login, uid=account.uid)
        self.node.roster.write()
        self.watcher = Watcher(self.node, wrapper)
        self._stack.callback(self.watcher.stop)
        self.bob, self.mallory = (self._stack.enter_context(self._ssh.connect(one)) for one in self._people)
        assert self.bob.admitted() and self.mallory.admitted()

    def configure(self, mode: str = "enforce", api: dict[str, str] | None = None, more: str = "",
                  roster: dict[str, str] | None = None, **gate: str) -> None:
        self.node.configure(api or {}, {"fresh_for": "1s", "recheck_after": "1s", "stale_for": "1h"} | (roster or {}),
                            {"mode": mode} | GRACE | gate)
        with self.node.config.open("a") as config:
            config.write(more)

    def remove(self, *logins: str) -> None:
        for login in logins:
            self.node.roster.remove(login)
        self.node.roster.write()

    def wait_until_ended(self, connection: Connection, timeout: float = 60) -> None:
        try:
            wait_until(lambda: not connection.is_open(), "the session's end", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; the watcher says:\n{LOG.read_text()}") from None

    def a_later_removal_is_done(self) -> None:
        """mallory's: so what came before it has been looked at, and bob was left."""
        self.remove("mallory")
        assert self.node.ctl("refresh").returncode == 0
        self.wait_until_ended(self.mallory)
        assert self.bob.is_open()
        assert self.bob.run("id -un").stdout == "bob\n"


@pytest.fixture
def scene(gated: Node, ssh: SshClient, bob: Account, mallory: Account) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(gated, ssh, [bob, mallory], stack)
    for account in (bob, mallory):
        for pid in processes_of(account):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not processes_of(account), "the end of all processes")


def processes_of(account: Account) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=,stat=", "-u", str(account.uid)], capture_output=True, text=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return [int(pid) for pid, state in lines if not state.startswith("Z")]


def running(account: Account, what: str) -> list[int]:
    found = []
    for pid in processes_of(account):
        with suppress(OSError):  # it has just ended
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            found += [pid] if what in " ".join(words) else []
    return found


# ---- what is ended --------------------------------------------------------------------------------

def test_a_removed_ones_sessions_end_and_nobody_elses(scene: Scene, bob: Account) -> None:
    scene.begin()
    multiplexed = [scene.bob.begin("tail -f /dev/null"), scene.bob.begin("tail -f /dev/null")]
    wait_until(lambda: len(running(bob, "tail -f /dev/null")) >= 2, "the sessions")
    # While it starts a command there are two of that title.
    wait_until(lambda: len(running(bob, ": bob@")) == 1, "one sshd of bob's")
    [bobs_sshd] = running(bob, ": bob@")
    scene.remove("bob")
    scene.wait_until_ended(scene.bob)
    for session in multiplexed:
        assert session.wait(30) != 0
    wait_until(lambda: not processes_of(bob), "the end of all of bob's processes")
    assert scene.mallory.run("id -un").stdout == "mallory\n"
    log = scene.watcher.log()
    assert f"ended: process {bobs_sshd} of bob (uid {bob.uid}), who left the roster: " in log
    assert log.count("ended: process") >= 3
    assert "mallory" not in scene.watcher.log()


def test_a_slip_in_a_section_that_no_login_reads_holds_nothing_up(scene: Scene) -> None:
    scene.begin(more='\n[volume "data"]\npath = relative\n')
    scene.remove("bob")
    scene.wait_until_ended(scene.bob)


def test_what_left_its_session_ends_too(scene: Scene, bob: Account, mallory: Account) -> None:
    """A tmux server and a detached process are children of process 1."""
    scene.begin()
    for connection in (scene.bob, scene.mallory):
        assert connection.run("tmux new-session -d 'tail -f /dev/null'").status == 0
        assert connection.run("setsid nohup tail -F /dev/null </dev/null >/dev/null 2>&1 & echo").status == 0
        connection.close()
    for account in (bob, mallory):
        wait_until(lambda: all(running(account, what) for what in ("tmux", "tail -f", "tail -F")),
                   "what was left behind")
    scene.remove("bob")
    wait_until(lambda: not processes_of(bob), "the end of all of bob's processes", 60)
    for what in ("tmux", "tail -f", "tail -F"):
        assert running(mallory, what), what


def test_what_ignores_signals_and_forks_ends_too(scene: Scene, bob: Account) -> None:
    scene.begin()
    script = "trap '' TERM HUP; while :; do setsid sh -c 'trap \"\" TERM HUP; tail -f /dev/null' & sleep 0.2; done"  # sleeps: how often it forks
    scene.bob.begin(script)
    wait_until(lambda: len(running(bob, "tail -f /dev/null")) > 3, "some of them")
    scene.remove("bob")
    wait_until(lambda: not processes_of(bob), "the end of all of bob's processes", 60)


# Each process lives until it has a child: no longer than /proc takes to say that it is there. They count, and
# end by themselves: what went wrong here could not be ended.
RUNNING_AWAY = """
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void) {
    int file = open("/tmp/away.count", O_RDWR | O_CREAT, 0644);
    if (ftruncate(file, 4096) != 0) return 1;
    volatile long* count = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    fork();
    for (; *count < 1000000; ++*count) if (fork() != 0) _exit(0);
    return 0;
}
"""


def test_what_forks_faster_than_it_is_seen_ends_too(scene: Scene, tmp_path: Path) -> None:
    scene.begin()
    source, program, count = tmp_path / "away.c", Path("/tmp/away"), Path("/tmp/away.count")
    source.write_text(RUNNING_AWAY)
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    scene.bob.begin(str(program))
    wait_until(lambda: count.exists() and any(count.read_bytes()), "the first of them")
    scene.remove("bob")
    scene.watcher.wait_for("ended: process")
    wait_until(lambda: "done" in (SNAPSHOT_FOLDER / "leavers.v1").read_text(), "the end")
    last = count.read_bytes()
    assert scene.mallory.run("id -un").stdout == "mallory\n"
    assert count.read_bytes() == last


SUBUID = Path("/etc/subuid")


def test_what_runs_as_a_uid_of_their_user_namespaces_ends_too(scene: Scene) -> None:
    """As the users in their rootless containers do. What another has too, and an account's, is left."""
    before = SUBUID.read_text() if SUBUID.exists() else ""
    SUBUID.write_text("bob:300000:65536\nmallory:365530:65536\nmallory:20002:1\n")
    there = {uid: subprocess.Popen(["setpriv", f"--reuid={uid}", "--clear-groups", "tail", "-f", "/dev/null"])
             for uid in (300001, 365533, 365536)}
    try:
        scene.begin()
        scene.remove("bob")
        scene.wait_until_ended(scene.bob)
        assert there[300001].wait(30) == -signal.SIGTERM
        scene.watcher.wait_for('of bob (uid 20002), who left the roster: "tail"')
        assert there[365533].poll() is None and there[365536].poll() is None
    finally:
        SUBUID.write_text(before)
        for process in there.values():
            process.kill()
            process.wait()


# What is left of it calls itself a zombie.
WITHOUT_ITS_FIRST_THREAD = """
import ctypes, os, threading, time
def count():
    while True:
        open("/tmp/headless", "w").write(str(os.getpid()))
        time.sleep(0.1)  # sleeps: how often it gives a sign of life
threading.Thread(target=count).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
"""


def test_what_goes_on_without_its_first_thread_ends_too(scene: Scene, bob: Account) -> None:
    scene.begin()
    Path("/tmp/headless.py").write_text(WITHOUT_ITS_FIRST_THREAD)
    there = Path("/tmp/headless")
    there.unlink(missing_ok=True)
    assert scene.bob.run("setsid nohup python3 /tmp/headless.py </dev/null >/dev/null 2>&1 & echo").status == 0
    wait_until(lambda: there.exists() and there.read_text(), "its first sign of life")
    folder = Path("/proc") / there.read_text()
    wait_until(lambda: ") Z " in (folder / "stat").read_text(), "the end of its first thread")
    scene.bob.close()
    wait_until(lambda: not processes_of(bob), "the end of all that can be seen of bob's")
    scene.remove("bob")
    wait_until(lambda: not folder.exists(), "its end", 60)


def test_what_has_two_of_their_uids_ends_too(scene: Scene, bob: Account) -> None:
    """As in a user namespace anybody can."""
    before = SUBUID.read_text() if SUBUID.exists() else ""
    SUBUID.write_text("bob:300000:65536\n")
    script = "import os, signal, sys; os.setresuid(*map(int, sys.argv[1:])); signal.pause()"
    there = [subprocess.Popen(["/usr/bin/python3", "-c", script, *map(str, uids)])
             for uids in ((bob.uid, 300001, 300001), (300001, bob.uid, bob.uid))]
    try:
        scene.begin()
        scene.bob.close()
        scene.remove("bob")
        for process in there:
            assert process.wait(60) == -signal.SIGTERM
    finally:
        SUBUID.write_text(before)
        for process in there:
            process.kill()
            process.wait()


# prctl(PR_SET_MM, PR_SET_MM_MAP) with a terabyte for arguments, which a process may do to itself.
ENDLESS_TITLE = """
import ctypes, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.sbrk.restype = ctypes.c_void_p
size = 1 << 40
at = libc.mmap(None, ctypes.c_size_t(size), 3, 0x4022, -1, ctypes.c_long(0))
ctypes.memset(at, 65, 1 << 20)
field = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
code, end, stack, data, data_end, heap = (int(field[n - 3]) for n in (26, 27, 28, 45, 46, 47))
of = (ctypes.c_uint64 * 13)(code, end, data, data_end, heap, libc.sbrk(0), stack, at, at + size, at, at, 0, 0xffffffff << 32)
assert libc.prctl(35, 14, of, ctypes.c_ulong(104), 0) == 0, ctypes.get_errno()
open("/tmp/titled", "w").close()
signal.pause()
"""


def test_a_title_without_an_end_holds_nobody_up(scene: Scene, bob: Account) -> None:
    scene.begin()
    Path("/tmp/title.py").write_text(ENDLESS_TITLE)
    scene.bob.begin("exec python3 /tmp/title.py")
    wait_until(Path("/tmp/titled").exists, "the title")
    scene.remove("bob")
    scene.wait_until_ended(scene.bob)
    wait_until(lambda: not processes_of(bob), "the end of all of bob's processes")


def test_a_message_on_the_terminal_comes_before(scene: Scene, bob: Account) -> None:
    scene.begin(on_removal_grace="4s", contact="Ask ops@example.com.")
    session = scene.bob.begin("echo there; exec tail -f /dev/null", terminal=True)
    assert session.stdout and "there" in session.stdout.readline()
    scene.remove("bob")
    told = [line for line in session.stdout if "collaborator" in line]
    assert told == ["bob is no longer a collaborator of project proj_123. Your sessions on this node and all that "
                    "you started there end in 4s: save your work. An Admin of the project can add you again. "
                    "Ask ops@example.com.\n"]
    scene.wait_until_ended(scene.bob)


def test_a_terminal_that_takes_nothing_holds_nobody_up(scene: Scene, bob: Account) -> None:
    scene.begin(on_removal_grace="2s")
    stopped = ("import signal, termios; termios.tcflow(1, termios.TCOOFF); "
               "open('/tmp/stopped', 'w'); signal.pause()")
    scene.bob.begin(f'exec python3 -c "{stopped}"', terminal=True)
    wait_until(Path("/tmp/stopped").exists, "the stopped terminal")
    scene.remove("bob")
    scene.wait_until_ended(scene.bob)
    Path("/tmp/stopped").unlink()


def test_a_removal_that_somebody_else_fetched(scene: Scene) -> None:
    """A login or togetherctl writes the new roster, while the watcher waits for its next round."""
    scene.begin(roster={"fresh_for": "1h"})
    scene.remove("bob")
    assert scene.node.ctl("refresh").returncode == 0
    scene.wait_until_ended(scene.bob)


# ---- when nothing is -------------------------------------------------------------------------------

def test_by_default_all_is_left(scene: Scene) -> None:
    scene.begin(on_removal="leave")
    scene.remove("bob")
    wait_until(lambda: scene.node.ctl("check", "bob").returncode == 1, "the refusal")
    assert not (SNAPSHOT_FOLDER / "before.roster.v1").exists()
    # Asked for now, it is for those who leave from now on.
    scene.configure()
    wait_until((SNAPSHOT_FOLDER / "before.roster.v1").exists, "a roster to compare with")
    scene.a_later_removal_is_done()


def test_what_was_known_is_forgotten_with_the_setting(scene: Scene) -> None:
    scene.begin(on_removal_grace="1h")
    scene.remove("bob")
    scene.watcher.wait_for("bob")
    scene.configure(on_removal="leave")
    wait_until(lambda: not list(SNAPSHOT_FOLDER.glob("before*")) + list(SNAPSHOT_FOLDER.glob("leavers*")), "none")


def test_who_was_never_on_it_is_left(scene: Scene) -> None:
    scene.begin()
    scene.watcher.stop()
    scene.node.reset()
    scene.configure()
    scene.node.roster.remove("bob")
    scene.node.roster.write()
    scene.watcher.start()
    scene.a_later_removal_is_done()


def test_in_an_outage_nothing_ends(scene: Scene) -> None:
    scene.begin(on_removal_grace="3s")
    scene.remove("bob")
    scene.watcher.wait_for("it is ended in 3s")
    away = ROSTER.rename(ROSTER.with_suffix(".away"))
    scene.watcher.wait_for("what bob (uid 20002) has here is not ended now: the authority does not confirm it")
    assert scene.bob.is_open()
    away.rename(ROSTER)
    scene.wait_until_ended(scene.bob)


@pytest.mark.parametrize("text", ["", "{}", '{"object": "list", "project_id": "proj_123", "revision": 9, '
                                  '"next_cursor": null, "data": []}'])
def test_a_roster_that_is_not_believed_ends_nothing(scene: Scene, text: str) -> None:
    scene.begin()
    scene.node.roster.write_text(text)
    scene.watcher.wait_for("no valid answer")
    scene.node.roster.write()
    scene.a_later_removal_is_done()


@pytest.mark.parametrize("recheck_after", ["1s", "1h"])
def test_nor_does_one_that_is_older(scene: Scene, recheck_after: str) -> None:
    """It takes the missing ones away from the gate, and is not believed; with a long recheck_after the
    gate itself would not ask again."""
    scene.node.roster.revision = 1000
    scene.begin(roster={"recheck_after": recheck_after})
    scene.node.roster.revision = 3
    scene.remove("bob")
    scene.watcher.wait_for("get in no longer")
    wait_until(lambda: scene.node.ctl("check", "bob").returncode == 1, "the refusal")
    scene.watcher.wait_for("what bob (uid 20002) has here is not ended now: the authority does not confirm it")
    scene.node.roster.revision = 1001
    scene.node.roster.add("bob", uid=20002)
    scene.node.roster.write()
    wait_until(lambda: scene.node.ctl("check", "bob").returncode == 0, "bob on the roster")
    scene.a_later_removal_is_done()


def test_another_project_is_no_removal(scene: Scene) -> None:
    scene.begin()
    scene.node.roster.project = "proj_other"
    scene.configure(api={"project": "proj_other"})
    scene.remove("bob")
    wait_until(lambda: b"proj_other" in (SNAPSHOT_FOLDER / "before.roster.v1").read_bytes(), "its roster")
    scene.a_later_removal_is_done()


def test_nor_is_another_authority(scene: Scene) -> None:
    scene.begin()
    other = ROSTER.with_name("other.json")
    scene.node.roster.path = other
    scene.configure(api={"base_url": other.as_uri()})
    scene.remove("bob")
    wait_until(lambda: b"other.json" in (SNAPSHOT_FOLDER / "before.roster.v1").read_bytes(), "its roster")
    scene.a_later_removal_is_done()


def test_who_left_another_authority_before_is_left(scene: Scene) -> None:
    """Their grace runs when the configuration changes; and the gate, asked about them, would be the one
    that fetches the other's roster."""
    scene.begin(on_removal_grace="1h", roster={"fresh_for": "1h"})
    scene.remove("bob")
    assert scene.node.ctl("refresh").returncode == 0
    scene.watcher.wait_for("it is ended in 1h")
    other = ROSTER.with_name("other.json")
    scene.node.roster.path = other
    scene.node.roster.write()
    scene.configure(api={"base_url": other.as_uri()}, roster={"fresh_for": "1h"})
    wait_until(lambda: "bob" not in (SNAPSHOT_FOLDER / "leavers.v1").read_text(), "that bob is forgotten")
    assert scene.node.ctl("refresh").returncode == 0
    wait_until(lambda: b"other.json" in (SNAPSHOT_FOLDER / "before.roster.v1").read_bytes(), "its roster")
    scene.a_later_removal_is_done()


def test_a_lockdown_ends_nothing(scene: Scene) -> None:
    scene.begin(on_removal_grace="3s")
    scene.remove("bob")
    scene.watcher.wait_for("it is ended in 3s")
    assert scene.node.ctl("lockdown", "--reason", "x").returncode == 0
    scene.watcher.wait_for("what bob (uid 20002) has here is not ended now: lockdown")
    assert scene.bob.is_open() and scene.mallory.is_open()
    assert scene.node.ctl("lockdown", "--off").returncode == 0
    scene.wait_until_ended(scene.bob)
    assert scene.mallory.is_open()


def test_in_observe_mode_it_is_only_said(scene: Scene) -> None:
    scene.begin(mode="observe")
    scene.remove("bob")
    scene.watcher.wait_for("OBSERVE MODE: what bob (uid 20002) has here would be ended, and is left")
    assert scene.bob.is_open()


def test_who_is_admitted_is_left(scene: Scene) -> None:
    scene.begin()
    assert scene.node.ctl("admit", "bob", "--for", "4h", "--reason", "x").returncode == 0
    scene.remove("bob")
    scene.watcher.wait_for("bob (uid 20002) left the roster, and nothing is ended: admitted")
    assert scene.bob.is_open()


@pytest.mark.parametrize("exempt", ["bob", "20002"])
def test_who_is_exempt_is_left(scene: Scene, exempt: str) -> None:
    scene.begin(exempt_users=exempt)
    scene.remove("bob")
    scene.watcher.wait_for("bob (uid 20002) left the roster, and nothing is ended: exempt")
    assert scene.bob.is_open()


def test_a_uid_that_is_another_accounts_is_left(scene: Scene) -> None:
    """On the roster alice2 has the uid that is bob's on this node."""
    scene.begin()
    scene.node.roster.remove("bob")
    scene.node.roster.add("alice2", uid=20002)
    scene.node.roster.write()
    wait_until(lambda: b"alice2" in (SNAPSHOT_FOLDER / "before.roster.v1").read_bytes(), "alice2")
    scene.remove("alice2")
    scene.watcher.wait_for("alice2 (uid 20002) left the roster, and nothing is ended: uid 20002 is another account's "
                           "here: bob")
    assert scene.bob.is_open()


def test_a_system_accounts_uid_is_left(scene: Scene) -> None:
    scene.begin()
    scene.configure(min_uid="20003")
    scene.remove("bob")
    scene.watcher.wait_for("nothing is ended: uid 20002 is a system account's")
    assert scene.bob.is_open()


def test_a_services_uid_is_left(scene: Scene) -> None:
    """A roster that had slurm on it ends no slurmctld when it loses that."""
    scene.node.roster.add("slurm", uid=64030)
    scene.begin()
    with subprocess.Popen(["setpriv", "--reuid", "64030", "--clear-groups", "tail", "-f", "/dev/null"]) as service:
        scene.remove("slurm")
        scene.watcher.wait_for("nothing is ended: uid 64030 is a system account's")
        assert service.poll() is None
        service.kill()


def test_who_is_back_within_the_grace_is_left(scene: Scene) -> None:
    scene.begin(on_removal_grace="1h")
    session = scene.bob.begin("echo there; exec tail -f /dev/null", terminal=True)
    assert session.stdout and "there" in session.stdout.readline()
    scene.remove("bob")
    scene.watcher.wait_for("it is ended in 1h")
    scene.node.roster.add("bob", uid=20002)
    scene.node.roster.write()
    scene.watcher.wait_for("bob (uid 20002) is on the roster again: nothing is ended")
    assert any("is a collaborator of project proj_123 again" in line for line in session.stdout)
    scene.configure()
    scene.a_later_removal_is_done()
    session.kill()


def test_of_too_many_nobody_is_ended(scene: Scene, syslog: SyslogCollector, alice: Account, ssh: SshClient) -> None:
    scene.begin(on_removal_limit="1", more=f"[metrics]\ntextfile = {TEXTFILE}\n")
    scene.remove("bob", "mallory")
    alert = syslog.wait_for(lambda message: "ALERT" in message.raw, 60)
    assert (alert.severity, alert.tag) == (1, "together-refresh")
    said = ("on_removal: ALERT: nothing is ended of 2 people who left the roster (bob, mallory): 2 left within 1h, "
            "and 1 may ([gate] on_removal_limit)")
    assert said in alert.text and said in scene.watcher.log()
    wait_until(lambda: TEXTFILE.exists() and "\ntogether_removals_held 2\n" in TEXTFILE.read_text(), "the metric")
    assert scene.bob.is_open() and scene.mallory.is_open()
    status = scene.node.ctl("status").stdout
    assert "bob: NOTHING IS ENDED; the watcher's log says why" in status, status
    assert "mallory left the roster, has something here, and on_removal ends nothing of it" in \
        " ".join(scene.node.ctl("doctor").stdout.split())
    # By an operator, as the alert says.
    assert scene.node.ctl("sessions", "--end").returncode == 0
    scene.wait_until_ended(scene.bob)
    wait_until(lambda: "\ntogether_removals_held 0\n" in TEXTFILE.read_text(), "the end of the alert", 90)


def test_a_name_service_that_hangs_is_told_of(scene: Scene, syslog: SyslogCollector, tmp_path: Path) -> None:
    """It is asked for bob, who has no account in /etc/passwd for a while, and for a sender; what counts goes on."""
    scene.begin(more=f"[metrics]\ntextfile = {TEXTFILE}\nsenders = nobodys\n", wrapper=SlowNames(tmp_path, NEVER).before())
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    try:
        passwd.write_text("".join(line for line in before.splitlines(True) if not line.startswith("bob:")))
        scene.remove("bob")
        alert = syslog.wait_for(lambda message: "ALERT" in message.raw, 120)
        said = ("on_removal: ALERT: nothing is ended of 1 who left the roster (bob): the name service did not answer within "
                "10 s, asked for uid 20002. Look after this node's name service (getent passwd); it goes on once that answers")
        assert alert.severity == 1 and said in alert.text and said in scene.watcher.log()
        wait_until(lambda: TEXTFILE.exists() and "\ntogether_removals_held 1\n" in TEXTFILE.read_text(), "the metric", 90)
        assert "bob: NOTHING IS ENDED; the watcher's log says why" in scene.node.ctl("status").stdout
        assert scene.bob.is_open()
    finally:
        passwd.write_text(before)
    scene.wait_until_ended(scene.bob, 120)
    wait_until(lambda: "\ntogether_removals_held 0\n" in TEXTFILE.read_text(), "the end of the alert", 90)


# ---- the watcher itself ----------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_watcher_that_is_started_anew_ends_them(scene: Scene, number: int) -> None:
    """The grace begins anew."""
    scene.begin(on_removal_grace="1h")
    scene.remove("bob")
    scene.watcher.wait_for("it is ended in 1h")
    wait_until(lambda: "warned" in (SNAPSHOT_FOLDER / "leavers.v1").read_text(), "the file")
    scene.watcher.stop(number)
    scene.configure(on_removal_grace="2s")
    scene.watcher.start()
    scene.watcher.wait_for("it is ended in 2s")
    scene.wait_until_ended(scene.bob)


def test_a_removal_while_no_watcher_ran(scene: Scene) -> None:
    scene.begin()
    scene.watcher.stop()
    scene.remove("bob")
    assert scene.node.ctl("refresh").returncode == 0
    scene.watcher.start()
    scene.wait_until_ended(scene.bob)


def test_two_watchers_end_them_once(scene: Scene) -> None:
    scene.begin()
    second = subprocess.Popen([scene.node.refresh_program, "--watch"], stderr=subprocess.DEVNULL)
    try:
        scene.remove("bob")
        scene.wait_until_ended(scene.bob)
        wait_until(lambda: "left the roster and has" in scene.watcher.log(), "the log")
    finally:
        second.terminate()
        second.wait(20)


def test_its_files_are_roots_alone(scene: Scene) -> None:
    scene.begin(on_removal_grace="1h")
    scene.remove("bob")
    scene.watcher.wait_for("it is ended in 1h")
    for name in ("before.roster.v1", "leavers.v1"):
        status = (SNAPSHOT_FOLDER / name).stat()
        assert (status.st_uid, status.st_mode & 0o777) == (0, 0o600)
    assert CONFIG_FOLDER.exists()


def test_as_its_unit_confines_it(scene: Scene, bob: Account) -> None:
    scene.begin(on_removal_grace="2s", wrapper=confined("0"))
    session = scene.bob.begin("echo there; exec tail -f /dev/null", terminal=True)
    assert session.stdout and "there" in session.stdout.readline()
    scene.remove("bob")
    assert any("bob is no longer a collaborator" in line for line in session.stdout)
    scene.wait_until_ended(scene.bob)
    wait_until(lambda: not processes_of(bob), "the end of all of bob's processes")


def test_where_it_cannot_see_people_it_says_so(scene: Scene) -> None:
    scene.begin(wrapper=confined("2"))
    scene.remove("bob")
    scene.watcher.wait_for("ALERT: nothing is ended of 1 who left the roster (bob): /proc hides people's processes")
    assert scene.bob.is_open()
