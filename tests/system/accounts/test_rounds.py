# SPDX-License-Identifier: Apache-2.0
"""together-refresh and the accounts: what it asks for, when it writes, what it says."""

import subprocess
from pathlib import Path

import pytest

from support.accounts_node import (ABSENT, ACCOUNTS, KEY, KEYS, AccountsNode, has_account, output, served,
                                   switch)
from support.authority import Answer, Asked, Authority
from support.ctl_node import TOGETHERCTL, TOKEN_TEXT
from support.refresher import TOP
from support.waiting import wait_until


def with_accounts(asked: Asked, answer: Answer) -> None:
    if answer.status == 200:
        answer.document["group"] = {"name": "p-lab", "gid": 20000, "admin_gid": 20001}
        for entry in answer.document["data"]:
            entry["ssh_keys"] = [KEY]


def ask_authority(node: AccountsNode, authority: Authority, **accounts: str) -> None:
    token = TOP / "token"
    token.write_text(TOKEN_TEXT + "\n")
    token.chmod(0o600)
    node.set({"base_url": authority.url, "token_file": str(token)}, **accounts)


def test_nothing_is_written_where_accounts_are_off(empty_node: AccountsNode) -> None:
    empty_node.set(enabled="no")
    empty_node.change()
    assert not ACCOUNTS.exists() and not KEYS.exists()


def test_what_a_round_says(empty_node: AccountsNode) -> None:
    empty_node.roster.add("nginx", uid=10003)
    empty_node.roster.add("carol")
    empty_node.roster.write()
    said = empty_node.refresh("--verbose").stderr
    assert "2 accounts, 2 groups, 0 removed, 1 login_reserved, 1 no_uid" in said


def test_the_watcher_says_once_who_gets_none(node: AccountsNode) -> None:
    node.write_config(node.config.read_text() + "[roster]\nfresh_for = 200ms\nrecheck_after = 100ms\n")
    path = node.folder / "log"
    node.start("--watch", stderr=path.open("w", encoding="utf-8"))

    def said() -> list[str]:
        return [line.removeprefix("together-refresh: ") for line in path.read_text().splitlines() if "without" in line]

    def rounds(number: int) -> None:
        """Until the watcher has tried that often again."""
        attempt = next(node.folder.glob("*.attempt"))
        for _ in range(number):
            before = attempt.stat().st_mtime_ns
            wait_until(lambda seen=before: attempt.stat().st_mtime_ns != seen, "another round")

    node.roster.add("nginx", uid=10003)
    node.roster.write()
    none = "without an account, or groups that are missing: "
    what = "; togetherctl accounts says what to do"
    wait_until(lambda: len(said()) == 1, "the first")
    rounds(3)
    assert said() == [f"1 {none}nginx (login_reserved){what}"]
    node.roster.remove("nginx")
    node.roster.add("carol")
    node.roster.write()
    wait_until(lambda: len(said()) == 2, "another one")
    node.roster.add("carol", uid=10004)
    node.roster.write()
    wait_until(lambda: len(said()) == 3, "nobody")
    rounds(3)
    assert said()[1:] == [f"1 {none}carol (no_uid){what}",
                          "nobody on the roster is without an account now, and no group is missing"]


def test_an_unchanged_roster_writes_nothing(node: AccountsNode) -> None:
    before = ACCOUNTS.stat().st_ino, KEYS.stat().st_ino
    node.refresh()
    assert (ACCOUNTS.stat().st_ino, KEYS.stat().st_ino) == before


def test_a_local_account_wins(node: AccountsNode) -> None:
    output("useradd", "--no-create-home", "--uid", "1500", "localbob")
    node.roster.add("localbob", uid=10005)
    node.change()
    assert output("id", "-G", "localbob") == "1500"
    passwd = Path("/etc/passwd")
    passwd.write_text(passwd.read_text() + "bob:x:1501:1501::/home/bob:/bin/sh\n")
    node.refresh()
    assert output("id", "-G", "bob") == "1501"
    output("getent", "passwd", "10002", status=ABSENT)


def test_a_local_account_is_not_opened_by_the_rosters_keys_even_before_the_next_round(node: AccountsNode) -> None:
    assert served("alice") == f"{KEY}\n"
    passwd = Path("/etc/passwd")
    before = passwd.read_text()
    passwd.write_text(before + "alice:x:1501:1501::/home/alice:/bin/sh\n")
    assert output("id", "-u", "alice") == "1501" and served("alice") == ""
    passwd.write_text(before)
    assert served("alice") == f"{KEY}\n"


def test_over_http_with_a_condition(empty_node: AccountsNode) -> None:
    node = empty_node
    with Authority(with_accounts) as authority:
        ask_authority(node, authority)
        node.refresh()
        assert output("id", "-Gn", "alice") == "alice p-lab p-lab-admin"
        node.refresh()
        assert [asked.etag for asked in authority.asked] == [None, '"e-7"']
        content = bytearray(ACCOUNTS.read_bytes())
        content[2100] ^= 1
        ACCOUNTS.write_bytes(content)
        node.refresh()
        assert authority.asked[-1].etag is None
        assert has_account("alice")


def test_include_accounts_is_asked_where_they_are_enabled(empty_node: AccountsNode) -> None:
    with Authority(with_accounts) as authority:
        for enabled in ("yes", "no"):
            ask_authority(empty_node, authority, enabled=enabled)
            said = empty_node.run("--verbose").stderr
            assert ("&include=accounts" in said) == (enabled == "yes")


def test_a_slip_in_the_configuration_takes_no_account_and_keeps_the_roster_fresh(node: AccountsNode) -> None:
    before = ACCOUNTS.read_bytes()
    node.set(uid_range="500-59999")
    node.roster.remove("bob")
    node.roster.write()
    done = node.run()
    assert done.returncode == 78 and "uid_range" in done.stderr and "the accounts stay as they are" in done.stderr
    assert ACCOUNTS.read_bytes() == before
    assert "bob" not in subprocess.run([TOGETHERCTL, "roster"], capture_output=True, text=True).stdout
    node.set()
    node.refresh()
    assert not has_account("bob")


@pytest.mark.parametrize("slip", [{"uid_range": "500-59999"}, {"shell": "/bin/none"}])
def test_no_receipt_counts_a_node_whose_accounts_stay_as_they_are(empty_node: AccountsNode, slip: dict[str, str]) -> None:
    with Authority(with_accounts) as authority:
        ask_authority(empty_node, authority)
        empty_node.refresh()
        assert "name=" in str(authority.asked[-1].node)
        ask_authority(empty_node, authority, **slip)
        empty_node.run()
        assert authority.asked[-1].node is None


def test_no_receipt_counts_a_node_whose_own_groups_cannot_be_read(empty_node: AccountsNode) -> None:
    with Authority(with_accounts) as authority:
        ask_authority(empty_node, authority)
        empty_node.refresh()
        away = Path("/etc/group").rename("/etc/group.away")
        try:
            assert "the accounts stay as they are" in empty_node.run().stderr
        finally:
            away.rename("/etc/group")
        assert has_account("bob") and authority.asked[-1].node is None
        empty_node.refresh()
        assert "name=" in str(authority.asked[-1].node)


def test_no_receipt_counts_a_node_that_could_not_take_the_accounts_away(empty_node: AccountsNode) -> None:
    with Authority(with_accounts) as authority:
        ask_authority(empty_node, authority)
        empty_node.refresh()
        ask_authority(empty_node, authority, enabled="no")
        output("mount", "--bind", "-o", "ro", ACCOUNTS.parent, ACCOUNTS.parent)
        try:
            output("mount", "-o", "remount,bind,ro", ACCOUNTS.parent)
            for _ in range(2):
                assert "the accounts stay as they are" in empty_node.run().stderr
                assert has_account("bob") and authority.asked[-1].node is None
        finally:
            output("umount", ACCOUNTS.parent)
        empty_node.refresh()
        assert not has_account("bob")
        empty_node.refresh()
        assert "name=" in str(authority.asked[-1].node)


def test_an_authority_that_is_away_takes_no_account(empty_node: AccountsNode) -> None:
    node = empty_node
    with Authority(with_accounts) as authority:
        ask_authority(node, authority)
        node.refresh()
    # What is the node's own still counts at once.
    passwd = Path("/etc/passwd")
    passwd.write_text(passwd.read_text() + "bob:x:1501:1501::/home/bob:/bin/sh\n")
    assert node.run().returncode != 0
    assert has_account("alice")
    assert output("id", "-G", "bob") == "1501"


def test_a_removal_is_everywhere_within_a_watchers_round(empty_node: AccountsNode) -> None:
    def news(asked: Asked, answer: Answer) -> None:
        with_accounts(asked, answer)
        answer.hold = min(answer.hold, 0.2)

    with Authority(news) as authority:
        ask_authority(empty_node, authority)
        empty_node.start("--watch")
        wait_until(lambda: has_account("bob"), "bob's account")
        authority.entries = [entry for entry in authority.entries if entry["login"] != "bob"]
        authority.revision += 1
        wait_until(lambda: not has_account("bob"), "bob's account to be gone")
        assert output("getent", "passwd", "10002").endswith(":/usr/sbin/nologin")


def test_switched_off_all_are_gone_but_the_owners_names(node: AccountsNode) -> None:
    node.write_config("[accounts]\nenabled = maybe\n")
    assert node.run().returncode != 0
    assert has_account("alice") and output("id", "-Gn", "bob") == "bob p-lab"
    node.set(enabled="no")
    node.roster.path.rename(node.roster.path.with_suffix(".away"))  # whatever the authority says
    assert node.run().returncode != 0
    for absent in ("alice", "bob"):
        output("getent", "passwd", absent, status=ABSENT)
    output("getent", "group", "p-lab", status=ABSENT)
    assert output("getent", "passwd", "10001").split(":")[0] == "alice"
    assert KEY.encode().split()[1] not in KEYS.read_bytes()
    before = ACCOUNTS.stat().st_ino, KEYS.stat().st_ino
    node.change()
    assert (ACCOUNTS.stat().st_ino, KEYS.stat().st_ino) == before
    node.set()
    node.refresh()
    assert output("id", "-Gn", "alice") == "alice p-lab p-lab-admin"
    assert KEY.encode().split()[1] in KEYS.read_bytes()


def test_a_missing_shell_leaves_all_as_it_is(node: AccountsNode) -> None:
    node.set(shell="/bin/no-such-shell")
    said = node.refresh().stderr
    assert "[accounts] shell /bin/no-such-shell is no program on this node" in said
    assert output("getent", "passwd", "alice").endswith("/bin/bash")


def test_an_account_of_another_name_service_wins(node: AccountsNode) -> None:
    """systemd's, from a file in /etc/userdb."""
    folder = Path("/etc/userdb")
    folder.mkdir(exist_ok=True)
    for name, uid in (("carol", 10050), ("ldapuser", 10007)):
        (folder / f"{name}.user").write_text(f'{{"userName": "{name}", "uid": {uid}, "gid": {uid}, "disposition": "regular"}}')
        (folder / f"{uid}.user").symlink_to(f"{name}.user")
    switch("files together systemd")
    try:
        if not has_account("carol"):
            pytest.skip("no libnss-systemd")
        node.roster.add("carol", uid=10003)
        node.roster.add("dave", uid=10007)
        node.roster.add("erin", uid=10008)
        node.change()
        assert output("id", "-u", "carol") == "10050"
        assert output("id", "-un", "10007") == "ldapuser"
        for absent in ("10003", "dave"):
            output("getent", "passwd", absent, status=ABSENT)
        assert has_account("erin")
        # Nor does somebody who has an account already get another's uid, or an account instead of theirs.
        node.roster.remove("dave")
        node.roster.add("erin", uid=10007)
        node.roster.add("carol", uid=10050)
        for change in ("one", "another"):
            node.roster.add(f"person{change}", uid=10020 + len(change))
            node.change()
            assert output("id", "-un", "10007") == "ldapuser"
            assert not has_account("erin")
            assert "20000" in output("id", "-G", "carol").split()
            assert output("getent", "-s", "together", "passwd", "carol", status=ABSENT) == ""
        node.roster.remove("erin")
        node.roster.add("frank", uid=10007)
        node.change()
        assert "another name service" in output(TOGETHERCTL, "--config", node.config, "accounts", "frank", status=1)
    finally:
        for file in folder.iterdir():
            file.unlink()
