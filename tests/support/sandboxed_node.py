# SPDX-License-Identifier: Apache-2.0
"""Inside the sandbox: the node that the documents speak of, and a root's shell on it.

A node has a writable /usr, our programs installed, sshd on port 22 and Slurm's two files.
"""

import os
import select
import socket
import subprocess
from pathlib import Path
from types import TracebackType

from support.console_blocks import CHECKOUT
from support.waiting import wait_until

BUILD_LIMIT, LIMIT = 600, 60  # seconds; README builds where nothing was built yet

SLURM_CONF = """ClusterName=cluster
SlurmctldHost=localhost
NodeName=node1
PartitionName=all Nodes=ALL Default=YES
"""
PLUGSTACK_CONF = "# plug-ins of srun, salloc, sbatch and slurmstepd\n"


def must(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_text(text)


class Node:
    def __init__(self, installed: bool) -> None:
        """installed: our programs are. Where not, the document installs them, out of the checkout."""
        self.installed = installed
        self.home = Path("/root") if installed else CHECKOUT

    def __enter__(self) -> "Node":
        assert os.environ.get("TOGETHER_SANDBOX"), "only in scripts/sandbox"
        for folder in ("/tmp/upper", "/tmp/work"):
            Path(folder).mkdir()
        must("mount", "-t", "overlay", "overlay", "-o", "lowerdir=/usr,upperdir=/tmp/upper,workdir=/tmp/work", "/usr")
        write(Path("/etc/slurm/slurm.conf"), SLURM_CONF)
        write(Path("/etc/slurm/plugstack.conf"), PLUGSTACK_CONF)
        if self.installed:
            must("cmake", "--install", CHECKOUT / "build" / "release")
            self.start_sshd()
        return self

    def start_sshd(self) -> None:
        Path("/run/sshd").mkdir(mode=0o755)
        must("ssh-keygen", "-A")
        keys = [path.read_text().split()[:2] for path in Path("/etc/ssh").glob("ssh_host_*_key.pub")]
        write(Path("/etc/ssh/ssh_known_hosts"), "".join(f"localhost {' '.join(key)}\n" for key in keys))
        must("/usr/sbin/sshd")
        wait_until(lambda: answers(22), "sshd, which listens after it is in the background")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        pass  # the sandbox ends everything


class Shell:
    """One bash: what a command sets, the next one sees."""

    def __init__(self, node: Node) -> None:
        self.status_read, status_write = os.pipe()
        self.count = 0
        self.limit = LIMIT if node.installed else BUILD_LIMIT
        self.bash = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=node.home, text=True,
                                     stdin=subprocess.PIPE, pass_fds=[status_write])
        os.close(status_write)  # bash has it, under this number
        self.status_write = status_write

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.bash.kill()
        self.bash.wait()

    def run(self, command: str) -> tuple[int | str, str]:
        """Its status, or why there is none, and what it printed. Into files: what it leaves in the
        background must not hold us."""
        self.count += 1
        text, printed = Path(f"/tmp/command-{self.count}"), Path(f"/tmp/printed-{self.count}")
        text.write_text(command + "\n")
        assert self.bash.stdin
        try:
            self.bash.stdin.write(f". {text} >{printed} 2>&1 </dev/null {self.status_write}>&-; "
                                  f"echo $? >&{self.status_write}\n")
            self.bash.stdin.flush()
        except BrokenPipeError:
            return "the shell is gone", ""
        return self.status(), printed.read_text() if printed.exists() else ""

    def status(self) -> int | str:
        ready, _, _ = select.select([self.status_read], [], [], self.limit)
        if ready:
            return int(os.read(self.status_read, 16) or b"-1")  # nothing: it ended the shell
        self.bash.kill()  # what it would say later is nobody's answer
        self.bash.wait()
        return f"no end after {self.limit} s"
