# SPDX-License-Identifier: Apache-2.0
"""Processes that are not as others: without descriptors, in namespaces, with threads and forks."""

import os
import subprocess
from pathlib import Path

from support.accounts_node import ABSENT, ACCOUNTS, AccountsNode, output
from support.refresher import ENVIRONMENT

PYTHON = "/usr/bin/python3"


def run(script: str) -> str:
    return output(PYTHON, "-c", script)


def test_without_descriptors(node: AccountsNode) -> None:
    assert run("""
import os, pwd, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
pwd.getpwnam("alice")
resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
try: print(pwd.getpwnam("alice").pw_uid)
except (KeyError, OSError) as error: print("none")
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
print(pwd.getpwnam("alice").pw_uid)
""") == "none\n10001"


def test_with_standard_streams_closed(node: AccountsNode) -> None:
    answer = Path("/tmp/answer")
    script = f"""
import grp, os, pwd
for fd in (0, 1, 2): os.close(fd)
text = f"{{pwd.getpwnam('alice').pw_uid}} {{grp.getgrnam('p-lab').gr_gid}} {{os.getgrouplist('bob', 5)}}"
open({str(answer)!r}, "w").write(text)
"""
    output(PYTHON, "-c", script)
    assert answer.read_text() == "10001 20000 [5, 20000]"


# To answer openat(2) with EPERM, as a sandbox of sshd's kind does.
SECCOMP = """
import ctypes, os, platform, pwd, struct
number = {"x86_64": 257, "aarch64": 56}[platform.machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Filter(ctypes.Structure): _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
pwd.getpwnam("alice")
os.environ["TZ"] = "UTC"
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(steps), ctypes.addressof(code)))) == 0
for ask in (lambda: pwd.getpwnam("alice"), lambda: pwd.getpwuid(10002), lambda: os.getgrouplist("bob", 10002)):
    try: print("answered" if not isinstance(ask(), list) else "no crash")
    except (KeyError, OSError): print("none")
"""


def test_under_seccomp(node: AccountsNode) -> None:
    assert run(SECCOMP).split("\n") == ["none", "none", "no crash"]


def test_whose_the_file_is_does_not_matter(node: AccountsNode) -> None:
    """In a user namespace root's belongs to nobody. (No such namespace here: a chroot gets none.)"""
    os.chown(ACCOUNTS, 65534, 65534)
    assert output("getent", "passwd", "10001").startswith("alice:")
    assert output("getent", "group", "p-lab") == "p-lab:*:20000:alice,bob"


def test_in_a_chroot_without_the_file(node: AccountsNode) -> None:
    root = Path("/tmp/root")
    root.mkdir()
    output("mount", "--rbind", "/", root)
    output("mount", "-t", "tmpfs", "tmpfs", root / "var/lib")
    assert output("chroot", root, "id", "-un", "0") == "root"
    output("chroot", root, "getent", "passwd", "alice", status=ABSENT)


def test_threads_and_forks_while_the_file_is_replaced(node: AccountsNode) -> None:
    replacer = subprocess.Popen(
        ["sh", "-c", f"while :; do cp {ACCOUNTS} /var/lib/together/n && mv /var/lib/together/n {ACCOUNTS}; done"],
        env=ENVIRONMENT)
    node.started(replacer)  # type: ignore[arg-type]
    try:
        assert run("""
import grp, os, pwd, threading
wrong = []
def ask():
    for _ in range(500):
        try:
            if pwd.getpwnam("alice").pw_uid != 10001: wrong.append("uid")
            if pwd.getpwuid(10002).pw_name != "bob": wrong.append("login")
            if grp.getgrgid(20000).gr_mem != ["alice", "bob"]: wrong.append("members")
            if os.getgrouplist("bob", 10002) != [10002, 20000]: wrong.append("groups")
        except Exception as error: wrong.append(repr(error))
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0: os._exit(0 if pwd.getpwnam("bob").pw_uid == 10002 else 1)
    if os.waitpid(child, 0)[1] != 0: wrong.append("child")
for thread in threads: thread.join()
print(sorted(set(wrong)))
""") == "[]"
    finally:
        replacer.kill()


def test_a_group_of_100000(node: AccountsNode) -> None:
    node.roster.group = {"name": "p-lab", "gid": 500000, "admin_gid": 500001}
    node.set(uid_range="100000-400000", gid_range="500000-500001")
    for number in range(100_000):
        node.roster.add(f"user{number}", uid=100_000 + number)
    node.change()
    members = output("getent", "group", "p-lab").split(":")[3].split(",")
    assert members == [f"user{number}" for number in range(100_000)]
    assert run("import grp; print(len(grp.getgrnam('p-lab').gr_mem))") == "100000"
    assert output("id", "-Gn", "user99999") == "user99999 p-lab"
