# SPDX-License-Identifier: Apache-2.0
"""Which names words.py refuses."""

import pytest

from lint import words


@pytest.mark.parametrize(("name", "line", "refused"), [
    ("authorized_keys/main.cpp", "constexpr unsigned most_seconds = 2;", True),
    ("role_server/x.h", "const std::size_t longest_ = 200;", True),
    ("role_server/x.h", "// the most that fits, at most_ly", True),
    ("role_server/x.h", "// at most one", False),
    ("tests/unit/x.cpp", "constexpr std::size_t most_lines = 17;", False),
    ("tests/faults/x.py", "def test_a_mark_holds(node):", True),
    ("tests/faults/x.py", "pytest.mark.parametrize", False),
    ("common/config/x.cpp", "constexpr byte_order_mark =", False),
    ("cmake/x.cmake", "function(together_host_module target)", True),
    ("common/system/x.h", "// A host may run us with 0 closed", True),
    ("common/config/x.h", "std::string node_name;  // empty: the host name", False),
])
def test_a_name(name: str, line: str, refused: bool) -> None:
    assert bool(words.of_line(name, line)) == refused
