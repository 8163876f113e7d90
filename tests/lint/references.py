# SPDX-License-Identifier: Apache-2.0
"""What a comment, a test, a document or a packaging file cites is in the repository: documents by their
name, their headings by links and as `docs/X.md, "Heading"`, and no papers that were never in it."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# Not *.md, no URL, and no stand-in of one letter such as a test makes.
DOCUMENT = re.compile(r"(?<![\w./*-])/?((?:[\w.-]+/)*\w[\w-]+\.md)\b")
CITED_HEADING = re.compile(DOCUMENT.pattern + r',\s"([^"]+)"')
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# Written so that this file does not cite them itself.
PAPERS = re.compile(r"\b(?:DESIG[N]|ROLE-AP[I]|FACT[S]|HOUS[E]|REVIE[W]|ATTAC[K]|STYL[E])(?:-[A-Z]+)*(?:\.md)?\b"
                    r"|\.\./share[d]\b")
WRAPPED = re.compile(r"\n[ \t]*(?://|#)?[ \t]*")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.splitlines()]


def resolve(name: str, citing: Path) -> Path | None:
    folders = (citing.parent, Path(), Path("docs"))
    return next((found for folder in folders if (found := CHECKOUT / folder / name).is_file()), None)


def headings(document: Path) -> list[str]:
    return HEADING.findall(FENCED.sub("", document.read_text()))


def anchors(document: Path) -> set[str]:
    """As the page of a document has them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(document)}


def of_lines(citing: Path, text: str) -> list[str]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        names = PAPERS.findall(line)
        names += [name for name in DOCUMENT.findall(line) if not resolve(name, citing)]
        found += [f"{citing}:{number}: {name} is not in the repository" for name in dict.fromkeys(names)]
    return found


def of_headings(citing: Path, text: str) -> list[str]:
    found = []
    for name, heading in CITED_HEADING.findall(WRAPPED.sub(" ", text)):
        document = resolve(name, citing)
        if document and heading not in headings(document):
            found.append(f'{citing}: {name} has no heading "{heading}"')
    return found


def of_links(citing: Path, text: str) -> list[str]:
    found = []
    for target in LINK.findall(FENCED.sub("", text)):
        name, _, anchor = target.partition("#")
        if "://" in target or name.startswith("mailto:"):
            continue
        file = CHECKOUT / citing.parent / name if name else CHECKOUT / citing
        if not file.exists():
            found.append(f"{citing}: the link {target} leads nowhere")
        elif anchor and anchor not in anchors(file):
            found.append(f"{citing}: the link {target} leads to no heading")
    return found


def findings() -> list[str]:
    found = []
    for citing in tracked():
        text = (CHECKOUT / citing).read_text(errors="replace")
        found += of_lines(citing, text) + of_headings(citing, text)
        if citing.suffix == ".md":
            found += of_links(citing, text)
    return found


if __name__ == "__main__":
    every = findings()
    print("\n".join(every))
    sys.exit(1 if every else 0)
