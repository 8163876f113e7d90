# SPDX-License-Identifier: Apache-2.0
"""An application of PAM, as sshd is one: forks for each login and goes through an account transaction
there. Its own program, because a test process has threads, and a login must be a fresh process.

Reads `{"confdir": …, "service": …, "rows": [["alice"], …]}` from stdin, one request a line. Each
row is a process that logs these in one after the other, as a screen locker does that lives for
days; all rows of a request begin at once. Writes their pids, and at their end what each of them met.

With `"damage": {"path": …, "kind": "cut" or "flipped"}` a row goes through the file at each shorter
length, or with each of its bits flipped in turn (then one of the row logs in, by turns, so that
each byte meets all of them), and says which outcomes there were and how often.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_void_p
from typing import Any

PAM_RHOST = 4
# What a process takes once for all, it has taken by then.
WARM = 100


class PamMessage(ctypes.Structure):
    _fields_ = [("style", c_int), ("text", c_char_p)]


Converse = CFUNCTYPE(c_int, c_int, POINTER(POINTER(PamMessage)), POINTER(c_void_p), c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", Converse), ("data", c_void_p)]


pam = ctypes.CDLL("libpam.so.0")
libc = ctypes.CDLL(None)
libc.calloc.restype = c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
pam.pam_start_confdir.argtypes = [c_char_p, c_char_p, POINTER(Conversation), c_char_p,
                                  POINTER(c_void_p)]
pam.pam_set_item.argtypes = [c_void_p, c_int, c_char_p]
pam.pam_acct_mgmt.argtypes = pam.pam_end.argtypes = [c_void_p, c_int]


class MallocInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost")]


libc.mallinfo2.restype = MallocInfo


def transaction(confdir: str, service: str, login: str) -> dict[str, Any]:
    messages: list[str] = []

    # As sshd does, it answers each message with an allocated, empty response.
    def converse(count: int, given: Any, responses: Any, _: Any) -> int:
        messages.extend(given[i].contents.text.decode() for i in range(count))
        responses[0] = libc.calloc(count, 16)
        return 0

    conversation = Conversation(Converse(converse), None)
    handle = c_void_p()
    started = time.monotonic()
    begun = pam.pam_start_confdir(service.encode(), login.encode(), ctypes.byref(conversation),
                                  confdir.encode(), ctypes.byref(handle))
    assert begun == 0, begun
    pam.pam_set_item(handle, PAM_RHOST, b"192.0.2.7")
    answer = pam.pam_acct_mgmt(handle, 0)
    pam.pam_end(handle, answer)
    seconds = time.monotonic() - started
    return {"login": login, "answer": answer, "messages": messages, "seconds": seconds}


def descriptors() -> dict[str, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one that listed them
            continue
    return found


def children() -> list[str]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return file.read().split()


def possessions() -> dict[str, int]:
    """What a process could have ever more of."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        mappings = sum(1 for _ in maps)
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[0])
    info = libc.mallinfo2()
    return {"allocated": info.uordblks + info.hblkhd, "mappings": mappings,
            "address space": pages * 4096, "descriptors": len(descriptors()),
            "children": len(children())}


def log_in(confdir: str, service: str, row: list[str]) -> dict[str, Any]:
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    before = descriptors()
    reports: list[Any] = [None] * len(row)  # not to be counted as growth
    warm: dict[str, int] = {}
    for i, login in enumerate(row):
        reports[i] = transaction(confdir, service, login)
        if i == WARM:
            warm = possessions()
    now = possessions() if warm else {}
    *earlier, report = reports
    report["earlier"] = earlier
    report["growth"] = {what: now[what] - warm[what] for what in now}
    report["children"] = children()
    report["descriptors"] = sorted(set(descriptors().items()) - set(before.items()))
    return report


def damaged(kind: str, whole: bytes) -> Iterator[bytes]:
    if kind == "cut":
        yield from (whole[:length] for length in range(len(whole)))
        return
    for position in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[position] ^= 1 << bit
            yield bytes(changed)


def sweep(request: dict[str, Any], row: list[str]) -> list[list[Any]]:
    """Each outcome with its number and the number of the first damage that it came of."""
    outcomes: dict[tuple[str, int, str], list[int]] = {}
    kind = request["damage"]["kind"]
    with open(request["damage"]["path"], "r+b", buffering=0) as file:
        whole = file.read()
        for number, data in enumerate(damaged(kind, whole)):
            file.truncate(os.pwrite(file.fileno(), data, 0))
            turn = (number + number // 8) % len(row)
            for login in row if kind == "cut" else row[turn:turn + 1]:
                met = transaction(request["confdir"], request["service"], login)
                key = (login, met["answer"], "\n".join(met["messages"]))
                outcomes.setdefault(key, [0, number])[0] += 1
        file.truncate(os.pwrite(file.fileno(), whole, 0))
    return [[*outcome, *found] for outcome, found in outcomes.items()]


def start(request: dict[str, Any], row: list[str], gate: int, closed: int) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.close(closed)
        os.read(gate, 1)  # its end: all begin together
        report = (sweep(request, row) if "damage" in request
                  else log_in(request["confdir"], request["service"], row))
        os.write(writer, json.dumps(report).encode())
    finally:
        os._exit(0)


def read_all(descriptor: int) -> bytes:
    data = b""
    while more := os.read(descriptor, 65536):
        data += more
    os.close(descriptor)
    return data


def main() -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    gc.disable()
    gc.freeze()  # or each fork copies what a collection touches
    for line in sys.stdin:
        request = json.loads(line)
        gate, opened = os.pipe()
        started = [start(request, row, gate, opened) for row in request["rows"]]
        print(json.dumps([pid for pid, _ in started]), flush=True)
        os.close(opened)
        os.close(gate)
        reports = [read_all(reader) for _, reader in started]
        for pid, _ in started:
            os.waitpid(pid, 0)
        # One that was killed has nothing to say.
        print(json.dumps([json.loads(report) if report else None for report in reports]),
              flush=True)


if __name__ == "__main__":
    main()
