# SPDX-License-Identifier: Apache-2.0
"""Local ports and look-ups that an ordinary user has used up: connect(2) fails for everybody, root
too. A removal comes through all the same."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.certificates import HOST, Certificates
from support.connect_proxy import ConnectProxy
from support.faulty_authority import ALICE, FaultyAuthority, Visit, document, gives, good
from support.faulty_node import FRESH, OLD, FaultyNode
from support.pam_client import AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS, PamApplication
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
NUMBER = 50
HOSTS, RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")
BOTH = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
REMOVED = gives(document(ALICE, revision=8), {"ETag": '"r8"'})


class Ports:
    """All that there are, few as they are here. Each test has others, which no connection has had: one
    that is over keeps its port from being bound, and not from being connected with."""

    first = 20000  # below those that the kernel gives

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        Ports.first += NUMBER

    def use_up(self) -> None:
        self.bind(socket.AF_INET, "")
        with socket.socket() as one_more, pytest.raises(OSError):
            one_more.connect(("127.0.0.1", 9))

    def bind(self, family: int, address: str, kinds: Sequence[int] = BOTH) -> None:
        RANGE.write_text(f"{self.first} {self.first + NUMBER - 1}")
        for kind in kinds:
            for port in range(self.first, self.first + NUMBER):
                taken = self.stack.enter_context(socket.socket(family, kind))
                if family == socket.AF_INET6:
                    taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                taken.bind((address, port))

    def use_up_ipv6(self) -> None:
        self.bind(socket.AF_INET6, "::")

    def use_up_beside_our_address(self) -> None:
        self.bind(socket.AF_INET, "127.0.0.2", (socket.SOCK_STREAM,))


@pytest.fixture
def ports() -> Iterator[Ports]:
    before = RANGE.read_text()
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
    assert node.last_attempt()["message"].startswith("a new roster")
    node.nothing_is_left([])


def test_under_a_watcher(node: FaultyNode, ports: Ports) -> None:
    node.set_up(fresh_for="1s", recheck_after="1s")
    node.authority.behave(good)
    node.start("--watch")
    wait_until(lambda: node.snapshot.exists(), "the first roster")
    ports.use_up()
    node.authority.behave(REMOVED)
    wait_until(lambda: node.logins() == {"alice"}, "the removal", timeout=10)


@pytest.fixture(scope="module")
def ipv6_authority(certificates: Certificates) -> Iterator[FaultyAuthority]:
    with FaultyAuthority(certificates.context("ipv6"), ipv6=True) as authority:
        yield authority


@pytest.fixture(params=[("::1",), ("::1", "127.0.0.1")], ids=["ipv6", "dual stack"])
def ipv6_node(
    application: PamApplication, ipv6_authority: FaultyAuthority, certificates: Certificates,
    syslog: SyslogCollector, request: pytest.FixtureRequest
) -> Iterator[FaultyNode]:
    before = HOSTS.read_text()
    HOSTS.write_text(before + "".join(f"{address} {HOST}\n" for address in request.param))
    ipv6_authority.behave(good)
    node = FaultyNode(application, ipv6_authority, syslog)
    node.set_up(api={"ca_file": str(certificates.ca_file),
                     "base_url": f"https://{HOST}:{ipv6_authority.port}/v1"})
    yield node
    node.end()
    ipv6_authority.end_visits()
    HOSTS.write_text(before)


WAYS = pytest.mark.parametrize(
    "use_up", [Ports.use_up, Ports.use_up_ipv6, Ports.use_up_beside_our_address],
    ids=["of ipv4", "of ipv6", "at another address"])


@WAYS
def test_to_an_address_of_ipv6(
    ipv6_node: FaultyNode, ports: Ports, use_up: Callable[[Ports], None]
) -> None:
    """Where "not available" may mean that this node has no IPv6."""
    ipv6_node.set_up(local_fault_for="1s")
    ipv6_node.put(OLD)
    use_up(ports)
    ipv6_node.authority.behave(REMOVED)
    ipv6_node.is_answered(ipv6_node.log_in_one("bob"), PERM_DENIED)
    ipv6_node.is_answered(ipv6_node.log_in_one("alice"), SUCCESS)


@WAYS
def test_to_an_address_of_ipv6_under_a_watcher(
    ipv6_node: FaultyNode, ports: Ports, use_up: Callable[[Ports], None]
) -> None:
    ipv6_node.set_up(fresh_for="1s", recheck_after="1s")
    ipv6_node.start("--watch")
    wait_until(lambda: ipv6_node.snapshot.exists(), "the first roster")
    use_up(ports)
    ipv6_node.authority.behave(REMOVED)
    wait_until(lambda: ipv6_node.logins() == {"alice"}, "the removal", timeout=10)


@WAYS
def test_without_a_port_below_1024_either_it_is_the_nodes_fault(
    ipv6_node: FaultyNode, ports: Ports, use_up: Callable[[Ports], None]
) -> None:
    ipv6_node.put(OLD)
    use_up(ports)
    done = ipv6_node.run(before=("setpriv", "--bounding-set=-net_bind_service"))
    assert "this node has no local port left" in done.stderr


def test_silence_while_they_are_used_up_is_the_nodes_fault(node: FaultyNode, ports: Ports) -> None:
    """What else is used up then, nobody knows."""
    def hangs(visit: Visit) -> None:
        visit.read_request()
        visit.hang()

    node.set_up(deadline=2)
    node.put(OLD)
    node.authority.behave(hangs)
    process = node.start("--on-demand")
    wait_until(lambda: node.authority.requests, "the request")
    ports.use_up()
    process.wait(10)
    assert node.last_attempt()["message"].startswith("this node cannot take a new roster: ")


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


NO_LIMIT_RAISED = ("setpriv", "--bounding-set=-sys_resource")


def test_without_a_thread_for_a_look_up_it_is_the_nodes_fault(named: FaultyNode) -> None:
    """There is none left for anybody where somebody uses up all, or his own are used up."""
    named.addresses.unlink()
    done = named.run(before=("prlimit", "--nproc=0:0", *NO_LIMIT_RAISED))
    assert "this node cannot take a new roster: this node has no thread left" in done.stderr


def test_without_a_file_to_open_it_is_the_nodes_fault(named: FaultyNode) -> None:
    """A connection, and no certificates to judge it by."""
    HOSTS.write_text(HOSTS.read_text() + f"127.0.0.1 {HOST}\n")
    for most in range(4, 7):  # libcurl of Debian 13 needs no more than seven
        done = named.run(before=("prlimit", f"--nofile={most}:{most}", *NO_LIMIT_RAISED))
        assert "this node cannot take a new roster" in done.stderr, most
        assert "Too many open files" in done.stderr, most


def test_addresses_of_others_are_not_believed(named: FaultyNode) -> None:
    named.addresses.chmod(0o666)
    named.authority.behave(REMOVED)
    assert "Could not resolve host" in named.run().stderr


@pytest.fixture
def proxied(tls_node: FaultyNode) -> Iterator[FaultyNode]:
    """Has reached its authority through a proxy that it knows by name; now nobody knows it."""
    before = HOSTS.read_text(), RESOLV_CONF.read_text()
    with ConnectProxy() as proxy:
        tls_node.set_up(api={"proxy": f"http://proxy.example:{proxy.port}"}, local_fault_for="1s")
        HOSTS.write_text(before[0] + "127.0.0.1 proxy.example\n")
        tls_node.put(FRESH)
        tls_node.refresh()
        assert proxy.connected
        HOSTS.write_text(before[0])
        RESOLV_CONF.write_text("nameserver 127.0.0.1\n")
        tls_node.set_age("1h")
        yield tls_node
    HOSTS.write_text(before[0])
    RESOLV_CONF.write_text(before[1])


def test_the_last_address_of_a_proxy(proxied: FaultyNode) -> None:
    proxied.authority.behave(REMOVED)
    proxied.is_answered(proxied.log_in_one("bob"), PERM_DENIED)


def test_a_proxy_that_cannot_be_looked_up_for_want_of_ports(
    proxied: FaultyNode, ports: Ports
) -> None:
    proxied.addresses.unlink()
    ports.use_up()
    proxied.is_answered(proxied.log_in_one("bob"), AUTHINFO_UNAVAIL)
    assert "this node has no local port left for a look-up" in proxied.last_attempt()["message"]


@pytest.fixture
def silent_name_server() -> Iterator[None]:
    """Takes questions and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        yield


def test_the_last_address_where_the_name_server_is_silent(
    named: FaultyNode, silent_name_server: None
) -> None:
    named.authority.behave(REMOVED)
    login = named.log_in_one("bob")
    named.is_answered(login, PERM_DENIED)
    assert login.seconds < named.deadline


def test_the_same_under_a_watcher(named: FaultyNode, silent_name_server: None) -> None:
    named.authority.behave(REMOVED)
    named.start("--watch")
    wait_until(lambda: named.logins() == {"alice"}, "the removal", timeout=15)
