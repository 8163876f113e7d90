# SPDX-License-Identifier: Apache-2.0
"""TLS that must not be trusted."""

import ssl
from collections.abc import Iterator

import pytest

from support.certificates import Certificates
from support.faulty_authority import Visit
from support.faulty_node import FaultyNode, State


@pytest.fixture(scope="module")
def bad(certificates: Certificates) -> dict[str, ssl.SSLContext]:
    return {"expired": certificates.expired(), "self-signed": certificates.self_signed(),
            "another host": certificates.context("other", "subjectAltName=DNS:other.example")}


@pytest.mark.parametrize("kind, words", [
    ("expired", "certificate has expired"), ("self-signed", "self.signed certificate"),
    ("another host", "no alternative certificate subject name matches")])
def test_a_bad_certificate(
    tls_node: FaultyNode, state: State, bad: dict[str, ssl.SSLContext], kind: str, words: str
) -> None:
    tls_node.authority.tls = bad[kind]
    tls_node.bears(words, state)
    assert not tls_node.authority.requests, "the token was sent"


def test_an_authority_of_certificates_that_the_node_does_not_know(
    tls_node: FaultyNode, state: State
) -> None:
    tls_node.set_up(api={"ca_file": "/etc/ssl/certs/ca-certificates.crt"})
    tls_node.bears("certificate", state)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["1.0", "1.1"])
def old_tls(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[ssl.SSLContext]:
    context = certificates.context("old")
    context.set_ciphers("ALL:@SECLEVEL=0")  # or OpenSSL itself would refuse
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = request.param
    yield context


def test_tls_of_another_decade(
    tls_node: FaultyNode, state: State, old_tls: ssl.SSLContext
) -> None:
    tls_node.authority.tls = old_tls
    tls_node.bears("version|[Aa]lert|protocol", state)
    assert not tls_node.authority.requests


def answers_without_tls(visit: Visit) -> None:
    visit.connection.recv(65536)
    visit.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def test_no_tls_at_all(tls_node: FaultyNode, state: State) -> None:
    tls_node.authority.behave(answers_without_tls)
    tls_node.bears("version number|[Rr]ecv failure|SSL|TLS", state)
