# SPDX-License-Identifier: Apache-2.0
"""What a document says that our programs say is what they say."""

import re

import pytest

from support.console_blocks import CHECKOUT

SOURCES = ["common", "together_refresh", "togetherctl", "processes", "pam_together", "spank_together"]
# Tables whose first column quotes us.
OURS = {"the user reads", "message"}


def literals() -> str:
    """Every string of the sources, a line each; what is put in between two is "…" there, too."""
    text = "".join(path.read_text() for folder in SOURCES for path in sorted((CHECKOUT / folder).glob("**/*.cpp")))
    text = re.sub(r"^\s*//.*$", "", text, flags=re.M)
    text = re.sub(r'"\s*\+ project \+\s*"', "project …", text)  # explanation.cpp
    text = re.sub(r'"\s*\+\s*[^"\n;]*(?:\n[^"\n;]*)?\+\s*"', "…", text)
    return "\n".join("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', run)).replace('\\"', '"')
                     for run in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', text))


def quoted() -> list[tuple[str, str]]:
    rows, ours = [], False
    for line in (CHECKOUT / "docs/troubleshooting.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            ours = False
        elif cells[0] in OURS:
            ours = True
        elif ours and not cells[0].startswith("---"):
            rows += [(line, span) for span in re.findall(r"`([^`]+)`", cells[0])]
    return rows


LITERALS = literals()


# Put together at run time, so each part stands for itself.
IN_PARTS = re.compile(r"(?<=locked down) \(…\)|(?<=answered) \d+")


@pytest.mark.parametrize("span", [span for _, span in quoted()])
def test_quotations(span: str) -> None:
    whole = ".*".join(map(re.escape, span.strip("… ()").split("…")))
    parts = [part.strip("… ().") for part in IN_PARTS.split(span)]
    found = re.search(whole, LITERALS) or (len(parts) > 1 and all(part in LITERALS for part in parts))
    assert found, span


def test_there_are_quotations() -> None:
    assert len(quoted()) > 30


def test_every_reason_to_refuse_is_told() -> None:
    """Each sentence of common/decision/explanation.cpp that a refused user can read."""
    told = " ".join(span for _, span in quoted())
    source = (CHECKOUT / "common/decision/explanation.cpp").read_text()
    sentences = re.findall(r"case Reason::(\w+):\s*return (.*?);\n",
                           source.split("std::string why(")[1].split("\n}\n")[0], re.S)
    assert len(sentences) > 15
    for case, body in sentences:
        longest = max(re.findall(r'"((?:[^"\\]|\\.)*)"', body), key=len)
        words = longest.strip(" .,;)").split()[:4]
        if case != "uid_shared":  # told in a word, with login_shared
            assert " ".join(words) in told, (case, words)


def test_readme_leads_to_each_document() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    for document in (CHECKOUT / "docs").glob("*.md"):
        assert f"docs/{document.name}" in readme, document.name
