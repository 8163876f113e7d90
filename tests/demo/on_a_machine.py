# SPDX-License-Identifier: Apache-2.0
"""What tests/demo/machine does."""

import os
import subprocess
import sys

from support.machine_in_use import ALONE, Machine, become_another_machine

CHANGED = 99
# How this program was started, and nothing that the command should see.
OURS = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def main() -> int:
    if os.environ.pop(ALONE, None) is None:
        become_another_machine()
    with Machine() as machine:
        before = machine.as_it_is()
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        status = subprocess.run(sys.argv[1:], env=environment).returncode
        differences = machine.differences(before)
    for line in differences:
        print(f"machine: {line}", file=sys.stderr)
    return CHANGED if differences else status


if __name__ == "__main__":
    sys.exit(main())
