# SPDX-License-Identifier: Apache-2.0
"""The node's token: missing, of the wrong kind, as Kubernetes mounts it, rotated."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.faulty_authority import Visit, answers, document, good
from support.faulty_node import OLD, TOKEN, FaultyNode, State
from support.pam_client import PERM_DENIED, SUCCESS

NOBODY = 65534
NEW_TOKEN = "tgn_rotated"


def missing(token: Path) -> None:
    token.unlink()


def readable_by_others(token: Path) -> None:
    token.chmod(0o604)


def writable_by_its_group(token: Path) -> None:
    token.chmod(0o620)


def somebody_else_s(token: Path) -> None:
    os.chown(token, NOBODY, NOBODY)


def empty(token: Path) -> None:
    token.write_text("\n")


def two_lines(token: Path) -> None:
    token.write_text(f"{TOKEN}\nX-Injected: yes\n")


def too_long(token: Path) -> None:
    token.write_text("x" * 5000)


def fifo(token: Path) -> None:
    token.unlink()
    os.mkfifo(token, 0o600)


def folder(token: Path) -> None:
    token.unlink()
    token.mkdir()


def loop(token: Path) -> None:
    token.unlink()
    token.symlink_to(token)


@pytest.mark.parametrize("spoil, words", [
    (missing, "No such file"), (readable_by_others, "can be read by everybody"),
    (writable_by_its_group, "can be written by others"),
    (somebody_else_s, "belongs neither to root"), (empty, "is empty or is not one line"),
    (two_lines, "is not one line of plain characters"), (too_long, "larger than 4096 bytes"),
    (fifo, "is not a regular file"), (folder, "is not a regular file"),
    (loop, "Too many levels of symbolic links")])
def test_a_token_that_cannot_be_used(
    node: FaultyNode, state: State, spoil: Callable[[Path], None], words: str
) -> None:
    node.put(state)
    spoil(node.token)
    node.authority.behave(good)
    node.bears(f"{node.token}.*{words}", state)
    assert not node.authority.requests
    assert node.last_attempt()["left_ms"] == 0  # our own fault: the next login may find it fixed


def mount_like_kubernetes(volume: Path, version: str, text: str) -> None:
    """`token` → `..data/token` → `..VERSION/token`, switched by renaming the link `..data`."""
    content = volume / f"..{version}"
    content.mkdir(parents=True)
    (content / "token").write_text(text)
    (content / "token").chmod(0o440)
    new = volume / "..data_tmp"
    new.symlink_to(content.name)
    new.rename(volume / "..data")
    if not (volume / "token").is_symlink():
        (volume / "token").symlink_to("..data/token")


def only_with(token: str) -> Callable[[Visit], None]:
    """A good authority for this token, one that refuses all others."""
    def behaviour(visit: Visit) -> None:
        visit.read_request()
        if visit.headers["authorization"] == f"Bearer {token}":
            visit.answer_json(document())
        else:
            visit.answer(401)
    return behaviour


def test_a_token_as_kubernetes_mounts_it_and_rotates_it(node: FaultyNode, state: State) -> None:
    volume = node.token.parent / "volume"
    mount_like_kubernetes(volume, "1", TOKEN)
    node.set_up(api={"token_file": str(volume / "token")})
    node.put(state)
    node.authority.behave(only_with(TOKEN))
    assert node.log_in_one("mallory").answer == PERM_DENIED
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    node.authority.behave(only_with(NEW_TOKEN))
    node.bears("does not accept this node's token", state)
    mount_like_kubernetes(volume, "2", NEW_TOKEN)
    node.put(state)
    node.syslog.forget()
    assert node.log_in_one("mallory").answer == PERM_DENIED
    assert node.syslog.wait_for_decision(login="mallory")["evidence"] == "refreshed"
    node.is_answered(node.log_in_one("alice"), SUCCESS)


def test_a_refused_token_is_not_sent_again_and_again(node: FaultyNode) -> None:
    node.put(OLD)
    node.authority.behave(answers(401))
    for _ in range(8):
        node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert len(node.authority.requests) < 4  # half a second later, a second, two
