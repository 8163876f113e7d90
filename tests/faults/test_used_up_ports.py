# SPDX-License-Identifier: Apache-2.0
"""Local ports and look-ups that an ordinary user has used up: connect(2) fails for everybody, root
too. A removal comes through all the same."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.certificates import HOST
from support.faulty_authority import ALICE, document, gives, good
from support.faulty_node import FRESH, OLD, FaultyNode
from support.pam_client import PERM_DENIED, SUCCESS
from support.waiting import wait_until

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST, LAST = 40000, 40049
HOSTS, RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")
REMOVED = gives(document(ALICE, revision=8), {"ETag": '"r8"'})


class Ports:
    """All that there are, few as they are here."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    def use_up(self) -> None:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for port in range(FIRST, LAST + 1):
                taken = self.stack.enter_context(socket.socket(socket.AF_INET, kind))
                try:
                    taken.bind(("", port))
                except OSError:  # somebody has it already
                    continue
        with socket.socket() as one_more, pytest.raises(OSError):
            one_more.connect(("127.0.0.1", 9))


@pytest.fixture
def ports() -> Iterator[Ports]:
    before = RANGE.read_text()
    RANGE.write_text(f"{FIRST} {LAST}")
    with ExitStack() as stack:
        yield Ports(stack)
    RANGE.write_text(before)


@pytest.fixture
def named(tls_node: FaultyNode) -> Iterator[FaultyNode]:
    """Knows its authority by name and has reached it once; now the name is in no file any more."""
    before = HOSTS.read_text(), RESOLV_CONF.read_text()
    tls_node.set_up(api={"base_url": f"https://{HOST}:{tls_node.authority.port}/v1"})
    HOSTS.write_text(before[0] + f"127.0.0.1 {HOST}\n")
    tls_node.put(FRESH)
    tls_node.refresh()
    HOSTS.write_text(before[0])
    RESOLV_CONF.write_text("nameserver 127.0.0.1\n")
    tls_node.set_age("10m")
    yield tls_node
    HOSTS.write_text(before[0])
    RESOLV_CONF.write_text(before[1])


def test_on_demand(node: FaultyNode, ports: Ports) -> None:
    node.put(OLD)
    ports.use_up()
    node.authority.behave(REMOVED)
    node.is_answered(node.log_in_one("bob"), PERM_DENIED)
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.mark()["message"].startswith("a new roster")
    node.nothing_is_left([])


def test_under_a_watcher(node: FaultyNode, ports: Ports) -> None:
    node.set_up(fresh_for="1s", recheck_after="1s")
    node.authority.behave(good)
    node.start("--watch")
    wait_until(lambda: node.snapshot.exists(), "the first roster")
    ports.use_up()
    node.authority.behave(REMOVED)
    wait_until(lambda: node.logins() == {"alice"}, "the removal", timeout=10)


def test_as_an_unprivileged_refresher_it_is_said(node: FaultyNode, ports: Ports) -> None:
    """Without the right to bind a port below 1024."""
    node.put(OLD)
    ports.use_up()
    done = node.run(before=("setpriv", "--bounding-set=-net_bind_service"))
    assert "this node has no local port left for a connection" in done.stderr


def test_the_last_address_where_the_name_is_not_found(named: FaultyNode) -> None:
    named.authority.behave(REMOVED)
    named.is_answered(named.log_in_one("bob"), PERM_DENIED)
    assert named.addresses.read_text() == f"{named.api['base_url']}\n127.0.0.1\n"


def test_the_last_address_with_every_port_used_up(named: FaultyNode, ports: Ports) -> None:
    named.authority.behave(REMOVED)
    ports.use_up()
    named.is_answered(named.log_in_one("bob"), PERM_DENIED)


@pytest.mark.parametrize("content", ["", "https://elsewhere/v1\n127.0.0.1\n", "{url}\nnonsense\n",
                                     "{url}\n127.0.0.1", "\0" * 5000],
                         ids=["empty", "another authority's", "no address", "torn", "zeros"])
def test_addresses_that_are_none(named: FaultyNode, content: str) -> None:
    named.addresses.write_text(content.format(url=named.api["base_url"]))
    named.authority.behave(REMOVED)
    done = named.run()
    assert f"Could not resolve host: {HOST}" in done.stderr
    assert named.logins() == {"alice", "bob"}


def test_addresses_of_others_are_not_believed(named: FaultyNode) -> None:
    named.addresses.chmod(0o666)
    named.authority.behave(REMOVED)
    assert "Could not resolve host" in named.run().stderr
