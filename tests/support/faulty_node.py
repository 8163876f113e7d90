# SPDX-License-Identifier: Apache-2.0
"""A node behind the gate whose authority, disk or clock fails, and what must hold all the same."""

import fcntl
import os
import re
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from support.faulty_authority import FaultyAuthority, good
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS, Login, PamApplication
from support.pam_service import PERMIT, gate_lines
from support.refresher import BUILD, PROGRAM, TOP, Refresher, processes_of
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

MODULE = BUILD / "pam_together" / "pam_together.so"
STAMP = BUILD / "tests" / "support" / "tools" / "together-stamp"
TOKEN = "tgn_of_the_tests"
NOTHING: Mapping[str, str] = {}

# A hang costs a test its whole deadline; an answer must come in time on a busy machine too.
SHORT, LONG = 0.6, 4.0
TOLERANCE = 0.2
ATTEMPTS = 3
TIMED_OUT = r"no answer within the deadline|did not end within"


@dataclass(frozen=True)
class State:
    name: str
    age: str | None  # of the roster; none where there is none

    def answer_to(self, login: str) -> int:
        """What must come out while nothing new can be learned."""
        if login == "root":
            return SUCCESS
        if self.age is None:
            return AUTHINFO_UNAVAIL
        return SUCCESS if login in ("alice", "bob") else PERM_DENIED


# `fresh` is older than recheck_after: an absent name makes the node ask.
COLD, FRESH, OLD = State("cold", None), State("fresh", "10s"), State("old", "1h")
STATES = (COLD, FRESH, OLD)
EVERYBODY = ("alice", "bob", "mallory", "root")


class Late(AssertionError):
    """Too slow, which a busy machine may be once."""


class FaultyNode(Refresher):
    """Its accounts: alice and bob, who are on the roster, and mallory, who is not."""

    _good: dict[str, tuple[bytes, bytes]] = {}  # snapshot and last attempt, by base_url

    def __init__(self, application: PamApplication, authority: FaultyAuthority, syslog: SyslogCollector) -> None:
        super().__init__()
        self.application, self.authority, self.syslog = application, authority, syslog
        self.token = TOP / "token"
        self.api = {"base_url": authority.base_url, "token_file": str(self.token)}
        self.deadline = LONG
        self.pam = TOP / "pam.d"
        self.pam.mkdir()
        self.module_arguments = (f"config={self.config}",)
        self.write_services()
        self.write_token()
        self.set_up()

    def set_up(self, deadline: float = LONG, api: Mapping[str, str] = NOTHING,
               **roster: str) -> None:
        self.api |= api
        self.deadline = deadline
        bounds = {"fresh_for": "5m", "recheck_after": "2s", "stale_for": "24h",
                  "local_fault_for": "24h",
                  "deadline": f"{round(deadline * 1000)}ms"}
        self.configure(self.api, **bounds | roster)

    def write_token(self, text: str = TOKEN + "\n") -> None:
        self.token.write_text(text)
        self.token.chmod(0o600)

    def write_services(self) -> None:
        """`sshd` has the gate's two lines first; `module` is our module alone, which root must pass
        too."""
        gate = gate_lines(MODULE, *self.module_arguments)[:2]
        alone = " ".join(("account required", str(MODULE), *self.module_arguments))
        (self.pam / "sshd").write_text("\n".join((*gate, *PERMIT)) + "\n")
        (self.pam / "module").write_text(alone + "\n")
        # Without it libpam itself logs, and keeps syslog(3)'s descriptor.
        (self.pam / "other").write_text("account required pam_deny.so\n")

    def put(self, state: State) -> None:
        """No roster, or a good one of that age; nobody has asked in vain yet."""
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.iterdir():
            if path != self.lock:
                path.unlink()
        if state.age is not None:
            snapshot, attempt = self._good_files()
            self.snapshot.write_bytes(snapshot)
            self.attempt_file.write_bytes(attempt)
            self.set_age(state.age)

    def set_age(self, age: str, *more: str) -> None:
        subprocess.run([STAMP, "--config", self.config, "--age", age, *more], check=True)

    def _good_files(self) -> tuple[bytes, bytes]:
        url = self.api["base_url"]
        if url not in self._good:
            behaviour = self.authority.behaviour
            self.authority.behave(good)
            self.refresh()
            self._good[url] = self.snapshot.read_bytes(), self.attempt_file.read_bytes()
            self.authority.behave(behaviour)
        return self._good[url]

    def log_in(self, *logins: str, service: str = "sshd") -> list[Login]:
        """All at once, each in its own process."""
        return self.application.log_in(self.pam, service, logins)

    def log_in_a_row(self, *logins: str, service: str = "sshd") -> list[Login]:
        """One after the other in one process."""
        return self.application.log_in_a_row(self.pam, service, logins)

    def log_in_one(self, login: str, service: str = "sshd") -> Login:
        return self.log_in(login, service=service)[0]

    def nothing_is_left(self, logins: Sequence[Login]) -> None:
        wait_until(lambda: not processes_of(PROGRAM), "the end of every helper", timeout=5)
        for login in logins:
            assert not login.descriptors, login
        allowed = {path.name for path in
                   (self.snapshot, self.stamp, self.attempt_file, self.lock, self.spare, self.addresses)}
        # Asked as a set of names, so that a folder that cannot be read fails as well.
        assert set(os.listdir(self.folder)) <= allowed, os.listdir(self.folder)

    def nobody_holds_the_lock(self) -> None:
        """Asked of any byte of it, without taking it."""
        question = struct.pack("hh4xqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)

        def is_free() -> bool:
            with open(self.lock, "r+b") as lock:
                answer = fcntl.fcntl(lock, fcntl.F_OFD_GETLK, question)
            return struct.unpack("h", answer[:2])[0] == fcntl.F_UNLCK

        wait_until(is_free, "the release of the lock", timeout=5)

    def in_time(self, logins: Sequence[Login], limit: float | None = None) -> None:
        limit = self.deadline + TOLERANCE if limit is None else limit
        for login in logins:
            if login.seconds > limit:
                raise Late(f"{login.login} took {login.seconds:.3f} s of {limit} s")
            if login.children:  # killed, and not dead yet
                raise Late(f"{login.login} left {login.children}")

    def refresh_words(self) -> list[str]:
        """What the decisions' lines say of the attempts to refresh."""
        return [line.fields["refresh"] for line in self.syslog.decisions()
                if "refresh" in line.fields]

    def log_says(self, words: str) -> None:
        """In the line of a decision; a time-out of a busy machine is no answer to the question."""
        found = self.refresh_words()
        if any(re.search(words, text) for text in found):
            return
        if found and any(re.search(TIMED_OUT, text) for text in found):
            raise Late(f"no {words!r} in {found}")
        raise AssertionError(f"no {words!r} in {found}\n{self.syslog}")

    def bears(self, words: str, state: State, arrange: Callable[[], None] = lambda: None,
              like: State | None = None) -> None:
        """Everybody gets the answer of docs/decision-table.md, while nothing new can be learned for
        the reason in `words`.
        After `arrange`, what is there may be as good as a roster of `like` only."""
        self.until_in_time(lambda: self._bears_once(words, state, arrange, like or state))

    def _bears_once(self, words: str, state: State, arrange: Callable[[], None],
                    like: State) -> None:
        self.put(state)
        arrange()
        before = self._roster_as_it_is()
        self.syslog.forget()
        logins = self.application.log_in_twice(self.pam, "sshd", EVERYBODY)
        logins += self.log_in("root", service="module")
        self.are_answered(logins, like)
        self.nothing_is_left(logins)
        assert self._roster_as_it_is() == before, "a fault has changed the roster"
        self.log_says(words)
        self.in_time(logins)

    def _roster_as_it_is(self) -> bytes | None:
        return self.snapshot.read_bytes() if self.snapshot.is_file() else None

    def are_answered(self, logins: Sequence[Login], state: State) -> None:
        for login in logins:
            self.is_answered(login, state.answer_to(login.login))

    def is_answered(self, login: Login, expected: int) -> None:
        assert login.answer == expected, f"{login} in vain:\n{self.syslog}"
        text = " ".join(login.messages)
        if expected == SUCCESS:
            assert not text, login
        elif expected == AUTHINFO_UNAVAIL:
            assert f"{login.login} was not refused" in text and "collaborator" not in text, login
        else:
            assert login.login in text and text.startswith("Access denied"), login

    @staticmethod
    def until_in_time(body: Callable[[], None]) -> None:
        """Answers and what is left are judged at each attempt; being late only thrice in a row."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return body()
            except Late:
                if attempt == ATTEMPTS:
                    raise
