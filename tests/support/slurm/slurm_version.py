# SPDX-License-Identifier: Apache-2.0
"""What differs between the versions of Slurm that Debian ships, as data."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SLURMCTLD = Path("/usr/sbin/slurmctld")

Version = tuple[int, int]


@dataclass(frozen=True)
class Slurm:
    version: Version
    plugins: Path  # Slurm's own plug-in folder

    @property
    def update_has_text(self) -> bool:
        """job_modify has an err_msg, so `scontrol update` shows the explanation."""
        return self.version >= (23, 2)

    @property
    def has_client_ids(self) -> bool:
        return self.version >= (23, 11)

    @property
    def reconfigures_anew(self) -> bool:
        """slurmctld starts anew at `scontrol reconfigure`, and is gone where it cannot. Before, it
        stayed as it was."""
        return self.version >= (23, 11)

    @property
    def holds_who_has_no_environment(self) -> bool:
        """A batch job whose user's environment slurmd did not get is requeued and held, not started
        without; and --get-user-env takes no time any more. Seen at 26.05, not at 24.11."""
        return self.version >= (26, 5)

    @property
    def cgroup_settings(self) -> tuple[str, ...]:
        """Without control groups: told so from 23.02 on; before, only kept from looking which kind
        is mounted, which ends slurmd where none is."""
        plugin = "disabled" if self.version >= (23, 2) else "cgroup/v1"
        return (f"CgroupPlugin={plugin}",)


def installed_slurm() -> Slurm:
    done = subprocess.run([SLURMCTLD, "-V"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    assert found, f"no version in {done.stdout!r}"
    [plugin] = Path("/usr/lib").glob("*/slurm*/auth_munge.so")
    return Slurm((int(found[1]), int(found[2])), plugin.parent)
