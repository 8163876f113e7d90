# SPDX-License-Identifier: Apache-2.0
"""OpenID Connect: what username's claim and prefix must be, so that the rest of the name is the login."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.kubernetes.api_server import ApiServer, authorization
from support.kubernetes.issuer import Issuer
from support.kubernetes.objects import PODS
from support.kubernetes.world import World
from support.waiting import wait_until


@pytest.fixture(scope="module")
def issuer(one_world: World) -> Iterator[Issuer]:
    with Issuer(one_world.folder / "issuer", one_world.certificates) as made:
        yield made


def knowing(world: World, issuer: Issuer, name: str, prefix: str, access: object = None, **more: str) -> ApiServer:
    """Once it has the issuer's keys, which it fetches by itself."""
    server = world.api_server(name, issuers=issuer.configuration(prefix, **more), access=access)
    anybody = server.with_token("anybody", issuer.token(preferred_username="somebody", email="somebody"))
    wait_until(lambda: anybody.request("GET", "/metrics").status == 403, "the issuer's keys")
    return server


@pytest.fixture(scope="module")
def sso(one_world: World, issuer: Issuer) -> Iterator[ApiServer]:
    one_world.set_up_node()
    yield knowing(one_world, issuer, "sso", "together:")
    one_world.clean_up_node()


def test_login_of_the_roster_gets_in(world: World, sso: ApiServer, issuer: Issuer) -> None:
    alice = sso.with_token("alice", issuer.token(preferred_username="alice"))
    assert alice.request("GET", PODS).status == 200
    assert "alice has the role member" in alice.request("GET", "/metrics").message
    stranger = sso.with_token("mallory", issuer.token(preferred_username="mallory"))
    assert "mallory is not a collaborator" in stranger.request("GET", PODS).message


def test_groups_of_the_issuer_make_nobody_more(world: World, sso: ApiServer, issuer: Issuer) -> None:
    alice = sso.with_token("alice", issuer.token(
        preferred_username="alice", groups=["system:masters", f"together:{world.project}:admin", "rbac"]))
    assert alice.request("GET", "/metrics").status == 403


@pytest.mark.parametrize("claims", [
    {"preferred_username": "alice", "seconds": -60}, {"preferred_username": "alice", "aud": "elsewhere"},
    {"preferred_username": "alice", "iss": "https://127.0.0.1:1"}, {"email": "alice"},
])
def test_token_that_does_not_count_is_nobody(world: World, sso: ApiServer, issuer: Issuer,
                                             claims: dict[str, object]) -> None:
    person = sso.with_token("odd", issuer.token(**claims))
    assert person.request("GET", PODS).status == 401


def test_personal_token_works_beside_it(world: World, sso: ApiServer) -> None:
    assert world.person(sso, "alice").request("GET", PODS).status == 200


def test_another_prefix_needs_the_same_in_our_configuration(world: World, issuer: Issuer) -> None:
    ours = authorization(world.webhook, matchConditions=[{"expression": "!request.user.startsWith('system:')"}])
    server = knowing(world, issuer, "other-prefix", "oidc:", access=ours)
    alice = server.with_token("alice", issuer.token(preferred_username="alice"))
    assert alice.request("GET", PODS).status == 403  # neither we nor RBAC know oidc:alice
    world.configure(kubernetes={"username_prefix": "oidc:"})
    wait_until(lambda: alice.request("GET", PODS).status == 200, "the new prefix")


def test_mail_address_is_no_login(world: World, issuer: Issuer) -> None:
    """--oidc-username-claim=email, as many clusters have it."""
    server = knowing(world, issuer, "by-email", "together:", claim="email")
    alice = server.with_token("alice", issuer.token(email="alice@example.com", email_verified=True))
    assert alice.request("GET", PODS).status == 403
    assert "alice@example.com is not a collaborator" in alice.request("GET", PODS).message
