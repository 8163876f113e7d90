# SPDX-License-Identifier: Apache-2.0
"""The runner itself: what it takes for a block, and what it takes for the same output."""

from pathlib import Path

import pytest

from support import console_blocks
from support import run_blocks
from support.console_blocks import Command, blocks


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(console_blocks, "CHECKOUT", tmp_path)
    return tmp_path / "a.md"


def test_commands_their_continuation_and_output(document: Path) -> None:
    document.write_text("```console\n# cat <<END\n> one\n>\n> two\n> END\none\n\ntwo\n# true\n```\n")
    first, second = blocks(document)[0].commands
    assert (first.text, first.output) == ("cat <<END\none\n\ntwo\nEND", ["one", "two"])
    assert (second.place, second.text, second.output) == ("a.md:10", "true", [])


def test_in_a_list_and_with_another_fence(document: Path) -> None:
    document.write_text("1. one\n\n   ```console\n   # echo a\n   a\n   ```\n\n~~~~console\n# echo b\n```\n~~~~\n")
    one, other = blocks(document)
    assert one.commands[0].output == ["a"]
    assert other.commands[0].output == ["```"]


def test_other_fences_are_none(document: Path) -> None:
    document.write_text("```\n# true\n```\n```ini\n# true\n```\n")
    assert blocks(document) == []


@pytest.mark.parametrize(("fence", "wrong"), [("console", False), ("console cluster", False), ("console Cluster", True),
                                              ("console cluster today", True), ("console later", True)])
def test_tags(document: Path, fence: str, wrong: bool) -> None:
    document.write_text(f"```{fence}\n# true\n```\n")
    assert (blocks(document)[0].problem is not None) == wrong


def test_a_block_without_a_command_is_a_mistake(document: Path) -> None:
    document.write_text("```console\ntogetherctl status\n```\n")
    assert blocks(document)[0].problem


@pytest.mark.parametrize(("shown", "printed", "same"), [
    (["a"], "a\n", True), (["a"], "a  \n\n", True), (["a"], "a\nb\n", False), (["a"], "ab\n", False),
    (["a…c"], "abc\n", True), (["a…c"], "ab\nc\n", False), (["…", "c"], "a\nb\nc\n", True), (["…", "c"], "c\n", True),
    (["a", "…"], "a\nb\n", True), (["a", "…", "c"], "a\nb\n", False), (["a.c"], "abc\n", False), ([], "whatever\n", True),
])
def test_what_is_shown(shown: list[str], printed: str, same: bool) -> None:
    assert Command("a.md:1", "true", shown).shows(printed) == same


@pytest.mark.parametrize(("clusters", "wrong"), [(10, 0), (11, 1)])
def test_at_most_ten_need_a_cluster(document: Path, clusters: int, wrong: int) -> None:
    document.write_text("```console cluster\n# true\n```\n" * clusters)
    assert len(run_blocks.problems([document])) == wrong


def test_blocks_with_a_problem_or_a_tag_are_not_run(document: Path) -> None:
    document.write_text("```console\n# true\n```\n```console cluster\n# true\n```\n```console x\n# true\n```\n")
    assert [block.place for block in run_blocks.to_run(document)] == ["a.md:1"]
