# SPDX-License-Identifier: Apache-2.0
"""Service files of PAM, in the sandbox's copy of /etc/pam.d."""

from collections.abc import Sequence
from pathlib import Path

PERMIT = ("account required pam_permit.so",)
# sudo's user can be the target (targetpw in sudoers): whom the first line lets past is its caller.
ROOT_CALLS_SUDO = "account [success=1 default=ignore] pam_succeed_if.so quiet ruser = root"
DENY = ("account required pam_deny.so",)


def gate_lines(module: Path, *arguments: str) -> tuple[str, ...]:
    """The account part as README.md, "Build and install", shows it, and the stack that follows it.
    docs/pam-notes.md, "Where in the stack a denial holds", says why in this order."""
    return (
        "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0",
        " ".join(("account [success=ok ignore=ignore default=die]", str(module), *arguments)),
        "@include common-account",
    )


class PamService:
    """One file of /etc/pam.d. libpam reads it anew at each pam_start."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = Path("/etc/pam.d") / name

    def write(
        self,
        account: Sequence[str],
        auth: Sequence[str] = ("auth required pam_unix.so",),
        session: Sequence[str] = ("session required pam_permit.so",),
    ) -> None:
        lines = [*auth, *account, "password required pam_deny.so", *session]
        new = self.path.with_name(self.name + ".new")
        new.write_text("\n".join(lines) + "\n")
        new.chmod(0o644)
        new.rename(self.path)  # a login that starts now reads the old file or the new one

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
