# SPDX-License-Identifier: Apache-2.0
"""folders.py sees a row that is wrong, missing or there twice."""

import pytest

from lint import folders, layers

TEXT = (layers.CHECKOUT / folders.DOCUMENT).read_text()


@pytest.mark.parametrize(("there", "instead", "said"), [
    ("| `nss_together/` |", "| nothing |", ["nss_together/ has 0 rows"]),
    ("| `nss_together/` |", "| `nss_together/`, `cmake/` |", ["cmake/ has 2 rows", "cmake/ does not link common/"]),
    ("| `cmake/` |", "| `kmake/` |", ["cmake/ has 0 rows", "kmake/ has 1 rows"]),
    ("`common/`, libcurl", "libcurl", ["http_client/ links common/"]),
    ("`common/`, libcurl", "`common/`", ["http_client/ uses libcurl"]),
    ("`common/`, libcurl", "`common/`, libcurl, jsoncpp", ["http_client/ does not use jsoncpp"]),
    ("`common/`, libcurl", "`common/`, `cli/`, libcurl", ["http_client/ does not link cli/"]),
])
def test_a_wrong_table(there: str, instead: str, said: list[str]) -> None:
    assert TEXT.count(there) == 1
    found = folders.of_text(TEXT.replace(there, instead))
    assert found == [f"{folders.DOCUMENT}: {one}" for one in said]
