# SPDX-License-Identifier: Apache-2.0
"""What licences.py takes for a licence's line, and of which files it wants one."""

import pytest

from lint import licences

ID = "SPDX-License-" + "Identifier: "


@pytest.mark.parametrize(("text", "has"), [
    (f"// {ID}Apache-2.0\n", True),
    (f"#!/bin/bash\n# {ID}Apache-2.0\n", True),
    (f'.\\" {ID}Apache-2.0\n', True),
    (f"/* {ID}Apache-2.0 */\n", True),
    (f"-- {ID}Apache-2.0\n", True),
    (f"// {ID}MIT\n", False),
    (f"// {ID}Apache-2.0 OR MIT\n", False),
    ("\n" * 40 + f"// {ID}Apache-2.0\n", False),
    ("", True),  # nothing to license
])
def test_a_line(text: str, has: bool) -> None:
    assert licences.has_line(text) == has


@pytest.mark.parametrize(("name", "needs"), [
    ("common/decision/gate.cpp", True), ("docs/man/togetherctl.8", True), ("docs/containers/node.Dockerfile", True),
    ("packaging/logrotate/together", True), ("packaging/debian/rules", True), ("packaging/rpm/together-access.spec", True),
    ("README.md", False), ("packaging/config/together.conf", False), ("packaging/debian/control", False),
])
def test_which_files(name: str, needs: bool) -> None:
    assert licences.needs_line(name) == needs


@pytest.mark.parametrize(("name", "text", "agrees"), [
    ("packaging/debian/copyright", "Files: *\nLicense: Apache-2.0\n", True),
    ("packaging/debian/copyright", "License: Apache-2.0\nLicense: GPL-2\n", False),
    ("packaging/rpm/together-access.spec", "License:        Apache-2.0\n", True),
    ("packaging/rpm/together-access.spec", "Name: x\n", False),
])
def test_what_a_package_says(name: str, text: str, agrees: bool) -> None:
    assert (licences.declared(name, text) == []) == agrees
