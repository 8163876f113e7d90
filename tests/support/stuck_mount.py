# SPDX-License-Identifier: Apache-2.0
"""A file system whose server is there and never answers, as NFS's that is dead: FUSE, by hand."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FUSE = Path("/dev/fuse")


@contextmanager
def stuck_mount(folder: Path) -> Iterator[None]:
    """Whoever looks at what is in that folder waits until this ends."""
    if not FUSE.exists():
        os.mknod(FUSE, 0o20600, os.makedev(10, 229))
    libc = ctypes.CDLL(None, use_errno=True)
    server = os.open(FUSE, os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"stuck", bytes(folder), b"fuse", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "cannot mount FUSE", folder)
    try:
        yield
    finally:
        os.close(server)
        libc.umount2(bytes(folder), 2)  # MNT_DETACH
