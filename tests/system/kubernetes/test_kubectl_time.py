# SPDX-License-Identifier: Apache-2.0
"""What we cost a request and a kubectl, in random order, in pairs: against a whole chain without us. Prints
what it measured (-s shows it) and fails where it is out of all proportion; budgets are scripts/bench's."""

import os
import random
import statistics
import time
from collections.abc import Callable

from support.kubernetes.api_server import ApiServer, Person
from support.kubernetes.objects import PODS
from support.kubernetes.world import World

ROUNDS = int(os.environ.get("TOGETHER_ROUNDS", "20"))


def paired(one: Callable[[], float], other: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    """In each round both, which of them first is thrown."""
    pairs = []
    for _ in range(rounds):
        if random.random() < 0.5:
            first = one()
            pairs.append((first, other()))
        else:
            second = other()
            pairs.append((one(), second))
    return pairs


def report(what: str, pairs: list[tuple[float, float]]) -> float:
    """The median of the differences."""
    differences = [ours - theirs for ours, theirs in pairs]
    middle = statistics.median(differences)
    spread = 1.96 * statistics.stdev(differences) / len(differences) ** 0.5
    print(f"measured: {what}: with us {1000 * statistics.median(p[0] for p in pairs):.1f} ms, without "
          f"{1000 * statistics.median(p[1] for p in pairs):.1f} ms, difference {1000 * middle:.1f} ms "
          f"(mean {1000 * statistics.mean(differences):.1f} ± {1000 * spread:.1f} ms, n={len(pairs)})")
    return middle


def without_us(server: ApiServer) -> Person:
    """RBAC's stand-in says yes to her; no webhook is asked."""
    return server.with_certificate("without", "/O=rbac/CN=system:without")


def test_request(world: World, server: ApiServer) -> None:
    ours, theirs = server.with_certificate("with", "/CN=together:alice"), without_us(server)
    pairs = paired(lambda: ours.request("GET", PODS).seconds, lambda: theirs.request("GET", PODS).seconds, 10 * ROUNDS)
    assert report("a request, TLS handshake included", pairs) < 0.5


def kubectl_seconds(person: Person) -> float:
    began = time.monotonic()
    person.must("get", "nodesets")
    return time.monotonic() - began


def test_kubectl(world: World, server: ApiServer) -> None:
    ours, theirs = server.with_certificate("with", "/CN=together:alice"), without_us(server)
    pairs = paired(lambda: kubectl_seconds(ours), lambda: kubectl_seconds(theirs), ROUNDS)
    assert report("kubectl get nodesets", pairs) < 2
