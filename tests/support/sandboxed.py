# SPDX-License-Identifier: Apache-2.0
"""Whether these tests may change the system: only in scripts/sandbox."""

import os
from pathlib import Path


def in_sandbox() -> bool:
    """Two signs, because these tests change /etc, make users, fill disks and bind /dev/log."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    private_etc = any(line.split()[4] == "/etc" and " - tmpfs " in line for line in mounts)
    return os.environ.get("TOGETHER_SANDBOX") == "1" and private_etc
