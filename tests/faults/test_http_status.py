# SPDX-License-Identifier: Apache-2.0
"""Answers of HTTP that bring no roster: each status, and what Retry-After and redirects do."""

import re

import pytest

from support.faulty_authority import JSON, answers
from support.faulty_node import COLD, FRESH, OLD, FaultyNode, State

NOT_RETRIED = {400: "answered 400", 401: "does not accept this node's token",
               403: "does not accept this node's token", 404: "knows no such project",
               409: "answered 409", 410: "answered 410", 204: "answered 204", 206: "answered 206"}
REDIRECTS = (301, 302, 303, 307, 308)
RETRIED = (408, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("status", NOT_RETRIED)
def test_an_answer_that_another_try_would_not_change(
    node: FaultyNode, state: State, status: int
) -> None:
    """401 and 403 are about our token: nobody is denied for them."""
    node.authority.behave(answers(status))
    node.bears(NOT_RETRIED[status], state)


@pytest.mark.parametrize("status", RETRIED)
def test_an_answer_that_is_worth_another_try(node: FaultyNode, state: State, status: int) -> None:
    node.authority.behave(answers(status))
    node.bears(f"the authority answered {status}", state)
    assert len(node.authority.requests) > 1


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_not_followed(node: FaultyNode, state: State, status: int) -> None:
    elsewhere = f"{node.authority.base_url}/elsewhere"
    node.authority.behave(answers(status, b"", JSON | {"Location": elsewhere}))
    node.bears("redirects are refused", state)
    assert not [visit for visit in node.authority.requests if "elsewhere" in visit.path]


@pytest.mark.parametrize("state, least, most", [(COLD, 3, 5), (FRESH, 40, 60), (OLD, 40, 60)],
                         ids=["cold", "fresh", "old"])
def test_retry_after_a_day_holds_nobody_back_for_a_day(
    node: FaultyNode, state: State, least: int, most: int
) -> None:
    node.authority.behave(answers(429, headers=JSON | {"Retry-After": "86400"}))
    node.bears(r"the authority answered 429", state)
    held = [re.search(r"another ([\d.]+)(s|m)", text) for text in node.refresh_words()]
    seconds = [float(found[1]) * (60 if found[2] == "m" else 1) for found in held if found]
    assert least <= max(seconds) <= most, node.refresh_words()


def test_retry_after_a_second_is_waited_for_within_the_deadline(
    node: FaultyNode, state: State
) -> None:
    node.set_up(deadline=1.6)
    node.authority.behave(answers(429, headers=JSON | {"Retry-After": "1"}))
    node.bears("the authority answered 429", state)
    assert len(node.authority.requests) <= 2  # at once, and a second later


def test_an_empty_answer_with_status_200(node: FaultyNode, state: State) -> None:
    node.authority.behave(answers(200, b""))
    node.bears("the roster is not JSON", state)
