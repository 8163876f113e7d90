# SPDX-License-Identifier: Apache-2.0
"""config: the test of the configuration."""

import os

import pytest

from support.ctl_node import (CONFIG, PLAIN_USER, ROSTER, TOKEN, TOKEN_TEXT, ctl, ctl_json, write_config)

URL = "https://roles.example.com/v1"


def write_token(mode: int = 0o600) -> None:
    TOKEN.write_text(TOKEN_TEXT)
    TOKEN.chmod(mode)


def test_what_is_in_force() -> None:
    write_token()
    write_config(api__base_url=URL, roster__fresh_for="1m", gate__exempt_users="alice 4711",
                 gate__contact="Ask ops@example.com.")
    run = ctl("config")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[:8] == [
        f"api.base_url = {URL}", "api.project = proj_123", f"api.token_file = {TOKEN}",
        "api.ca_file =", "api.proxy =", "api.node_name =", "api.report_last_seen = no",
        "roster.directory = /var/cache/together"]
    assert {"roster.fresh_for = 1m", "roster.recheck_after = 2s", "roster.stale_for = 8h",
            "roster.deadline = 3s", "gate.exempt_users = root alice 4711", "gate.min_uid = 1000",
            "gate.contact = Ask ops@example.com.", "gate.mode = enforce"} <= set(lines)
    assert lines[-1] == "# token file: usable"
    assert TOKEN_TEXT not in run.stdout
    settings = dict(line.split(" =", 1) for line in lines[:-1])
    document = ctl_json("config")
    assert document["settings"] == {name: value.strip() for name, value in settings.items()}
    assert document["token_file"] == {"path": str(TOKEN), "state": "usable", "problem": None}
    assert document["path"] == str(CONFIG)


def test_drop_ins_count() -> None:
    folder = CONFIG.with_name("together.conf.d")
    folder.mkdir()
    (folder / "10-site.conf").write_text("[gate]\ncontact = Ask.\n")
    assert "gate.contact = Ask.\n" in ctl("config").stdout
    (folder / "20-more.conf").write_text("[gate]\ncontact = Ask again.\n")
    run = ctl("config")
    assert run.returncode == 2
    assert (f"{folder}/20-more.conf:2: contact is set twice, first in {folder}/10-site.conf:2"
            in run.stderr)


@pytest.mark.parametrize(("text", "complaint"), [
    ("[api]\nbase_url = ftp://x\n", ":2: base_url: "),
    ("[api]\nbase_url = https://x/v1\n", ": [api] project is missing"),
    ("[api]\nprojekt = proj_1\n", ":2: unknown key projekt in [api]"),
    ("[apis]\nx = 1\n", ":1: unknown section [apis]"),
    ("[roster]\nfresh_for = 30\n", ":2: fresh_for: not a duration"),
    ("[gate]\nmode = perhaps\n", ":2: mode: must be enforce or observe"),
    ("nonsense\n", ":1: "),
])
def test_what_is_wrong_is_named(text: str, complaint: str) -> None:
    CONFIG.write_text(text)
    run = ctl("config")
    assert (run.returncode, run.stdout) == (2, "")
    assert f"togetherctl: {CONFIG}{complaint}" in run.stderr
    assert complaint in ctl_json("config")["error"]["message"]


def test_a_configuration_that_others_can_write() -> None:
    CONFIG.chmod(0o666)
    run = ctl("config")
    assert run.returncode == 2 and "can be written by others" in run.stderr


@pytest.mark.parametrize(("prepare", "state", "complaint"), [
    (lambda: None, "missing", "No such file"),
    (lambda: write_token(0o644), "unusable", "can be read by everybody"),
    (lambda: (write_token(), os.chown(TOKEN, PLAIN_USER, 0)), "unusable", "belongs neither"),
    (lambda: TOKEN.mkdir(), "unusable", "not a regular file"),
])
def test_a_token_that_cannot_be_used(prepare: object, state: str, complaint: str) -> None:
    write_config(api__base_url=URL)
    prepare()  # type: ignore[operator]
    run = ctl("config")
    assert run.returncode == 2
    assert f"# token file: {state}\n" in run.stdout
    assert complaint in run.stderr and TOKEN_TEXT not in run.stdout + run.stderr
    assert ctl_json("config")["token_file"]["state"] == state


def test_a_token_that_this_user_may_not_read() -> None:
    write_config(api__base_url=URL)
    write_token()
    run = ctl("config", user=PLAIN_USER)
    assert run.returncode == 0
    assert run.stdout.endswith("# token file: not_tested (this user may not read it)\n")


def test_a_roster_file_needs_no_token() -> None:
    assert ctl_json("config")["token_file"]["state"] == "not_needed"
    assert ROSTER.as_uri() in ctl("config").stdout
