# SPDX-License-Identifier: Apache-2.0
"""Logins: what a user, and whoever looks at the process, sees of a PAM transaction."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

SUCCESS, PERM_DENIED, AUTHINFO_UNAVAIL = 0, 6, 9
NAMES = {SUCCESS: "let in", PERM_DENIED: "denied", AUTHINFO_UNAVAIL: "unavailable"}


@dataclass(frozen=True)
class Outcome:
    """What logins met while a file was damaged in all ways, one after the other."""

    login: str
    answer: int
    message: str
    times: int
    first: int  # the number of the damage: bytes that were left, or the bit


@dataclass(frozen=True)
class Login:
    login: str
    answer: int
    messages: list[str]
    seconds: float  # pam_start to pam_end
    children: list[str]  # running or not reaped, when it ended
    descriptors: list[Any]  # that it did not have before
    # Of a row of logins, which the last one speaks for:
    earlier: list[dict[str, Any]] = field(default_factory=list)
    growth: dict[str, int] = field(default_factory=dict)  # of the process, since it was warm
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", NAMES.get(self.answer, str(self.answer)))


class PamApplication:
    """Use as a context manager. One request at a time: begin() and finish(), or log_in()."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("pam_application.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def log_in_twice(self, confdir: Path, service: str, logins: Sequence[str]) -> list[Login]:
        """All at once, and each again in the same process as soon as it has its answer."""
        pids = self.begin_rows(confdir, service, [[login] * 2 for login in logins])
        rows = self._finish_all(pids)
        return [login for row in zip(*map(whole_row, rows)) for login in row]

    def log_in_a_row(self, confdir: Path, service: str, logins: Sequence[str]) -> list[Login]:
        """One after the other in one process."""
        (last,) = self._finish_all(self.begin_rows(confdir, service, [list(logins)]))
        return whole_row(last)

    def sweep(self, confdir: Path, service: str, logins: Sequence[str], path: Path,
              kind: str) -> list[Outcome]:
        """With the file `cut` at each length, or each bit `flipped`; whole again in the end."""
        self._ask({"confdir": str(confdir), "service": service, "rows": [list(logins)],
                   "damage": {"path": str(path), "kind": kind}})
        (outcomes,) = self._line()
        assert outcomes, "the sweep died"
        return [Outcome(*outcome) for outcome in outcomes]

    def begin(self, confdir: Path, service: str, logins: Sequence[str]) -> list[int]:
        """The processes that log in now."""
        return self.begin_rows(confdir, service, [[login] for login in logins])

    def begin_rows(self, confdir: Path, service: str, rows: Sequence[list[str]]) -> list[int]:
        return self._ask({"confdir": str(confdir), "service": service, "rows": list(rows)})

    def _ask(self, request: dict[str, Any]) -> list[int]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        pids: list[int] = self._line()
        return pids

    def finish(self) -> list[Login | None]:
        """In the order of the request; None for one that was killed."""
        return [Login(**report) if report else None for report in self._line()]

    def log_in(self, confdir: Path, service: str, logins: Sequence[str]) -> list[Login]:
        return self._finish_all(self.begin(confdir, service, logins))

    def _finish_all(self, pids: list[int]) -> list[Login]:
        finished = [login for login in self.finish() if login]
        assert len(finished) == len(pids), "a login died"
        return finished

    def _line(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the host of PAM has ended"
        return json.loads(line)


def whole_row(last: Login) -> list[Login]:
    """What the process looked like, is known of its end alone."""
    return [*(Login(**one, children=[], descriptors=[]) for one in last.earlier), last]
