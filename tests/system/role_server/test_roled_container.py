# SPDX-License-Identifier: Apache-2.0
"""As a container's runtime runs it: process 1, a plain user that is a number alone, no capability, everything
read-only but a volume; with the command of docs/containers/roled.Dockerfile."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from support.roled import ROOT, Roled

USER = 65532
SCRIPT = f"""
set -e
mount --bind "$1" "$1"
mount -t proc proc /proc
for at in $(cut -d" " -f2 /proc/self/mounts); do
  [ "$at" = "$1" ] || mount -o remount,bind,ro "$at" 2>/dev/null || :
done
if touch /var/lib/x /tmp/x 2>/dev/null; then exit 99; fi
shift
exec setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def command_of_the_image():
    text = (ROOT / "docs/containers/roled.Dockerfile").read_text()
    return json.loads(re.search(r"^CMD (.*)$", text, re.M)[1])


class Contained(Roled):
    """The volume is its directory; so it is what the image's paths stand for."""

    def __init__(self, volume, certificate):
        super().__init__(volume, init=False, tls=[shutil.copy(path, volume) for path in certificate])
        self.before = ["unshare", "--mount", "--pid", "--fork", "--propagation", "unchanged",
                       "sh", "-c", SCRIPT, "sh", str(volume)]
        for path in (volume, *volume.iterdir()):
            os.chown(path, USER, USER)
        for folder in volume.parents:
            if folder.stat().st_mode & 0o001 == 0:
                folder.chmod(folder.stat().st_mode | 0o011)

    def end(self):
        """As the runtime does: SIGTERM to process 1."""
        first = int(subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], text=True))
        os.kill(first, signal.SIGTERM)
        return self._gone(20)


@pytest.fixture
def contained(tmp_path, certificate):
    volume = tmp_path / "volume"
    volume.mkdir()
    return Contained(volume, certificate)


def test_it_serves_there(contained):
    made = contained.command("init", "--organization", "Acme", "--owner", "ann@example.com", "--login", "ann")
    with_log = command_of_the_image()
    assert with_log[0] == "serve" and with_log[-1] == "--log-requests"
    contained.options = ["--log-requests"]
    contained.start()
    try:
        assert contained.get("/readyz", token=None).status == 200
        settings = f"/v1/organizations/{made['organization_id']}"
        assert contained.patch(settings, {"name": "Acme & Sons"}, token=made["token"]).status == 200
    finally:
        assert contained.end() == 0
    assert '"status":200' in contained.log_text()
    assert (contained.directory / "roles.db").stat().st_uid == USER


def test_the_command_of_the_image_is_one_of_ours(contained):
    """All but its addresses and paths, which are the container's."""
    known = contained.run("--help").stdout
    for word in command_of_the_image():
        assert word in known or not word.startswith("--"), word
