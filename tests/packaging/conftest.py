from collections.abc import Iterator
from pathlib import Path

import pytest

import debian_root


@pytest.fixture(scope="session")
def base() -> Path:
    return debian_root.make_base()


@pytest.fixture
def root(base: Path, tmp_path: Path) -> Iterator[debian_root.DebianRoot]:
    yield debian_root.DebianRoot(base, tmp_path / "layer")
