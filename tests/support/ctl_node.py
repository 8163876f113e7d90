# SPDX-License-Identifier: Apache-2.0
"""A node with togetherctl on it: configuration, roster file, snapshot."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from support.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TOGETHER_BUILD", CHECKOUT / "build" / "release")).resolve()
TOGETHERCTL = BUILD / "togetherctl" / "togetherctl"
TOGETHER_REFRESH = BUILD / "together_refresh" / "together-refresh"
PAM_MODULE = BUILD / "pam_together" / "pam_together.so"
SECURITY = next(folder for folder in (Path("/usr/lib/x86_64-linux-gnu/security"),
                                      Path("/usr/lib/aarch64-linux-gnu/security"),
                                      Path("/usr/lib64/security")) if folder.exists())
VERBS = ["status", "doctor", "check", "explain", "refresh", "roster", "permissions", "config",
         "api-check", "enable", "disable", "admit", "lockdown", "decisions", "sessions", "accounts",
         "volumes", "kubernetes rolebindings"]

ETC = Path("/etc/together")
CONFIG = ETC / "together.conf"
CACHE = Path("/var/cache/together")
LOG = Path("/var/log/together")
ROSTER = Path("/var/lib/together/roster.json")
TOKEN = ETC / "token"
PROJECT = "proj_123"
SNAPSHOT = CACHE / f"{PROJECT}.roster.v1"
TOKEN_TEXT = "tk_never_to_be_seen"
KUBECTL = "/run/fake-kubectl"  # a copy, in folders that are root's
PLAIN_USER = 65534
PLAIN_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

Run = subprocess.CompletedProcess[str]


def ctl(
    *arguments: str | bytes, user: int = 0, environment: dict[str, str] | None = None,
    folder: Path = Path("/"),
) -> Run:
    return subprocess.run(
        [TOGETHERCTL, *arguments], user=user, group=user, extra_groups=[],
        env=PLAIN_ENVIRONMENT | (environment or {}), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, cwd=folder,
    )


def ctl_json(*arguments: str | bytes, user: int = 0) -> Any:
    """The document, whatever the exit status."""
    return json.loads(ctl(*arguments, "--json", user=user).stdout)


def wait_until_old(seconds: float) -> None:
    """By the node's own word: the roster is older than that."""
    wait_until(lambda: ctl_json("status")["roster"]["age_seconds"] > seconds, "an old roster", 30)


def field(text: str, label: str) -> str:
    """The value of "Label: value"."""
    values = [line.split(": ", 1)[1] for line in text.splitlines()
              if line.split(": ", 1)[0].strip() == label]
    assert len(values) == 1, f"{label} stands {len(values)} times in:\n{text}"
    return values[0]


def entry(login: str | None, role: str = "member", uid: int | None = None,
          external: bool = False, keys: list[str] | None = None) -> dict[str, Any]:
    with_keys = {} if keys is None else {"ssh_keys": keys}
    return {"object": "project.collaborator", "user_id": f"user_{login}", "login": login,
            "uid": uid, "role": role, "external": external} | with_keys


def write_roster(*entries: dict[str, Any], revision: int | None = 7,
                 group: dict[str, Any] | None = None) -> None:
    document = {"object": "list", "project_id": PROJECT, "revision": revision,
                "next_cursor": None, "data": list(entries)}
    if revision is None:
        del document["revision"]
    if group is not None:
        document["group"] = group
    ROSTER.write_text(json.dumps(document))


def write_config(more: str = "", **settings: str) -> None:
    """Keys as section__name; those not given are what every test needs. `more` are other sections."""
    defaults = {"api__base_url": ROSTER.as_uri(), "api__project": PROJECT,
                "roster__refresh_program": str(TOGETHER_REFRESH)}
    lines = []
    for section in ("api", "roster", "gate", "accounts"):
        lines.append(f"[{section}]")
        lines += [f"{name.split('__')[1]} = {value}" for name, value in (defaults | settings).items()
                  if name.startswith(section + "__")]
    CONFIG.write_text("\n".join(lines) + "\n" + more)
    CONFIG.chmod(0o644)


def refresh() -> None:
    run = subprocess.run([TOGETHER_REFRESH, "--config", str(CONFIG)], env=PLAIN_ENVIRONMENT,
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def admit(login: str, until: str, reason: str = "on call", **more: str) -> None:
    folder = ETC / "admit.d"
    folder.mkdir(mode=0o755, exist_ok=True)
    settings = {"login": login, "until": until, "reason": reason} | more
    (folder / login).write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))


def reset() -> None:
    """A node on which nothing of ours has ever run."""
    for folder in (ETC, CACHE, ROSTER.parent, LOG):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (ETC, CACHE, ROSTER.parent, LOG):
        folder.mkdir(mode=0o755)
    write_config()


def flip_a_byte(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
