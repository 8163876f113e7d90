# SPDX-License-Identifier: Apache-2.0
"""A new Debian, made by debootstrap, to install packages in: the release that this machine runs, or another.

The packages' dependencies are in it from the start, so that the tests need no network. What a test changes
lies in a layer of its own (overlayfs) and goes with the test; processes end with each run().
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from support.programs import CHECKOUT

STORE = Path(os.environ.get("TOGETHER_ROOTS", CHECKOUT / "build" / "roots"))
DEBS = Path(os.environ.get("TOGETHER_DEBS", "/nonexistent"))
# What an operator's node has; libraries come as our packages' own dependencies.
HOSTS = ["openssh-server", "sudo", "pamtester", "slurmctld", "slurmd", "slurm-client"]

ENTER = r"""
set -e
base=$1 layer=$2 debs=$3 root=$2/root
mount --make-rprivate / 2>/dev/null || true # in a chroot it is no mount point (scripts/sandbox)
mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom; do
  : >"$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
# On a terminal of its own apt mixes what dpkg says to stderr into stdout.
echo 'Dpkg::Use-Pty "0";' >"$root/etc/apt/apt.conf.d/90tests"
mkdir -p "$root/debs"
mount --bind "$debs" "$root/debs"
exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -euo pipefail -c "$4"
"""

Run = subprocess.CompletedProcess[str]


def suite() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.split("=")[1] for line in lines if line.startswith("VERSION_CODENAME="))


def sources_of(release: str) -> str:
    """Those of this machine; of another release its main archive, on the same mirror."""
    ours = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    if release == suite():
        return ours
    return (f"Types: deb\nURIs: {mirror()}\nSuites: {release}\nComponents: main\n"
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n")


def mirror() -> str:
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
    return next(line.split()[1] for line in sources.splitlines() if line.startswith("URIs:"))


def make_base(name: str, script: str, release: str | None = None) -> Path:
    """A new Debian, kept for the next run, in which `script` has installed what tests want."""
    release = release or suite()
    base = STORE / name
    if (base / "complete").exists():
        return base
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    ready = STORE / f"{release}.tar"
    if ready.exists():
        subprocess.run(["tar", "-C", base, "-xf", ready], check=True)
    else:
        subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", release, base, mirror()],
                       check=True, stdout=subprocess.DEVNULL)
    base.chmod(0o755)
    (base / "etc/apt/sources.list").unlink(missing_ok=True)
    (base / "etc/apt/sources.list.d/debian.sources").write_text(sources_of(release))
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc") / name, base / "etc" / name)
    for path in Path("/etc/apt/apt.conf.d").glob("99*"):
        shutil.copy(path, base / "etc/apt/apt.conf.d")
    # Nothing starts while it is made and while it is used.
    policy = base / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    (base / "etc/dpkg/dpkg.cfg.d/tests").write_text("force-unsafe-io\n")
    made = subprocess.run(["chroot", base, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec",
                           f"apt-get -qq update; {script}"], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    (base / "complete").touch()
    return base


def packages() -> dict[str, Path]:
    return {path.name.split("_")[0]: path for path in sorted(DEBS.glob("*.deb"))
            if "-dbgsym_" not in path.name}


def field(package: Path, name: str) -> str:
    return subprocess.run(["dpkg-deb", "-f", package, name], capture_output=True, text=True,
                          check=True).stdout.strip()


def dependencies() -> list[str]:
    ours = packages()
    every = {clause.strip() for path in ours.values() for clause in field(path, "Depends").split(",")}
    return sorted(clause for clause in every if clause.split()[0] not in ours)


def node_base() -> Path:
    """With all that our packages depend on, and with what they guard."""
    wanted = ", ".join(HOSTS + dependencies())
    return make_base(suite(), f"apt-get -qq satisfy -y --no-install-recommends {shlex.quote(wanted)}")


class DebianRoot:
    """`lower`: what it starts from, the uppermost first, joined by colons."""

    def __init__(self, lower: str, layer: Path) -> None:
        self.lower, self.layer = lower, layer
        for name in ("upper", "work", "root"):
            (layer / name).mkdir(parents=True)

    def as_lower(self) -> str:
        return f"{self.layer / 'upper'}:{self.lower}"

    def run(self, script: str, timeout: float = 600) -> Run:
        """`script` in bash -e as root; its working files under /tmp and /run are new each time."""
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--ipc", "--uts", "--kill-child", "--propagation",
             "unchanged", "bash", "-c", ENTER, "bash",
             self.lower, self.layer, DEBS, script],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout)

    def out(self, script: str, timeout: float = 600) -> str:
        """The same; it must succeed. Returns what it printed."""
        run = self.run(script, timeout)
        assert run.returncode == 0, f"{script}\n{run.stdout[-3000:]}{run.stderr[-3000:]}"
        return run.stdout
