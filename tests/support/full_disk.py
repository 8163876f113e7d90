# SPDX-License-Identifier: Apache-2.0
"""File systems of their own, which a test fills to their last block or inode."""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MEBIBYTE = 1 << 20
MAKE = {
    "ext4": (32 * MEBIBYTE, ["mkfs.ext4", "-q", "-m", "0", "-N", "512"]),
    "xfs": (300 * MEBIBYTE, ["mkfs.xfs", "-q", "-i", "maxpct=1"]),
}


@contextmanager
def real_disk(kind: str, folder: Path) -> Iterator[None]:
    """One that keeps its inodes and blocks on a disk, with none reserved for root."""
    size, make = MAKE[kind]
    if shutil.which(make[0]) is None:
        pytest.skip(f"no {make[0]} here")
    image = Path("/run") / f"{folder.name}.image"
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run([*make, image], check=True, capture_output=True)
    folder.mkdir(exist_ok=True)
    make_loop_devices()
    mounted = subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        image.unlink()
        pytest.skip(f"{kind} cannot be mounted here: {mounted.stderr}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        image.unlink()


def make_loop_devices() -> None:
    """The sandbox has none; one that is mounted is freed with its last mount."""
    for name, kind, number in [("loop-control", stat.S_IFCHR, os.makedev(10, 237)),
                               *((f"loop{i}", stat.S_IFBLK, os.makedev(7, i)) for i in range(16))]:
        with suppress(FileExistsError):
            os.mknod(f"/dev/{name}", kind | 0o600, number)


def fill(folder: Path) -> None:
    """To its last block: large pieces first, then small ones."""
    for size in (16 * MEBIBYTE, MEBIBYTE, 64 << 10, 4096):
        until_there_is_no_room(lambda: add_a_file(folder, size))


def use_up_the_inodes(folder: Path) -> None:
    until_there_is_no_room(lambda: add_a_file(folder, 0))


def add_a_file(folder: Path, size: int) -> None:
    with open(folder / f"filler{size}-{len(os.listdir(folder))}", "xb") as filler:
        if size:
            os.posix_fallocate(filler.fileno(), 0, size)


def until_there_is_no_room(take: Callable[[], None]) -> None:
    with pytest.raises(OSError) as refused:
        while True:
            take()
    assert refused.value.errno == errno.ENOSPC
