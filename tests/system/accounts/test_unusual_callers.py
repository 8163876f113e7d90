# SPDX-License-Identifier: Apache-2.0
"""Processes that are not as others: without descriptors, in namespaces, with threads and forks."""

import os
import shutil
from pathlib import Path

from support.accounts_node import ABSENT, ACCOUNTS, AccountsNode, as_user, output
from support.refresher import BUILD

PYTHON = "/usr/bin/python3"
STORM = BUILD / "tests" / "system" / "accounts" / "accounts_name_storm"


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
    copies = [Path("/tmp/few"), Path("/tmp/many")]
    for copy in copies:
        copy.write_bytes(ACCOUNTS.read_bytes())
        for number in range(50):
            node.roster.add(f"user{number}", uid=10100 + number)
        node.change()
    assert copies[0].read_bytes() != ACCOUNTS.read_bytes() and len(output("getent", "group", "p-lab")) > 100
    copies[1].write_bytes(ACCOUNTS.read_bytes())
    assert output(STORM, ACCOUNTS, *copies, "5000") == "done"


# Prints what getpwnam_r and getgrnam_r give at each size of the buffer, repetitions left out.
EACH_SIZE = """
import ctypes, errno, itertools
libc = ctypes.CDLL(None)
for call, name in ((libc.getpwnam_r, b"alice"), (libc.getgrnam_r, b"p-lab"), (libc.getgrnam_r, b"bob")):
    def at(size):
        found = ctypes.c_void_p()
        code = call(name, ctypes.create_string_buffer(256), ctypes.create_string_buffer(size + 1),
                    ctypes.c_size_t(size), ctypes.byref(found))
        return errno.errorcode.get(code, code) if code else "found" if found else "none"
    print(*[answer for answer, _ in itertools.groupby(at(size) for size in range(1200))])
"""


def test_buffers_of_each_size(node: AccountsNode) -> None:
    assert run(EACH_SIZE).split("\n") == ["ERANGE found"] * 3


STATIC = """
#include <pwd.h>
#include <stdio.h>
int main(int argc, char** argv) {
    struct passwd* found = argc > 1 ? getpwnam(argv[1]) : NULL;
    printf("%ld\\n", found ? (long)found->pw_uid : -1L);
}
"""


def test_a_statically_linked_program(node: AccountsNode) -> None:
    source, program = Path("/tmp/static.c"), Path("/tmp/static")
    source.write_text(STATIC)
    output("gcc", "-static", "-o", program, source)
    assert [output(program, login) for login in ("alice", "mallory", "root")] == ["10001", "-1", "0"]


def test_a_setuid_program(node: AccountsNode) -> None:
    """Of another user than root: glibc trusts no path of its caller's."""
    program = Path("/run/setuid-id")
    shutil.copy("/usr/bin/id", program)
    os.chown(program, 10002, 10002)
    program.chmod(0o4755)
    assert output(*as_user("alice", str(program))) == (
        "uid=10001(alice) gid=10001(alice) euid=10002(bob) groups=10001(alice),20000(p-lab),20001(p-lab-admin)")


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
