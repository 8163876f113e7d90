# SPDX-License-Identifier: Apache-2.0
"""A machine that has users, an sshd, a Slurm and our gate already: where scripts are tried that must
neither stumble over these nor change them. In namespaces of its own; /usr is the real one's."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from support.slurm.cluster import Cluster
from support.slurm.daemon import Daemon
from support.slurm.slurm_version import installed_slurm
from support.waiting import wait_until

ALONE = "TOGETHER_ON_THE_MACHINE"
NAMESPACES = ["--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "unchanged"]
PORTS = {"slurmctld": 6817, "n1": 6818, "n2": 6819}  # Slurm's own
WATCHED = ("/etc", "/var/cache", "/var/lib/together", "/var/log", "/home", "/root", "/tmp")
FOREIGN = re.compile("munge|auth|cred|protocol|invalid|unable to", re.IGNORECASE)
MANY = 20  # differences to tell

# Names and numbers of our tests, all taken. Some by system accounts.
ACCOUNTS = """
groupadd --gid 20000 staff-of-the-machine
groupadd --gid 20003 render-farm
useradd --no-create-home --uid 20001 --gid 20000 alice
useradd --no-create-home --uid 20002 --user-group bob
useradd --no-create-home --uid 10001 --gid 20000 carol
useradd --no-create-home --uid 10003 --gid 20000 guest
useradd --no-create-home --uid 20004 --gid 20000 operator1
useradd --system --uid 500 backup-robot
useradd --system --uid 990 mallory
useradd --system --uid 991 together
usermod --expiredate 1 root
"""

# What an operator may have changed, and what would let nobody in.
FILES = {
    "/etc/nsswitch.conf": "passwd: files sss\ngroup: files sss\nshadow: files sss\nhosts: files resolve\n",
    "/etc/hosts": "127.0.0.1 localhost gpu-node-7\n192.0.2.9 together-sandbox\n",
    "/etc/hosts.deny": "ALL: ALL\n",
    "/etc/nologin": "maintenance\n",
    "/etc/sudoers.d/site": "Defaults requiretty, targetpw\n",
    "/etc/default/useradd": "HOME=/data/home\nSHELL=/usr/sbin/nologin\nEXPIRE=1970-01-02\n",
    "/etc/login.defs": "USERGROUPS_ENAB no\nUID_MAX 3000\nCREATE_HOME no\nUMASK 077\n",
    "/etc/skel/.profile": "exit 1\n",
    "/etc/bash.bashrc": "echo noise\n",
    "/etc/profile": "exit 1\n",
    "/etc/environment": "SLURM_CONF=/etc/slurm/slurm.conf\n",
    "/etc/security/limits.conf": "* hard nproc 0\n* hard maxlogins 0\n",
    "/etc/ssh/sshd_config": "Port 22\nUsePAM yes\nAllowGroups staff-of-the-machine\nPermitRootLogin no\n",
    "/etc/ssh/ssh_config": "Host *\n  ProxyCommand false\n",
    "/etc/ssh/sshrc": "exit 1\n",
    "/etc/pam.d/common-account": "account requisite pam_deny.so\n",
    "/etc/pam.d/common-auth": "auth requisite pam_deny.so\n",
    "/etc/pam.d/common-session": "session requisite pam_deny.so\n",
    "/etc/pam.d/sshd": "account [success=ok ignore=ignore default=die] pam_together.so\n@include common-account\n",
    "/etc/pam.d/sudo": "account required pam_deny.so\n",
    "/etc/together/together.conf": "[api]\nbase_url = https://roles.example.org/v1\nproject = proj_machine\n",
    "/etc/together/together.conf.d/site.conf": "[gate]\nrequire = admin\n",
    "/etc/together/token": "tk_of_the_machine\n",
    "/etc/together/lockdown": "reason = of the machine\n",
    "/var/cache/together/proj_machine.roster.v1": "a roster of the machine\n",
    "/var/lib/together/roster.json": "{}\n",
    "/var/log/together/decisions.log": "login=alice verdict=allow\n",
    "/var/log/together/dropped": "1\n",
}

# One of Slurm's that refuses everything, as both kinds.
PLUGIN = """
#include <slurm/slurm.h>
const char plugin_name[] = "another version";
const char plugin_type[] = KIND;
const unsigned plugin_version = SLURM_VERSION_NUMBER, spank_plugin_version = 1;
int init(void) { return 0; }
void fini(void) {}
int slurm_spank_init(void* spank, int count, char** arguments) { return -1; }
int job_submit(void* job, unsigned uid, char** error) { return SLURM_ERROR; }
int job_modify(void* job, void* record, unsigned uid, char** error) { return SLURM_ERROR; }
"""


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def become_another_machine() -> None:
    os.environ[ALONE] = "1"
    os.execvp("unshare", ["unshare", *NAMESPACES, sys.executable, *sys.argv])


class Machine:
    """Use as a context manager, in namespaces of its own."""

    def __enter__(self) -> "Machine":
        self._make_private()
        self._copy_folders()
        run("sh", "-ec", ACCOUNTS)
        self._install_another_version()
        self._start_sshd()
        self._start_slurm()
        self._write_files()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.cluster.stop()
        self.sshd.stop()

    # ---- making it -----------------------------------------------------------------------------

    @staticmethod
    def _make_private() -> None:
        # In a chroot "/" is no mount point, and cannot be made private (scripts/sandbox).
        if subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode != 0:
            run("mount", "--make-private", "/proc")
        run("mount", "-t", "proc", "proc", "/proc")
        socket.sethostname("gpu-node-7")
        run("ip", "link", "set", "lo", "up")
        # An address for documents (RFC 5737): Slurm resolves nothing where there is but loopback's.
        run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")

    @staticmethod
    def _copy_folders() -> None:
        """/run with mounts below it, as systemd's is."""
        for folder, mode in (("/tmp", "1777"), ("/run", "755"), ("/home", "755"), ("/root", "700")):
            run("mount", "-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", folder)
        for folder in ("/run/lock", "/run/user", "/run/user/20001"):
            Path(folder).mkdir()
        for folder in ("/run/lock", "/run/user/20001"):
            run("mount", "-t", "tmpfs", "-o", "mode=755,nosuid,nodev", "tmpfs", folder)
        for folder in ("etc", "var", "usr"):
            layer = Path("/run/layers") / folder
            for name in ("upper", "work"):
                (layer / name).mkdir(parents=True)
            run("mount", "-t", "overlay", "overlay", "-o",
                f"lowerdir=/{folder},upperdir={layer}/upper,workdir={layer}/work", f"/{folder}")

    @staticmethod
    def _install_another_version() -> None:
        """One that lets everybody in, or nobody: whoever meets it sees it."""
        security = next(Path("/usr/lib").glob("*/security"))
        shutil.copy(security / "pam_permit.so", security / "pam_together.so")
        for name, kind in (("spank_together", "spank"), ("job_submit_together", "job_submit/together")):
            subprocess.run(["cc", "-shared", "-fPIC", f'-DKIND="{kind}"', "-x", "c", "-", "-o",
                            installed_slurm().plugins / f"{name}.so"],
                           input=PLUGIN, text=True, check=True)
        for name in ("togetherctl", "together-refresh", "together-roled"):
            program = Path("/usr/bin") / name
            program.write_text("#!/bin/sh\nexit 1\n")
            program.chmod(0o755)

    def _start_sshd(self) -> None:
        Path("/run/sshd").mkdir(mode=0o755)
        run("ssh-keygen", "-A")
        self.sshd = Daemon(["/usr/sbin/sshd", "-D", "-p", "22", "-E", "/run/sshd.log"], Path("/run/sshd.log"))
        self.sshd.start(lambda: Cluster.listens(22))

    def _start_slurm(self) -> None:
        """Its munged where every client looks for it, as its slurm.conf will be."""
        hosts = Path("/etc/hosts")
        hosts.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
        folder = Path("/run/machine")
        folder.mkdir(mode=0o755)
        self.cluster = Cluster(folder, installed_slurm(), {"ClusterName": "machine"}, PORTS)
        self.cluster.start()
        Path("/run/munge").mkdir()
        Path("/run/munge/munge.socket.2").symlink_to(self.cluster.munge.socket)

    def _write_files(self) -> None:
        for name, text in FILES.items():
            path = Path(name)
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.write_text(text)
        Path("/etc/together/token").chmod(0o600)
        Path("/etc/sudoers.d/site").chmod(0o440)
        resolver = Path("/etc/resolv.conf")
        resolver.unlink(missing_ok=True)
        resolver.symlink_to("../run/systemd/resolve/stub-resolv.conf")
        Path("/etc/passwd.lock").write_text(f"{os.getpid()}\0")  # somebody is about to add a user
        for name in ("slurm", "munge"):
            shutil.rmtree(f"/etc/{name}", ignore_errors=True)
            Path(f"/etc/{name}").mkdir()
        shutil.copy(self.cluster.conf, "/etc/slurm/slurm.conf")
        shutil.copy(self.cluster.munge.directory / "munge.key", "/etc/munge/munge.key")

    # ---- looking at it -------------------------------------------------------------------------

    def as_it_is(self) -> set[str]:
        """Each file, process, mount, port and node: what must be the same afterwards."""
        self.cluster.forget_logs()
        return {*self._files(), *self._lasting()}

    def differences(self, before: set[str]) -> list[str]:
        lasting = {line for line in before if not line.startswith("file ")}
        try:
            # What Slurm starts by itself for a moment.
            wait_until(lambda: set(self._lasting()) == lasting, "the machine to be as it was")
        except AssertionError:
            pass
        now = {*self._files(), *self._lasting()}
        found = [f"gone: {line}" for line in sorted(before - now)] + [f"new: {line}" for line in sorted(now - before)]
        return found[:MANY] + self._heard()

    def _heard(self) -> list[str]:
        """Whoever talked to the machine's Slurm with a key or a name that is not its own."""
        return [f"Slurm logged: {line}" for line in self.cluster.logs().splitlines()
                if "error" in line and FOREIGN.search(line)]

    @staticmethod
    def _files() -> list[str]:
        paths = [path for top in WATCHED for path in [Path(top), *Path(top).rglob("*")]]
        return [f"file {path} {describe(path)}" for path in paths]

    def _lasting(self) -> list[str]:
        processes = [line.split(None, 2) for line in run("ps", "-eo", "pid=,stat=,comm=").splitlines()]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        ports = run("ss", "-Hltunp").splitlines()
        return [*(f"process {pid} {name}" for pid, state, name in processes
                  if name != "ps" and not state.startswith("Z")),
                *(f"mount {line}" for line in mounts),
                *(f"port {' '.join(line.split())}" for line in ports),
                *(f"node {name} {state}" for name, state in self.cluster.node_states().items())]


def describe(path: Path) -> str:
    seen = path.lstat()
    content = ""
    if path.is_symlink():
        content = os.readlink(path)
    elif path.is_file():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{seen.st_mode:o} {seen.st_uid}:{seen.st_gid} {content}"
