# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the fault tests. Start them with `tests/faults/run`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import Certificates
from support.faulty_authority import FaultyAuthority, good
from support.faulty_node import FRESH, MODULE, STAMP, STATES, FaultyNode, State
from support.pam_client import PamApplication
from support.refresher import PROGRAM
from support.sandboxed import in_sandbox
from support.syslog_collector import SyslogCollector

ACCOUNTS = {"alice": 10001, "bob": 10002, "mallory": 10003, "sysacct": 500}


def pytest_configure() -> None:
    if not in_sandbox():
        pytest.exit("these tests change the system: run tests/faults/run", returncode=2)
    missing = [str(path) for path in (MODULE, STAMP, PROGRAM) if not path.exists()]
    if missing:
        pytest.exit(f"build first (TOGETHER_BUILD names the folder): no {missing}", returncode=2)
    os.umask(0o022)


@pytest.fixture(scope="session", autouse=True)
def accounts() -> None:
    """In the sandbox's own /etc, where they end with it."""
    passwd = Path("/etc/passwd")
    known = passwd.read_text()
    passwd.write_text(known + "".join(f"{login}:x:{uid}:{uid}::/nonexistent:/bin/sh\n"
                                      for login, uid in ACCOUNTS.items()
                                      if f"\n{login}:" not in known))


@pytest.fixture(scope="session")
def application() -> Iterator[PamApplication]:
    with PamApplication() as application:
        yield application


@pytest.fixture
def syslog() -> Iterator[SyslogCollector]:
    with SyslogCollector() as collector:
        yield collector
        print(collector)


@pytest.fixture(scope="session")
def plain_authority() -> Iterator[FaultyAuthority]:
    with FaultyAuthority() as authority:
        yield authority


@pytest.fixture
def authority(plain_authority: FaultyAuthority) -> Iterator[FaultyAuthority]:
    plain_authority.behave(good)
    yield plain_authority
    plain_authority.end_visits()


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    folder = Path("/run/certificates")
    folder.mkdir()
    return Certificates(folder)


@pytest.fixture(scope="session")
def tls_authority(certificates: Certificates) -> Iterator[FaultyAuthority]:
    with FaultyAuthority(certificates.context("good")) as authority:
        yield authority


@pytest.fixture
def node(
    application: PamApplication, authority: FaultyAuthority, syslog: SyslogCollector
) -> Iterator[FaultyNode]:
    node = FaultyNode(application, authority, syslog)
    yield node
    node.end()


@pytest.fixture
def tls_node(
    application: PamApplication, tls_authority: FaultyAuthority, certificates: Certificates,
    syslog: SyslogCollector
) -> Iterator[FaultyNode]:
    """Its authority speaks TLS, at first with a certificate that nobody can complain about."""
    tls_authority.behave(good)
    context = tls_authority.tls
    node = FaultyNode(application, tls_authority, syslog)
    node.set_up(api={"ca_file": str(certificates.ca_file)})
    node.put(FRESH)
    yield node
    tls_authority.tls = context
    tls_authority.end_visits()
    node.end()


@pytest.fixture(params=STATES, ids=lambda state: state.name)
def state(request: pytest.FixtureRequest) -> State:
    """Without a roster, with a fresh one, with one beyond fresh_for and within stale_for."""
    state: State = request.param
    return state
