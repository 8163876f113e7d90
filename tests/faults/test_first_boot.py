# SPDX-License-Identifier: Apache-2.0
"""The first boot of a node, before there is a network: nothing of ours has ever run here, not even
the folder is there, and no name can be resolved."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import HOST
from support.faulty_node import COLD, EVERYBODY, FRESH, SHORT, TIMED_OUT, FaultyNode
from support.pam_client import SUCCESS
from support.waiting import wait_until

HOSTS, RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")
NO_NETWORK = "[Cc]ouldn't connect|[Ff]ailed to connect|unreachable|Could not resolve host"


@pytest.fixture(params=["address", "name"])
def without_network(request: pytest.FixtureRequest, tls_node: FaultyNode) -> Iterator[FaultyNode]:
    """Its authority is known by an address, or by a name."""
    before = HOSTS.read_text(), RESOLV_CONF.read_text()
    named = {"base_url": f"https://{HOST}:{tls_node.authority.port}/v1"}
    tls_node.set_up(deadline=SHORT, api=named if request.param == "name" else {})
    shutil.rmtree(tls_node.folder)
    RESOLV_CONF.unlink()
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    yield tls_node
    network_comes()
    HOSTS.write_text(before[0])
    RESOLV_CONF.write_text(before[1])


def network_comes() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    HOSTS.write_text(HOSTS.read_text() + f"127.0.0.1 {HOST}\n")


def nobody_but_root(node: FaultyNode) -> None:
    shutil.rmtree(node.folder, ignore_errors=True)
    node.syslog.forget()
    logins = node.application.log_in_twice(node.pam, "sshd", EVERYBODY)
    logins += node.log_in("root", service="module")
    node.are_answered(logins, COLD)
    node.nothing_is_left(logins)
    node.nobody_holds_the_lock()
    node.log_says(f"{NO_NETWORK}|{TIMED_OUT}")
    node.in_time(logins)


def test_it_ends_when_the_network_comes(without_network: FaultyNode) -> None:
    """root looks around meanwhile. Who could not be let in is, as soon as somebody answers; who is
    not on the roster is told so then, and not before."""
    node = without_network
    node.until_in_time(lambda: nobody_but_root(node))
    node.set_up()
    network_comes()
    # The back-off of a node without a roster lasts five seconds at most.
    wait_until(lambda: node.log_in_one("alice").answer == SUCCESS, "the network", timeout=30)
    logins = node.log_in(*EVERYBODY)
    for login in logins:
        node.is_answered(login, FRESH.answer_to(login.login))
    node.nothing_is_left(logins)
