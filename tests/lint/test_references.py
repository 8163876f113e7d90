# SPDX-License-Identifier: Apache-2.0
"""What references.py says of what a comment, a document or a link cites."""

from pathlib import Path

import pytest

from lint import references

# Written so that this file does not cite them itself.
DOCUMENT = "docs/architecture" + ".md"
NO_DOCUMENT, NO_PAPER = "no-such-document" + ".md", "DESIG" + "N"


@pytest.mark.parametrize(("line", "missing"), [
    ("see docs/pam-notes.md", None),
    ("see pam-notes.md", None),  # documents need no folder
    (f"see docs/{NO_DOCUMENT}", f"docs/{NO_DOCUMENT}"),
    (f"https://example.com/{NO_DOCUMENT}", None),
    (f"as {NO_PAPER} says", NO_PAPER),
    ("as ../share" + "d/x says", "../share" + "d"),
    ("*.md", None),
])
def test_a_line(line: str, missing: str | None) -> None:
    said = [f"common/x.h:2: {missing} is not in the repository"] if missing else []
    assert references.of_lines(Path("common/x.h"), f"first\n{line}\n") == said


@pytest.mark.parametrize(("heading", "is_there"), [("Our words", True), ("Nobody's words", False)])
def test_a_heading_also_over_two_lines(heading: str, is_there: bool) -> None:
    first, last = heading.split()
    found = references.of_headings(Path("common/x.h"), f'// {DOCUMENT}, "{first}\n// {last}"\n')
    assert found == ([] if is_there else [f'common/x.h: docs/architecture.md has no heading "{heading}"'])


@pytest.mark.parametrize(("target", "said"), [
    ("architecture.md#our-words", None),
    ("#our-words", None),
    ("../README.md", None),
    ("https://example.com/nothing", None),
    ("architecture.md#nobodys-words", "leads to no heading"),
    ("../nothing", "leads nowhere"),
])
def test_a_link(target: str, said: str | None) -> None:
    found = references.of_links(Path("docs/architecture.md"), f"[here]({target})\n")
    assert found == ([f"docs/architecture.md: the link {target} {said}"] if said else [])


def test_a_link_in_a_block_is_an_example() -> None:
    assert references.of_links(Path("docs/architecture.md"), "```\n[here](nowhere)\n```\n") == []
