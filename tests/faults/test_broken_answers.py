# SPDX-License-Identifier: Apache-2.0
"""Answers that are no document: cut, of the wrong length or type, endless, compressed bombs,
headers that say two things."""

import gzip
import json
from collections.abc import Mapping

import pytest

from support.faulty_authority import JSON, Behaviour, Visit, answers, document
from support.faulty_node import FRESH, FaultyNode, State
from support.json_leniencies import LENIENCIES
from support.refresher import NO_ANSWER

GOOD = json.dumps(document()).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
MIB = 1024 * 1024


@pytest.mark.parametrize("stated, words", [
    (len(GOOD) + 50, "remaining to read|50 bytes missing"), (len(GOOD) - 50, "the roster is not JSON"),
    (0, "the roster is not JSON")])
def test_the_wrong_content_length(
    node: FaultyNode, state: State, stated: int, words: str
) -> None:
    node.authority.behave(answers(200, GOOD, JSON | {"Content-Length": str(stated)}))
    node.bears(words, state)


@pytest.mark.parametrize("length", [1, len(GOOD) // 2, len(GOOD) - 1])
def test_truncated_json(node: FaultyNode, state: State, length: int) -> None:
    """And its length says that this is all."""
    node.authority.behave(answers(200, GOOD[:length]))
    node.bears("the roster is not JSON", state)


@pytest.mark.parametrize("body, words", [
    (b"<html>It works!</html>", "the roster is not JSON"),
    (GOOD + b"{}", "the roster is not JSON"),
    (GOOD.replace(b'"alice"', b"'alice'"), "the roster is not JSON"),
    (b"[" * 100_000, "the roster is not JSON"),
    (b"\0" * 100, "the roster is not JSON"),
    (GOOD.replace(b"alice", b"al\0ice"), "the roster is not JSON"),
    (GOOD.replace(b"user_alice", b"user_\xff"), "not UTF-8"),
    (GOOD.replace(b"user_alice", b"user_\xc0\xaf"), "not UTF-8"),
    (GOOD.replace(b"user_alice", b"user_\\ud800"), "not JSON|user_id|cannot be shown"),
], ids=["html", "more", "quotes", "nesting", "zeros", "NUL", "bad-UTF-8", "overlong", "surrogate"])
def test_not_json(node: FaultyNode, state: State, body: bytes, words: str) -> None:
    node.authority.behave(answers(200, body))
    node.bears(words, state)


@pytest.mark.parametrize("name", LENIENCIES)
def test_json_that_other_parsers_take(node: FaultyNode, name: str) -> None:
    """Through together-refresh alone: what a login sees of it is the same for all."""
    node.put(FRESH)
    before = node.snapshot.read_bytes()
    node.authority.behave(answers(200, LENIENCIES[name](GOOD)))
    done = node.run()
    assert done.returncode == NO_ANSWER and "the roster is not " in done.stderr, done.stderr
    assert node.snapshot.read_bytes() == before


@pytest.mark.parametrize("headers, words", [
    ({"Content-Type": "text/html"}, "answered with text/html, not application/json"),
    ({}, "answered with no content type"),
], ids=["html", "none"])
def test_another_content_type(
    node: FaultyNode, state: State, headers: Mapping[str, str], words: str
) -> None:
    """Even around a good document: a captive portal or a proxy speaks here."""
    node.authority.behave(answers(200, GOOD, headers))
    node.bears(words, state)


def endless_body(visit: Visit) -> None:
    visit.read_request()
    visit.send(HEAD + b"\r\n")
    while True:
        visit.send(b" " * 65536)


def endless_headers(visit: Visit) -> None:
    visit.read_request()
    visit.send(HEAD)
    while True:
        visit.send(b"X-More: " + b"x" * 500 + b"\r\n")


def test_an_endless_body(node: FaultyNode, state: State) -> None:
    node.authority.behave(endless_body)
    node.bears("larger than 8 MiB", state)


def test_endless_headers(node: FaultyNode, state: State) -> None:
    node.authority.behave(endless_headers)
    node.bears("[Hh]eader|larger", state)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip.compress(b" " * (64 * MIB), 1)


def test_a_gzip_bomb(node: FaultyNode, state: State, bomb: bytes) -> None:
    assert len(bomb) < MIB
    node.authority.behave(answers(200, bomb, JSON | {"Content-Encoding": "gzip"}))
    node.bears("larger than 8 MiB", state)


def test_gzip_that_is_none(node: FaultyNode, state: State) -> None:
    node.authority.behave(answers(200, GOOD, JSON | {"Content-Encoding": "gzip"}))
    node.bears("[Ee]ncoding|decod|incorrect header|[Ff]ail", state)


def smuggles(head: bytes) -> Behaviour:
    def behaviour(visit: Visit) -> None:
        visit.read_request()
        visit.send(HEAD + head + b"\r\n" + GOOD)
    return behaviour


@pytest.mark.parametrize("head", [
    LENGTH + b"Content-Length: 5\r\n",
    LENGTH + b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\n" + LENGTH,
    b"content-length: %d, 5\r\n" % len(GOOD),
    LENGTH.replace(b":", b": +"),
    b"Content-Length: -1\r\n",
], ids=["two-lengths", "length-and-chunks", "chunks-and-length", "list", "plus", "negative"])
def test_smuggled_headers(node: FaultyNode, state: State, head: bytes) -> None:
    """Peers disagree about where such an answer ends."""
    node.authority.behave(smuggles(head))
    node.bears("in two ways how long|[Cc]ontent-[Ll]ength|[Ii]nvalid|header", state)
