# SPDX-License-Identifier: Apache-2.0
"""togetherctl doctor, as its tests call it."""

import json
from typing import Any

from support.ctl_node import TOKEN_TEXT, ctl

Found = dict[str, dict[str, Any]]


def doctor(*arguments: str, user: int = 0) -> Found:
    """Findings by their check. Of several of one check the last."""
    run = ctl("doctor", "--json", *arguments, user=user)
    assert TOKEN_TEXT not in run.stdout + run.stderr
    findings = json.loads(run.stdout)
    for one in findings:
        assert list(one) == ["check", "fix", "result", "what", "why"], one
        is_bad = one["result"] in ("warning", "failure")
        assert (one["why"] is not None, one["fix"] is not None) == (is_bad, is_bad), one
    results = {one["result"] for one in findings}
    assert run.returncode == (2 if "failure" in results else 1 if "warning" in results else 0)
    return {one["check"]: one for one in findings}


def bad(found: Found) -> dict[str, str]:
    return {name: one["result"] for name, one in found.items()
            if one["result"] in ("warning", "failure")}


def only(found: Found, check: str, result: str, *words: str) -> dict[str, Any]:
    """Nothing else is wrong, and this finding says so."""
    assert bad(found) == {check: result}, found
    for word in words:
        assert word in found[check]["what"], found[check]
    return found[check]
