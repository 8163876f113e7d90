# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server, etcd and kubectl for the tests, out of Debian sid, whatever release runs here:
`python3 -m support.kubernetes.programs` makes them where they are missing, and says so.

No Debian packages kube-apiserver. Sid has the library that it is built on; api_server.go beside this file
says what is made of it. The first time takes ten minutes and two gigabytes, a change of that file one.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from support import debian_root

BASE = debian_root.STORE / "kubernetes"
SOURCE = Path(__file__).parent / "api_server.go"
API_SERVER = debian_root.STORE / "kubernetes-api-server"
Command = list[str | os.PathLike[str]]

# Of etcd the program alone: its package makes a user and folders, for which it wants /proc.
INSTALL = """
apt-get -qq install -y --no-install-recommends golang-go golang-k8s-apiextensions-apiserver-dev kubectl
cd /root
apt-get -qq download etcd-server
dpkg -x etcd-server_*.deb etcd
mv etcd/usr/bin/etcd /usr/bin
rm -r etcd etcd-server_*.deb
"""
# Linked statically. Go looks for itself in /proc, which is not there.
BUILD = """
cd /usr/share/gocode/src/k8s.io/apiextensions-apiserver
export GOROOT=/usr/lib/go GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE=/var/cache/go CGO_ENABLED=0
mkdir -p together
cp /root/api_server.go together/main.go
go build -trimpath -o /root/api-server ./together
"""


def api_server() -> Command:
    return [API_SERVER]


def from_sid(name: str) -> Command:
    """Starts it on this machine, whose C library is older."""
    libraries = BASE / f"usr/lib/{os.uname().machine}-linux-gnu"
    return [next(libraries.glob("ld-linux*.so.*")), "--library-path", libraries, BASE / "usr/bin" / name]


def make() -> None:
    if not (BASE / "complete").exists():
        print("installing etcd, kubectl and the library of Kubernetes' API server", flush=True)
    debian_root.make_base(BASE.name, INSTALL, release="sid")
    made_of = API_SERVER.with_suffix(".made-of")
    source = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    if made_of.exists() and made_of.read_text() == source and API_SERVER.exists():
        return
    print("building an API server", flush=True)
    shutil.copy(SOURCE, BASE / "root")
    subprocess.run(["chroot", BASE, "env", "-i", "PATH=/usr/bin:/bin", "HOME=/root", "sh", "-ec", BUILD], check=True)
    shutil.move(BASE / "root/api-server", API_SERVER)
    made_of.write_text(source)


if __name__ == "__main__":
    make()
