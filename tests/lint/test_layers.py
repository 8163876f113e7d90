# SPDX-License-Identifier: Apache-2.0
"""What layers.py says of folders that the CMakeLists.txt files do not place, and of includes."""

import pytest

from lint import layers


@pytest.mark.parametrize(("below", "said"), [
    ({}, "layers: no together_folder() line for new"),
    ({"new": ["missing"]}, "layers: no together_folder() line for missing, which stands below new"),
    ({"new": ["core"], "core": ["new"]}, "layers: new stands above itself: new > core > new"),
])
def test_a_folder_without_its_place_is_named(below: dict[str, list[str]], said: str) -> None:
    with pytest.raises(SystemExit) as refused:
        layers.reach("new", below)
    assert str(refused.value) == said


BELOW = {"common/roster": ["common/config"], "common/config": [], "common/decision": ["common/roster"]}


@pytest.mark.parametrize(("line", "said"), [
    ('#include "common/config/config.h"', []),
    ("#include <string>", []),
    ('#include "common/decision/gate.h"', ["common/roster/x.cpp: common/decision/gate.h is not below common/roster"]),
    (' # include "gate.h"', ['common/roster/x.cpp: "gate.h" is not written from the root']),
    ("#include <common/decision/gate.h>",
     ['common/roster/x.cpp: <common/decision/gate.h> is ours: "common/decision/gate.h"']),
])
def test_an_include(line: str, said: list[str]) -> None:
    assert layers.of_file("common/roster/x.cpp", f"// first\n{line}\n", BELOW) == said


def test_tests_may_include_all_and_write_it_from_the_root() -> None:
    assert layers.of_file("tests/unit/x.cpp", '#include "common/decision/gate.h"\n', BELOW) == []
    assert layers.of_file("tests/unit/x.cpp", '#include "../gate.h"\n#include <common/decision/gate.h>\n', BELOW) == [
        'tests/unit/x.cpp: "../gate.h" is not written from the root',
        'tests/unit/x.cpp: <common/decision/gate.h> is ours: "common/decision/gate.h"']


def test_what_is_declared_is_what_the_files_say() -> None:
    below = layers.declared()
    assert below["common/decision"] == ["common/on_demand"]  # together_folder()
    assert below["common/roster"] == ["common/config"]  # without LIBRARIES
    assert below["pam_together"] == ["common/decision"]  # a module's links
