# SPDX-License-Identifier: Apache-2.0
"""status and refresh in front of an authority that is asked over HTTP: what an operator sees of it."""

import re
from collections.abc import Iterator

import pytest

from support.authority import Answer, Asked, Authority
from support.ctl_node import CACHE, TOKEN, TOKEN_TEXT, ctl, ctl_json, field, write_config


@pytest.fixture
def authority() -> Iterator[Authority]:
    TOKEN.write_text(TOKEN_TEXT + "\n")
    TOKEN.chmod(0o600)
    with Authority() as authority:
        write_config(api__base_url=authority.url)
        yield authority


def test_status_after_a_good_answer(authority: Authority) -> None:
    assert ctl("refresh").returncode == 0
    text = ctl("status").stdout
    assert field(text, "Authority") == authority.url
    assert re.match(r"valid, \d+\.\ds ago$", field(text, "Last attempt"))
    assert "a new roster" in text
    assert field(text, "Request id") == "req_1"
    assert field(text, "Next on demand") == "at once"
    last = ctl_json("status")["last_attempt"]
    assert (last["outcome"], last["request_id"], last["failures"]) == ("valid", "req_1", 0)
    assert ctl("refresh").returncode == 0
    text = ctl("status").stdout
    assert "not modified" in text and field(text, "Request id") == "req_2"


@pytest.mark.parametrize(("status", "headers", "exit_status", "outcome", "words"), [
    (403, {}, 77, "token_refused", "does not accept this node's token"),
    (404, {}, 75, "no_answer", "knows no such project"),
    (503, {"Retry-After": "100"}, 75, "no_answer", "answered 503"),
])
def test_status_after_a_bad_answer(
    authority: Authority, status: int, headers: dict[str, str | None], exit_status: int,
    outcome: str, words: str
) -> None:
    assert ctl("refresh").returncode == 0  # with a roster the last attempt may be long

    def fault(asked: Asked, answer: Answer) -> None:
        answer.status = status
        answer.headers |= headers

    authority.fault = fault
    refused = ctl("refresh")
    assert refused.returncode == exit_status
    assert f"(request id req_{len(authority.asked)})" in refused.stdout + refused.stderr
    run = ctl("status")
    assert run.returncode == 0  # the roster still decides
    assert re.match(rf"{outcome}, \d+\.\ds ago, 1 failed in a row", field(run.stdout, "Last attempt"))
    assert words in run.stdout
    assert field(run.stdout, "Request id") == f"req_{len(authority.asked)}"
    last = ctl_json("status")["last_attempt"]
    assert last["request_id"] == f"req_{len(authority.asked)}" and words in last["message"]
    if "Retry-After" in headers:
        assert field(run.stdout, "Next on demand").startswith("not for another ")
        assert 0 < last["next_in_seconds"] <= 60


def test_status_shows_the_back_off_that_holds_logins_back(authority: Authority) -> None:
    def fault(asked: Asked, answer: Answer) -> None:
        answer.status = 403
    authority.fault = fault
    for _ in range(4):
        assert ctl("refresh").returncode == 77
    before = len(authority.asked)
    assert field(ctl("status").stdout, "Next on demand").startswith("not for another ")
    # As root, check asks as sshd does: not while the last attempt stands.
    assert ctl("check", "alice").returncode == 2
    assert len(authority.asked) == before


def test_verbose_shows_the_exchange_without_the_token(authority: Authority) -> None:
    run = ctl("refresh", "--verbose")
    assert run.returncode == 0
    for line in (f"> GET {authority.url}/projects/proj_123/collaborators?limit=1000",
                 "> Authorization: Bearer (hidden)", "< 200, ", '< ETag: "e-7"',
                 "< x-request-id: req_1", "< Together-As-Of: "):
        assert line in run.stderr
    assert TOKEN_TEXT not in run.stderr + run.stdout
    run = ctl("refresh", "--verbose")
    assert '> If-None-Match: "e-7"' in run.stderr and "< 304, " in run.stderr
    assert TOKEN_TEXT not in run.stderr + run.stdout


@pytest.mark.parametrize("where", [
    {"Location": f"https://me:{TOKEN_TEXT}@elsewhere.example.com/?token={TOKEN_TEXT}"},
    {"x-request-id": f"Bearer {TOKEN_TEXT}"}, {"ETag": f'"{TOKEN_TEXT}"'},
    {"Content-Type": TOKEN_TEXT}, {"Preference-Applied": TOKEN_TEXT}, {"Retry-After": TOKEN_TEXT},
])
@pytest.mark.parametrize("status", [200, 302, 401, 503])
def test_an_authority_that_gives_the_token_back(
    authority: Authority, where: dict[str, str | None], status: int
) -> None:
    """Into no terminal, no log and no file that others read."""
    def fault(asked: Asked, answer: Answer) -> None:
        answer.status = status
        answer.headers |= where
    authority.fault = fault
    run = ctl("refresh", "--verbose")
    status_text = ctl("status").stdout + ctl("status", "--json").stdout
    assert TOKEN_TEXT not in run.stderr + run.stdout + status_text
    assert all(TOKEN_TEXT.encode() not in path.read_bytes() for path in CACHE.iterdir())


def test_no_password_of_a_proxy(authority: Authority) -> None:
    write_config(api__base_url=authority.url, api__proxy="http://me:pass-word@127.0.0.1:1")
    run = ctl("refresh", "--verbose")
    assert run.returncode in (75, 78)
    assert "pass-word" not in run.stdout + run.stderr + ctl("status").stdout


def test_accept_older(authority: Authority) -> None:
    assert ctl("refresh").returncode == 0
    authority.revision = 6
    run = ctl("refresh")
    assert run.returncode == 75 and "refresh --accept-older" in run.stderr
    assert field(ctl("status").stdout, "Revision") == "7"
    assert "older than 7, which this node has" in ctl("status").stdout
    assert ctl("refresh", "--accept-older").returncode == 0
    text = ctl("status").stdout
    assert field(text, "Revision") == "6" and field(text, "Last attempt").startswith("valid, ")
    assert ctl("refresh").returncode == 0
