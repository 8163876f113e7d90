# SPDX-License-Identifier: Apache-2.0
"""togetherctl volumes, on real file systems: who reaches what, whatever their umask."""

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.ctl_node import CONFIG, ctl, ctl_json, write_config

GROUP, ADMINS = 30001, 30002
ALICE, BOB, EVE, STRANGER = 20001, 20002, 20003, 20009
DEFAULT_LIST = "system.posix_acl_default"
WHOLE_LIST = bytes.fromhex("02000000" "01000700ffffffff" "04000700ffffffff" "20000000ffffffff")


@dataclass(frozen=True)
class Person:
    """A login of that uid: a process with the groups that its session began with."""

    uid: int
    groups: tuple[int, ...] = ()

    def runs(self, script: str, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["/bin/sh", "-c", script], user=self.uid, group=self.uid,
                              extra_groups=self.groups, umask=umask, capture_output=True, text=True)

    def can(self, script: str, umask: int = 0o022) -> bool:
        return self.runs(script, umask).returncode == 0


alice = Person(ALICE, (GROUP, ADMINS))  # an Admin
bob = Person(BOB, (GROUP,))
eve = Person(EVE, (GROUP,))  # an external collaborator
stranger = Person(STRANGER)
removed = Person(BOB)  # bob, who logs in after his removal: no group


def make_loop_devices() -> None:
    """The sandbox has none."""
    devices = {"loop-control": os.makedev(10, 237)} | {f"loop{n}": os.makedev(7, n) for n in range(64)}
    for name, number in devices.items():
        if not (path := Path("/dev") / name).exists():
            os.mknod(path, 0o600 | (stat.S_IFCHR if name == "loop-control" else stat.S_IFBLK), number)


def mount(kind: str, folder: Path, tmp_path: Path, options: str = "nosuid,nodev") -> None:
    folder.mkdir()
    if kind in ("tmpfs", "ramfs"):
        subprocess.run(["mount", "-t", kind, "-o", f"{options},mode=755", "none", folder], check=True)
        return
    make_loop_devices()
    image = tmp_path / f"{kind}.image"
    with image.open("wb") as file:
        file.truncate((300 if kind == "xfs" else 16) << 20)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, capture_output=True)
    subprocess.run(["mount", "-o", f"loop,{options}", image, folder], check=True)


@pytest.fixture(params=["tmpfs", "ext4", "xfs"])
def volume(request: pytest.FixtureRequest, tmp_path: Path, groups: None) -> Iterator[Path]:
    yield from mounted(request.param, tmp_path)


@pytest.fixture
def on_tmpfs(tmp_path: Path, groups: None) -> Iterator[Path]:
    yield from mounted("tmpfs", tmp_path)


def mounted(kind: str, tmp_path: Path) -> Iterator[Path]:
    folder = Path("/srv/data")
    mount(kind, folder, tmp_path)
    configure(folder)
    yield folder
    subprocess.run(["umount", "--recursive", folder], check=False)
    folder.rmdir()


@pytest.fixture
def groups() -> Iterator[None]:
    path = Path("/etc/group")
    before = path.read_text()
    path.write_text(before + f"p-lab:x:{GROUP}:\np-lab-admin:x:{ADMINS}:\n")
    if not Path("/srv").is_mount():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/srv"], check=True)
    yield
    path.write_text(before)


def configure(folder: Path, more: str = "") -> None:
    write_config(f'[volume "data"]\npath = {folder}\n{more}', accounts__group="p-lab")


def apply() -> None:
    run = ctl("volumes", "--apply")
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_is_not_so_is_named_and_made_so(volume: Path) -> None:
    run = ctl("volumes")
    assert run.returncode == 1
    for change in ("owner root:p-lab", "mode 2770", "default access list u::rwx,g::rwx,o::---"):
        assert f"togetherctl volumes --apply: {change}" in run.stdout
    assert volume.stat().st_mode & 0o7777 == 0o755
    run = ctl("volumes", "--apply")
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{volume}: mode 0755 -> mode 2770" in run.stdout
    status = volume.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, GROUP, 0o2770)
    assert os.getxattr(volume, DEFAULT_LIST) == WHOLE_LIST
    before = status.st_ctime_ns
    apply()
    assert volume.stat().st_ctime_ns == before  # nothing was done again
    assert ctl("volumes").returncode == 0
    assert ctl_json("volumes")["volumes"][0]["good"]


def test_collaborators_share_files_whatever_their_umask(volume: Path) -> None:
    apply()
    for umask in (0o022, 0o077, 0o027, 0o002):
        name = f"{volume}/{umask}"
        assert alice.can(f"mkdir {name}; echo a >{name}/file", umask)
        assert bob.can(f"echo b >>{name}/file; echo c >{name}/bobs", umask)
        assert eve.can(f"cat {name}/file; ls {name}; mkdir {name}/eves", umask)
        assert alice.can(f"rm {name}/bobs; echo d >{name}/eves/file", umask)
    for refused in (stranger, removed):
        assert not refused.can(f"ls {volume}")
        assert not refused.can(f"cat {volume}/18/file")
        assert not refused.can(f"echo x >{volume}/x")
    # What its owner closes stays closed: access to the folder is no promise about each file.
    assert alice.can(f"echo secret >{volume}/own; chmod 600 {volume}/own")
    assert not bob.can(f"cat {volume}/own")


def test_a_volume_of_the_admins_is_no_members(on_tmpfs: Path) -> None:
    configure(on_tmpfs, "members = admins\n")
    apply()
    assert on_tmpfs.stat().st_gid == ADMINS
    assert alice.can(f"echo a >{on_tmpfs}/a")
    assert not bob.can(f"ls {on_tmpfs}")


def test_in_a_sticky_one_nobody_deletes_anothers(on_tmpfs: Path) -> None:
    configure(on_tmpfs, "sticky = yes\n")
    apply()
    assert on_tmpfs.stat().st_mode & 0o7777 == 0o3770
    assert alice.can(f"echo a >{on_tmpfs}/a")
    assert bob.can(f"echo b >>{on_tmpfs}/a")
    assert not bob.can(f"rm -f {on_tmpfs}/a")


def test_no_content_is_changed(volume: Path) -> None:
    inside = volume / "inside"
    inside.mkdir(mode=0o700)
    (inside / "file").write_text("x")
    os.chown(inside, STRANGER, STRANGER)
    before = [(path.stat().st_mode, path.stat().st_uid, path.stat().st_ctime_ns)
              for path in (inside, inside / "file")]
    apply()
    assert before == [(path.stat().st_mode, path.stat().st_uid, path.stat().st_ctime_ns)
                      for path in (inside, inside / "file")]


def test_an_access_list_that_lets_another_in_goes(on_tmpfs: Path) -> None:
    apply()
    with_a_user = bytes.fromhex("02000000" "01000700ffffffff" "02000700") + STRANGER.to_bytes(4, "little") + \
        bytes.fromhex("04000700ffffffff" "10000700ffffffff" "20000000ffffffff")
    os.setxattr(on_tmpfs, "system.posix_acl_access", with_a_user)
    assert stranger.can(f"ls {on_tmpfs}")
    assert "an access list lets others in" in ctl("volumes").stdout
    apply()
    assert not stranger.can(f"ls {on_tmpfs}")
    assert bob.can(f"ls {on_tmpfs}")
    assert on_tmpfs.stat().st_mode & 0o7777 == 0o2770


def test_without_a_mount_nothing_is_changed(groups: None) -> None:
    folder = Path("/srv/not-mounted")
    folder.mkdir(mode=0o755)
    configure(folder)
    for arguments in (["volumes"], ["volumes", "--apply"]):
        run = ctl(*arguments)
        assert run.returncode == 1
        assert "nothing is mounted there; mount it" in run.stdout and "mode" not in run.stdout
    assert folder.stat().st_mode & 0o7777 == 0o755


def test_a_folder_of_the_same_device_is_a_mount_where_it_is_one(groups: None) -> None:
    folder, other = Path("/srv/bound"), Path("/srv/other")
    folder.mkdir(), other.mkdir()
    subprocess.run(["mount", "--bind", other, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,nosuid,nodev", folder], check=True)
    configure(folder)
    apply()
    subprocess.run(["umount", folder], check=True)


def test_mount_options_are_somebody_elses_to_change(tmp_path: Path, groups: None) -> None:
    folder = Path("/srv/open")
    mount("tmpfs", folder, tmp_path, "suid,dev")
    configure(folder)
    run = ctl("volumes", "--apply")
    assert run.returncode == 1
    assert f"mounted without nosuid,nodev; mount -o remount,nosuid,nodev {folder}" in run.stdout
    assert bob.can(f"ls {folder}")
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("linked", ["last", "above"])
def test_no_link_is_followed(linked: str, on_tmpfs: Path) -> None:
    link = Path("/srv/link")
    link.unlink(missing_ok=True)
    victim = on_tmpfs.parent / "victim"
    victim.mkdir(mode=0o755, exist_ok=True)
    (victim / "below").mkdir(exist_ok=True)
    link.symlink_to(victim)
    configure(link if linked == "last" else link / "below")
    run = ctl("volumes", "--apply")
    assert run.returncode == 2 and f"{link} is a link; write the path that it leads to" in run.stdout
    assert victim.stat().st_mode & 0o7777 == 0o755


def test_what_is_not_there_cannot_be_told(on_tmpfs: Path) -> None:
    configure(Path("/srv/none"))
    run = ctl("volumes")
    assert run.returncode == 2 and f"cannot open /srv/none: {os.strerror(errno.ENOENT)}" in run.stdout
    write_config(f'[volume "data"]\npath = {on_tmpfs}\n', accounts__group="p-other")
    run = ctl("volumes")
    assert run.returncode == 2 and "there is no group p-other on this node" in run.stdout
    document = ctl_json("volumes")
    assert document["volumes"][0]["problem"] == "there is no group p-other on this node"


def test_a_file_system_without_access_lists_says_so(groups: None, tmp_path: Path) -> None:
    folder = Path("/srv/no-lists")
    mount("ramfs", folder, tmp_path)
    configure(folder)
    run = ctl("volumes", "--apply")
    assert run.returncode == 0 and "the file system has no access lists" in run.stdout
    assert folder.stat().st_mode & 0o7777 == 0o2770
    subprocess.run(["umount", folder], check=True)


def test_to_change_it_needs_root(on_tmpfs: Path) -> None:
    run = ctl("volumes", "--apply", user=ALICE)
    assert run.returncode == 2 and "--apply needs root" in run.stderr


def test_without_volumes_it_says_so(roster: None) -> None:
    run = ctl("volumes")
    assert (run.returncode, run.stdout) == (0, f'There is no [volume "NAME"] in {CONFIG}.\n')
