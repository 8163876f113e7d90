# SPDX-License-Identifier: Apache-2.0
"""How soon somebody who was removed is refused, and what is kept where."""

import json
import time
from collections.abc import Iterator

import pytest

from support.kubernetes.api_server import ApiServer, Person, authorization
from support.kubernetes.objects import NODESETS, PODS, nodeset
from support.kubernetes.world import World
from support.waiting import wait_until


@pytest.fixture
def carol(world: World) -> Iterator[str]:
    """A Member whom the test removes; the name of her token."""
    world.add_member("carol")
    yield "carol"
    world.remove_member("carol")


def seconds_until_refused(person: Person, status: int = 403) -> float:
    began = time.monotonic()
    wait_until(lambda: person.request("GET", PODS).status == status, "the refusal", 60)
    return time.monotonic() - began


def allowed(person: Person) -> bool:
    return person.request("GET", PODS).status == 200


def test_removed_is_refused_within_a_second(world: World, server: ApiServer, carol: str) -> None:
    person = server.with_certificate("removed", "/CN=together:carol")
    wait_until(lambda: allowed(person), "carol's way in")
    world.remove_member(carol)
    took = seconds_until_refused(person)
    print(f"measured: a removal counts after {took:.2f} s, nothing kept")
    assert took < 1


def test_removed_is_nobody_where_no_token_is_kept(world: World, server: ApiServer, carol: str) -> None:
    """The authority says so itself: she reads that she must log in, and not why."""
    person = world.person(server, carol)
    wait_until(lambda: allowed(person), "carol's way in")
    world.remove_member(carol)
    assert seconds_until_refused(person, 401) < 1


def test_watch_that_is_open_goes_on(world: World, server: ApiServer, bob: Person, carol: str) -> None:
    """Nobody is asked about it again; what is asked next is refused, with the sentence."""
    person = server.with_certificate("watching", "/CN=together:carol")
    wait_until(lambda: allowed(person), "carol's way in")
    with person.watch(NODESETS) as events:
        world.remove_member(carol)
        assert seconds_until_refused(person) < 1
        assert "carol is not a collaborator" in person.kubectl("get", "pods").stderr
        bob.must("create", "--validate=false", "-f", "-", text=nodeset("seen"))
        assert json.loads(events.readline())["object"]["metadata"]["name"] == "seen"
    bob.must("delete", "nodeset", "seen")


def test_added_gets_in_at_once(world: World, server: ApiServer) -> None:
    person = server.with_certificate("dora", "/CN=together:dora")
    assert not allowed(person)
    world.add_member("dora")
    began = time.monotonic()
    wait_until(lambda: allowed(person), "dora's way in", 60)
    print(f"measured: an addition counts after {time.monotonic() - began:.2f} s")
    world.remove_member("dora")


def test_what_the_api_server_keeps_outlasts_the_removal(world: World, carol: str) -> None:
    kept = authorization(world.webhook, cacheAuthorizedRequests=True, authorizedTTL="2s")
    person = world.api_server("keeping", access=kept).with_certificate("carol", "/CN=together:carol")
    wait_until(lambda: allowed(person), "carol's way in")
    world.remove_member(carol)
    took = seconds_until_refused(person)
    print(f"measured: a removal counts after {took:.2f} s, authorizedTTL 2s")
    assert took < 4


def test_ttl_of_zero_is_the_default_of_minutes(world: World, carol: str) -> None:
    """In the file; cacheAuthorizedRequests: false is what keeps nothing."""
    zero = authorization(world.webhook, cacheAuthorizedRequests=True, authorizedTTL="0s")
    person = world.api_server("zero", access=zero).with_certificate("carol", "/CN=together:carol")
    wait_until(lambda: allowed(person), "carol's way in")
    world.remove_member(carol)
    fresh = world.started[0].with_certificate("carol-elsewhere", "/CN=together:carol")
    wait_until(lambda: not allowed(fresh), "carol's refusal elsewhere")
    assert allowed(person)


def seconds_of_a_revoked_token(world: World, server: ApiServer, carol: str, kept: str) -> float:
    person = world.person(server, carol)
    wait_until(lambda: allowed(person), "carol's way in")
    world.revoke_token(carol)
    took = seconds_until_refused(person, 401)
    print(f"measured: a revoked token counts for {took:.2f} s, {kept}")
    return took


def test_revoked_token_is_nobody(world: World, server: ApiServer, carol: str) -> None:
    assert seconds_of_a_revoked_token(world, server, carol, "no token kept") < 2


def test_kept_token_is_of_no_use_to_who_was_removed(world: World, carol: str) -> None:
    """The API server knows who she is for a while; the authorizer knows that she is out."""
    server = world.api_server("tokens", token_ttl="2m")
    person = world.person(server, carol)
    wait_until(lambda: allowed(person), "carol's way in")
    world.remove_member(carol)
    assert seconds_until_refused(person) < 1
    assert "carol is not a collaborator" in person.request("GET", PODS).message


def test_revoked_token_lives_as_long_as_the_api_server_keeps_it(world: World, carol: str) -> None:
    server = world.api_server("two-seconds", token_ttl="2s")
    assert seconds_of_a_revoked_token(world, server, carol, "--authentication-token-webhook-cache-ttl=2s") < 4


def test_token_for_the_authoritys_own_api_is_nobody(world: World, server: ApiServer) -> None:
    person = server.with_token("own-api", world.people["alice"].token)
    assert person.request("GET", PODS).status == 401
