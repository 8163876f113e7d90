# SPDX-License-Identifier: Apache-2.0
"""What layers.py says of folders that the CMakeLists.txt files do not place."""

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
