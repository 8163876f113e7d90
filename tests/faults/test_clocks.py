"""Clocks: a day forward, a day back, another boot. Within one boot steps change nothing (the unit
tests of the gate's clock); here is what a snapshot of another boot, or of the future, does."""

import subprocess

import pytest

from faulty_authority import JSON, answers, good
from faulty_node import COLD, FRESH, STAMP, FaultyNode
from pam_client import SUCCESS

BUSY = answers(429, headers=JSON | {"Retry-After": "60"})
WORDS = "the authority answered 429"


def restamp(node: FaultyNode, *arguments: str) -> None:
    subprocess.run([STAMP, "--config", node.config, *arguments], check=True)


@pytest.mark.parametrize("arguments", [
    ("--age", "23h", "--other-boot"), ("--age", "10s", "--other-boot"),
    ("--age", "23h", "--other-namespace"), ("--future", "24h"), ("--future", "24h", "--other-boot"),
    ("--future", "5m", "--header"), ("--future", "24h", "--stamp"),
], ids=" ".join)
def test_within_stale_for_or_unknown(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    """A stamp from the future says nothing about the age: it is asked for again, and used."""
    node.authority.behave(BUSY)
    node.bears(WORDS, FRESH, lambda: restamp(node, *arguments))


@pytest.mark.parametrize("arguments", [
    ("--age", "25h"), ("--age", "25h", "--other-boot"), ("--age", "25h", "--other-namespace"),
], ids=" ".join)
def test_older_than_stale_for(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    """The clock a day forward before the boot: who is on the roster is not told otherwise."""
    node.authority.behave(BUSY)
    node.bears(WORDS, FRESH, lambda: restamp(node, *arguments), like=COLD)


@pytest.mark.parametrize("arguments", [
    ("--future", "24h"), ("--future", "24h", "--other-boot"), ("--age", "25h", "--other-boot"),
], ids=" ".join)
def test_one_refresh_sets_the_age_right(node: FaultyNode, arguments: tuple[str, ...]) -> None:
    node.put(FRESH)
    restamp(node, *arguments)
    node.authority.behave(good)
    node.log_in_one("mallory")
    node.is_answered(node.log_in_one("alice"), SUCCESS)
    assert node.stored()["age_ms"] < 60_000

