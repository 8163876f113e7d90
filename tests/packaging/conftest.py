# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from support import debian_root


@pytest.fixture(scope="session")
def base() -> str:
    return str(debian_root.node_base())


@pytest.fixture
def root(base: str, tmp_path: Path) -> debian_root.DebianRoot:
    """A Debian without our packages."""
    return debian_root.DebianRoot(base, tmp_path / "layer")
