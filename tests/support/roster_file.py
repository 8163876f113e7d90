# SPDX-License-Identifier: Apache-2.0
"""A roster as a file, for `base_url = file://…`."""

import json
from pathlib import Path
from typing import Any


class RosterFile:
    """Keeps the entries; write() gives the node a new version, all of it, as docs/role-api.md,
    "Bring your own authority", describes it."""

    def __init__(self, path: Path, project: str) -> None:
        self.path = path
        self.project = project
        self.revision = 0
        self.group: dict[str, Any] | None = None  # what accounts need, with each entry's ssh_keys
        self._entries: dict[str, dict[str, Any]] = {}

    def add(
        self, login: str, role: str = "member", uid: int | None = None, external: bool = False, **more: Any
    ) -> None:
        """Adds the collaborator or replaces the entry. Without uid the node's own is used."""
        self._entries[login] = {
            "object": "project.collaborator", "user_id": f"user_{login}", "login": login,
            "uid": uid, "role": role, "external": external, **more,
        }

    def remove(self, login: str) -> None:
        del self._entries[login]

    def document(self) -> dict[str, Any]:
        return {
            "object": "list", "project_id": self.project, "revision": self.revision,
            "next_cursor": None, "data": list(self._entries.values()),
            **({"group": self.group} if self.group else {}),
        }

    def write(self) -> None:
        self.revision += 1
        self.write_text(json.dumps(self.document(), indent=2) + "\n")

    def write_text(self, text: str) -> None:
        """Anything at all, by rename: a reader sees the old file or the new one."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(self.path)
