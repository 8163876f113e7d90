# SPDX-License-Identifier: Apache-2.0
"""Tests of together-roled over real HTTP. They need no sandbox and no root:

    /usr/bin/python3 -m pytest --confcutdir=tests/system/role_server tests/system/role_server
"""

import itertools
import subprocess

import pytest

from support.roled import Roled


@pytest.fixture
def roled(tmp_path):
    """A server of the test's own."""
    with Roled(tmp_path) as roled:
        yield roled
        log = roled.log_text()
    # Whatever a test does, the server must not have run into something that nobody thought of.
    assert "database:" not in log, log


@pytest.fixture
def project(roled):
    return roled.create_project("cluster")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with Roled(tmp_path_factory.mktemp("shared")) as server:
        server.tenants = itertools.count(1)
        yield server
        log = server.log_text()
    assert "database:" not in log, log


@pytest.fixture
def tenant(server):
    """An organization of the test's own, on a server that it shares with others: in a tenth of the time."""
    return server.tenant(next(server.tenants))


@pytest.fixture
def cluster(tenant):
    return tenant.create_project("cluster")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    files = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files
