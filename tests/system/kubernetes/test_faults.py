# SPDX-License-Identifier: Apache-2.0
"""What an API server does when ours is old, dead, stuck, or is somebody else."""

import shutil
import time
from collections.abc import Callable, Iterator

import pytest

from support.kubernetes.api_server import ApiServer, Person, authorization
from support.kubernetes.objects import PODS
from support.kubernetes.world import SlowWay, World, pause, resume
from support.waiting import wait_until


@pytest.fixture
def controller(server: ApiServer) -> Person:
    """Of Kubernetes itself: RBAC says yes."""
    return server.with_certificate("controller", "/O=rbac/CN=system:kube-scheduler")


@pytest.fixture
def authority_away(world: World) -> Iterator[Callable[[], None]]:
    yield world.roled.kill
    if world.roled.process is None:
        world.roled.start()


def refusal(person: Person) -> str:
    """None of these is a status that a client takes for a yes."""
    answer = person.request("GET", PODS)
    assert answer.status in (403, 500), answer
    return answer.message


# ---- the roster -------------------------------------------------------------------------------------


def test_authority_away_changes_nothing_for_who_is_known(
        world: World, server: ApiServer, authority_away: Callable[[], None]) -> None:
    alice = server.with_certificate("alice-certificate", "/CN=together:alice")
    stranger = server.with_certificate("mallory", "/CN=together:mallory")
    world.configure(roster={"fresh_for": "1s", "recheck_after": "1s"})
    authority_away()
    age = wait_until(lambda: world.roster_age() > 2 and world.roster_age(), "an old roster")
    assert alice.request("GET", PODS).status == 200, f"the roster is {age} s old"
    assert "mallory is not a collaborator" in refusal(stranger)
    assert "The roster is" in refusal(stranger)


def test_roster_older_than_it_may_be_is_our_fault(
        world: World, server: ApiServer, controller: Person, authority_away: Callable[[], None]) -> None:
    alice = server.with_certificate("alice-certificate", "/CN=together:alice")
    authority_away()
    world.configure(roster={"fresh_for": "1s", "recheck_after": "1s", "stale_for": "2s"})
    wait_until(lambda: alice.request("GET", PODS).status != 200, "the roster to be too old")
    assert "Access cannot be decided now" in refusal(alice) and "a fault on our side" in refusal(alice)
    assert controller.request("GET", PODS).status == 200


def test_no_roster_is_our_fault(world: World, server: ApiServer, controller: Person) -> None:
    alice = server.with_certificate("alice-certificate", "/CN=together:alice")
    world.take_roster_away()
    wait_until(lambda: "no usable roster" in refusal(alice) if alice.request("GET", PODS).status != 200 else False,
               "no roster")
    assert "a fault on our side" in alice.kubectl("get", "pods").stderr
    assert controller.request("GET", PODS).status == 200


def test_tokens_need_the_authority(
        world: World, alice: Person, authority_away: Callable[[], None]) -> None:
    """Who comes with a certificate does not; what the API server keeps of tokens is set there."""
    authority_away()
    assert alice.request("GET", PODS).status == 401


def test_configuration_gone_wrong_leaves_the_last_one(world: World, alice: Person) -> None:
    assert alice.request("GET", PODS).status == 200
    world.configure(kubernetes={"namespaces": "Not-a-namespace!"})
    wait_until(lambda: "namespaces" in world.authorizer_log(), "the complaint")
    assert alice.request("GET", PODS).status == 200


def test_lockdown_shuts_the_door(world: World, server: ApiServer, alice: Person, controller: Person) -> None:
    assert world.ctl("lockdown", "--reason", "an incident").returncode == 0
    wait_until(lambda: alice.request("GET", PODS).status == 403, "the lockdown")
    assert "the cluster is locked down (an incident)" in refusal(alice)
    assert controller.request("GET", PODS).status == 200
    assert world.ctl("lockdown", "--off").returncode == 0
    wait_until(lambda: alice.request("GET", PODS).status == 200, "its end")


# ---- the authorizer ---------------------------------------------------------------------------------


def test_dead_authorizer_is_closed_for_ours_and_open_for_kubernetes_own(
        world: World, alice: Person, controller: Person, server: ApiServer) -> None:
    assert world.authorizer
    world.authorizer.end()
    answer = alice.request("GET", PODS)
    print(f"measured: dead authorizer, {answer.status} after {answer.seconds:.2f} s: {answer.message}")
    assert answer.status == 500 and "connection refused" in answer.message
    assert controller.request("GET", PODS).status == 200
    assert server.masters.request("GET", PODS).status == 200
    world.start_authorizer()
    wait_until(lambda: alice.request("GET", PODS).status == 200, "the authorizer's return")


def test_dead_authorizer_and_no_opinion_leaves_ours_to_rbac(world: World) -> None:
    """What failurePolicy: NoOpinion means: whoever RBAC knows gets in, roster or not."""
    server = world.api_server("no-opinion", access=authorization(world.webhook, failurePolicy="NoOpinion"))
    assert world.authorizer
    world.authorizer.end()
    bound = server.with_certificate("bound", "/O=rbac/CN=together:mallory")
    unbound = server.with_certificate("unbound", "/CN=together:alice")
    assert bound.request("GET", PODS).status == 200
    assert unbound.request("GET", PODS).status in (403, 500)


def test_hanging_authorizer_is_closed_for_ours_after_the_timeout(
        world: World, alice: Person, controller: Person) -> None:
    assert world.authorizer and alice.request("GET", PODS).status == 200
    pause(world.authorizer)
    try:
        answer = alice.request("GET", PODS)
        print(f"measured: hanging authorizer, {answer.status} after {answer.seconds:.2f} s: {answer.message}")
        assert answer.status == 500 and answer.seconds < 30
        began = time.monotonic()
        assert controller.request("GET", PODS).status == 200
        assert time.monotonic() - began < 2
    finally:
        resume(world.authorizer)
    wait_until(lambda: alice.request("GET", PODS).status == 200, "the authorizer's return")


def test_slow_authorizer_is_waited_for(world: World) -> None:
    way = SlowWay(world.port, seconds=1)
    try:
        server = world.api_server("slow", webhook=world.webhook_config("slow-webhook", port=way.port))
        answer = world.person(server, "alice").request("GET", PODS)
        assert answer.status == 200 and answer.seconds >= 1, answer
    finally:
        way.end()


def test_restarted_authorizer_costs_nobody_a_refusal(world: World, alice: Person) -> None:
    """Kept-alive connections end with the old one."""
    assert alice.request("GET", PODS).status == 200
    assert world.authorizer
    world.authorizer.process.terminate()
    assert world.authorizer.process.wait(20) == 0
    world.start_authorizer()
    assert [alice.request("GET", PODS).status for _ in range(5)] == [200] * 5


# ---- certificates -----------------------------------------------------------------------------------


def test_authorizer_with_a_strange_certificate_is_not_believed(
        world: World, server: ApiServer, controller: Person) -> None:
    believing_others = world.api_server("strange-ca", webhook=world.webhook_config(
        "strange-ca-webhook", ca=world.strange.ca_file))
    answer = world.person(believing_others, "alice").request("GET", PODS)
    assert answer.status == 500 and "certificate signed by unknown authority" in answer.message, answer


def test_authorizer_with_a_certificate_for_another_name_is_not_believed(world: World) -> None:
    world.serving = world.certificates.issue("elsewhere", "/CN=elsewhere", "subjectAltName=DNS:elsewhere.example")
    try:
        world.clean_up_node()
        world.set_up_node()
        answer = world.person(world.started[0], "alice").request("GET", PODS)
        assert answer.status == 500 and "x509" in answer.message, answer
    finally:
        world.serving = world.certificates.issue("authorizer", "/CN=authorizer")


@pytest.mark.parametrize("key", ["strange", "none"])
def test_api_server_without_our_certificate_is_not_answered(world: World, key: str) -> None:
    mine = world.strange.issue("kube-apiserver", "/CN=kube-apiserver") if key == "strange" else None
    webhook = world.webhook_config(f"{key}-key-webhook", key=mine, anonymous=key == "none")
    answer = world.person(world.api_server(f"{key}-key", webhook=webhook), "alice").request("GET", PODS)
    assert answer.status == 500 and "tls" in answer.message, answer


def test_rotated_certificate_is_taken_without_a_restart(world: World, alice: Person) -> None:
    assert alice.request("GET", PODS).status == 200
    before = world.served_certificate()
    certificate, key = world.certificates.issue("rotated", "/CN=rotated")
    shutil.copy(key, world.serving[1])
    shutil.copy(certificate, world.serving[0])
    wait_until(lambda: world.served_certificate() != before, "the new certificate")
    assert alice.request("GET", PODS).status == 200
    assert alice.request("GET", PODS).status == 200
