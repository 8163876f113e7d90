# SPDX-License-Identifier: Apache-2.0
"""Tests of together-roled over real HTTP. They need no sandbox and no root:

    /usr/bin/python3 -m pytest --confcutdir=tests/system/role_server tests/system/role_server
"""

import pytest

from support.roled import Roled


@pytest.fixture
def roled(tmp_path):
    with Roled(tmp_path) as roled:
        yield roled
        log = roled.log_text()
    # Whatever a test does, the server must not have run into something that nobody thought of.
    assert "database:" not in log, log


@pytest.fixture
def project(roled):
    return roled.create_project("cluster")
