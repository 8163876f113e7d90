# SPDX-License-Identifier: Apache-2.0
"""api-check: what a node would think of an authority. Each check is seen to fail."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.authority import Answer, Asked, Authority, Fault, certificate
from support.ctl_node import (CACHE, CHECKOUT, CONFIG, ETC, PLAIN_USER, PROJECT, TOGETHER_REFRESH, TOKEN,
                              TOKEN_TEXT, Run, ctl, entry, write_config)

CHECKS = ["answer", "status", "content_type", "json", "list", "entries", "not_empty", "admin",
          "logins", "roles", "uids", "unique", "pages", "revision", "etag", "not_modified",
          "other_etag", "as_of", "cache_control", "request_id", "wait", "node", "other_project",
          "wrong_token", "no_token", "error_bodies"]


@pytest.fixture(autouse=True)
def token() -> None:
    TOKEN.write_text(TOKEN_TEXT + "\n")
    TOKEN.chmod(0o600)


def check(authority: Authority, *arguments: str, user: int = 0) -> Run:
    run = ctl("api-check", authority.url, *arguments, user=user)
    assert TOKEN_TEXT not in run.stdout + run.stderr
    return run


def findings(run: Run) -> dict[str, dict[str, str]]:
    document = json.loads(run.stdout)
    assert [one["name"] for one in document["checks"]] == CHECKS
    assert all(one["expected"] and one["why"] and one["got"] for one in document["checks"])
    return {one["name"]: one for one in document["checks"]}


def bad(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: one["result"] for name, one in found.items() if one["result"] != "pass"}


def test_an_authority_that_conforms() -> None:
    with Authority() as authority:
        run = check(authority)
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-2]] == [["ok", name] for name in CHECKS]
    assert lines[-1] == f"The authority conforms: {len(CHECKS)} checks."
    # Bad tokens last: an authority may shut out who comes with them.
    assert [asked.token for asked in authority.asked[-2:]] != [TOKEN_TEXT, TOKEN_TEXT]
    assert all(asked.token == TOKEN_TEXT for asked in authority.asked[:-2])


@pytest.mark.parametrize("collaborators, tag", [(7, '"'), (40, 'W/"')], ids=["small", "packed"])
def test_together_roled_conforms_entirely(tmp_path: Path, collaborators: int, tag: str) -> None:
    if not Path(os.environ.get("TOGETHER_ROLED", TOGETHER_REFRESH.parents[1] / "role_server"
                               / "together-roled")).exists():
        pytest.skip("together-roled is not built")
    from support.roled import Roled
    with Roled(tmp_path) as roled:
        project = roled.create_project()
        for number in range(collaborators):
            roled.add_collaborator(project, roled.add_user(f"user{number}", uid=20000 + number))
        TOKEN.write_text(roled.node_key(project))
        run = ctl("api-check", roled.base_url, "--project", project, "--json")
    assert bad(findings(run)) == {} and run.returncode == 0
    assert findings(run)["etag"]["got"].startswith(tag)
    assert json.loads(run.stdout)["outcome"] == "conforms"


def on(part: str, value: Any) -> Fault:
    """A field of each page that holds another value; `...` takes it away."""
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status == 200:
            if value is ...:
                del answer.document[part]
            else:
                answer.document[part] = value
    return fault


def on_entry(part: str, value: Any, index: int = 1) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status == 200 and len(answer.document["data"]) > index:
            if value is ...:
                del answer.document["data"][index][part]
            else:
                answer.document["data"][index][part] = value
    return fault


def header(name: str, value: str | None, *statuses: int) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status in (statuses or (200, 304)):
            answer.headers[name] = value
    return fault


def body(text: bytes) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status == 200:
            answer.body = text
    return fault


def counting_revision(asked: Asked, answer: Answer) -> None:
    if answer.status == 200:
        answer.document["revision"] = asked.number


def etag_of_the_request(asked: Asked, answer: Answer) -> None:
    if answer.status == 200:
        answer.headers["ETag"] = f'"{asked.number}"'


def always_unchanged(asked: Asked, answer: Answer) -> None:
    if asked.etag:
        answer.status = 304


def never_unchanged(asked: Asked, answer: Answer) -> None:
    if answer.status == 304:
        answer.status, answer.hold = 200, 0
        answer.headers["Preference-Applied"] = None
        answer.document = {"object": "list", "project_id": PROJECT, "revision": 7,
                           "next_cursor": None, "data": []}


def waits_for_nobody(asked: Asked, answer: Answer) -> None:
    answer.hold = 0
    answer.headers.pop("Preference-Applied", None)


def claims_to_have_waited(asked: Asked, answer: Answer) -> None:
    answer.hold = 0


def waits_too_long(asked: Asked, answer: Answer) -> None:
    answer.hold *= 3.5


def loses_a_page(asked: Asked, answer: Answer) -> None:
    if asked.after:
        answer.document["data"] = []


def a_page_for_ever(asked: Asked, answer: Answer) -> None:
    if answer.status == 200 and asked.limit < 1000:
        answer.document["next_cursor"] = "1"


def refuses_cursors(asked: Asked, answer: Answer) -> None:
    if asked.after:
        answer.status = 400


def open_to(who: str) -> Fault:
    """The roster, to whom it should be refused."""
    def fault(asked: Asked, answer: Answer) -> None:
        applies = {"other_project": asked.project != PROJECT, "no_token": asked.token is None,
                   "wrong_token": asked.token not in (None, TOKEN_TEXT)}[who]
        if applies:
            answer.status = 200
    return fault


def refuses_with(right: int, other: int) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status == right:
            answer.status = other
    return fault


def plain_errors(asked: Asked, answer: Answer) -> None:
    if answer.status >= 400:
        answer.headers["Content-Type"] = "text/plain"
        answer.body = b"go away"


def lists(*, twice: str) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if answer.status == 200:
            for one in answer.document["data"]:
                if twice == "login" and one["login"] == "carol":
                    one["login"] = "alice"
                if twice == "uid" and one["uid"] == 10002:
                    one["uid"] = 10001
    return fault


def no_admin(asked: Asked, answer: Answer) -> None:
    if answer.status == 200:
        for one in answer.document["data"]:
            one["role"] = "member"


def slow(asked: Asked, answer: Answer) -> None:
    answer.hold += 1.0


FAULTS = [
    (refuses_with(200, 302), "status", "fail", "redirects are refused"),
    (refuses_with(200, 400), "status", "fail", "answered 400"),
    (header("Content-Type", "text/html"), "content_type", "fail", "text/html"),
    (header("Content-Type", None), "content_type", "fail", "none"),
    (body(b'{"object": "list"'), "json", "fail", "is not JSON"),
    (body(b"\xff\xfe"), "json", "fail", "is not UTF-8"),
    (body(b'{"object": "list", "object": "list"}'), "json", "fail", "Duplicate key"),
    (on("object", "roster"), "list", "fail", 'object is not "list"'),
    (on("project_id", "proj_other"), "list", "fail", f'project_id is not "{PROJECT}"'),
    (on("next_cursor", ...), "list", "fail", "next_cursor is missing"),
    (on("revision", "7"), "list", "fail", "revision is not a whole number"),
    (on("data", {}), "list", "fail", "data is not an array"),
    *[(on_entry(part, value), "entries", "fail", f"data[1].{part} ")
      for part, value in [("object", "user"), ("user_id", 7), ("login", 7), ("uid", "10002"),
                          ("uid", 10002.5), ("role", None), ("external", "no"), ("role", ...)]],
    (on("data", []), "not_empty", "fail", "no entries"),
    (no_admin, "admin", "note", "0 of them are admin"),
    (on_entry("login", "b b", 0), "logins", "note", "user_alice"),
    (on_entry("login", None, 0), "logins", "note", "user_alice"),
    (on_entry("role", "owner", 0), "roles", "fail", "unknown: owner"),
    (on_entry("uid", 500, 0), "uids", "note", "below 1000: alice"),
    (lists(twice="login"), "unique", "fail", "more than once: alice"),
    (lists(twice="uid"), "unique", "fail", "more than once: uid 10001"),
    (loses_a_page, "pages", "fail", "2 entries on 2 pages with limit=2, but 4 with limit=1000"),
    (a_page_for_ever, "pages", "fail", "its next_cursor leads to itself"),
    (refuses_cursors, "pages", "fail", "page 2: the authority answered 400"),
    (on("revision", ...), "revision", "note", "none"),
    (counting_revision, "revision", "fail", "1, then 2"),
    (header("ETag", None), "etag", "note", "none"),
    (header("ETag", '"' + "x" * 300 + '"', 200), "etag", "note", "302 bytes"),
    (etag_of_the_request, "etag", "fail", '"2", after "1"'),
    (never_unchanged, "not_modified", "note", "200 (request id req_"),
    (refuses_with(304, 412), "not_modified", "fail", "412 (request id req_"),
    (header("ETag", '"other"', 304), "not_modified", "fail", 'with another ETag: "other"'),
    (always_unchanged, "other_etag", "fail", "304 (request id req_"),
    (header("Together-As-Of", None), "as_of", "note", "none on the 200"),
    (header("Together-As-Of", None, 304), "as_of", "note", "none on the 304"),
    (header("Together-As-Of", "today"), "as_of", "fail", "no number of seconds"),
    (header("Together-As-Of", "1000000000"), "as_of", "fail", "d ago on the 200, fresh_for is 30s"),
    (header("Together-As-Of", "4000000000"), "as_of", "note", "in the future"),
    (header("Cache-Control", None), "cache_control", "note", "none"),
    (header("Cache-Control", "public, max-age=60"), "cache_control", "note", "max-age=60"),
    (header("x-request-id", None, 401), "request_id", "note", "not on 2 answers"),
    (waits_for_nobody, "wait", "note", "no Preference-Applied"),
    (claims_to_have_waited, "wait", "fail", "Preference-Applied: wait=2"),
    (waits_too_long, "wait", "fail", "304 (request id req_"),
    (slow, "node", "note", "a login waits no longer than 1s"),
    (header("Together-As-Of", "1000000000"), "node", "fail", "a cache stands before the authority"),
    (open_to("other_project"), "other_project", "fail", "200 (request id req_"),
    (refuses_with(404, 500), "other_project", "fail", "500 (request id req_"),
    (open_to("wrong_token"), "wrong_token", "fail", "200 (request id req_"),
    (refuses_with(401, 403), "wrong_token", "fail", "403 (request id req_"),
    (refuses_with(401, 404), "no_token", "fail", "404 (request id req_"),
    (open_to("no_token"), "no_token", "fail", "200 (request id req_"),
    (plain_errors, "error_bodies", "note", "another body on: 404, 401, 401"),
]


@pytest.mark.parametrize(("fault", "name", "result", "got"), FAULTS,
                         ids=[f"{name}-{number}" for number, (_, name, _, _) in enumerate(FAULTS)])
def test_each_fault_is_named(fault: Fault, name: str, result: str, got: str) -> None:
    if fault is slow:
        write_config(roster__deadline="1s")
    def at_once(asked: Asked, answer: Answer) -> None:
        if name != "wait":  # saves time: that is a note of its own
            waits_for_nobody(asked, answer)
        fault(asked, answer)

    with Authority(at_once) as authority:
        run = check(authority, "--json")
    found = findings(run)
    assert (found[name]["result"], got in found[name]["got"]) == (result, True), bad(found) | found[name]
    results = {one["result"] for one in found.values()}
    assert run.returncode == (1 if "fail" in results else 0)


def test_entries_need_no_uid_and_no_external() -> None:
    """As companies' own APIs have neither."""
    def without(asked: Asked, answer: Answer) -> None:
        if answer.status == 200:
            for one in answer.document["data"]:
                del one["uid"], one["external"]

    with Authority(without) as authority:
        run = check(authority, "--json")
    assert (run.returncode, bad(findings(run))) == (0, {})


def test_more_entries_than_a_node_takes() -> None:
    many = json.dumps([entry(f"user{i}") for i in range(30_000)]).encode()

    def floods(asked: Asked, answer: Answer) -> None:
        if answer.status == 200 and asked.limit == 1000:
            answer.body = (b'{"object": "list", "project_id": "%b", "revision": 7, "next_cursor": "%d", "data": %b}'
                           % (asked.project.encode(), asked.after + 1, many))

    with Authority(floods) as authority:
        found = findings(check(authority, "--json"))
    assert found["pages"]["result"] == "fail", bad(found)
    assert "page 34: the roster is refused: it has more than 1000000 entries" in found["pages"]["got"]


def test_a_failure_in_words() -> None:
    with Authority(header("Content-Type", "text/html")) as authority:
        run = check(authority)
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    at = lines.index("FAIL  content_type   text/html")
    assert lines[at + 1] == "        expected: Content-Type: application/json"
    assert lines[at + 2].startswith("        matters:  a login page")
    assert "-     json           not tried" in lines
    assert lines[-1].startswith("The authority does not conform: 26 checks, 1 failed, ")


def test_verbose_says_why_of_everything() -> None:
    with Authority() as authority:
        text = check(authority, "--verbose").stdout
    assert text.count("        expected: ") == text.count("        matters:  ") == len(CHECKS)


# ---- what says nothing about the authority ---------------------------------------------------

@pytest.mark.parametrize(("status", "words"), [
    (401, "does not accept this node's token"), (403, "does not accept this node's token"),
    (404, "knows no such project"), (429, "answered 429"), (500, "answered 500"),
    (503, "answered 503")])
def test_an_outage_or_a_wrong_token_is_no_verdict(status: int, words: str) -> None:
    with Authority(refuses_with(200, status)) as authority:
        run = check(authority, "--json")
    found = findings(run)
    assert run.returncode == 2 and found["status"]["result"] == "unknown"
    assert words in found["status"]["got"]
    assert json.loads(run.stdout)["outcome"] == "cannot_tell"
    assert len(authority.asked) == 1


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    run = ctl("api-check", f"http://127.0.0.1:{port}/v1")
    assert run.returncode == 2 and "?     answer" in run.stdout
    assert "cannot be told" in run.stdout.splitlines()[-1]


# ---- TLS ---------------------------------------------------------------------------------------

def test_over_tls(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    pem = certificate(tmp_path)
    for folder in tmp_path.parents:
        if folder != Path("/tmp") and Path("/tmp") in folder.parents:
            folder.chmod(0o755)  # the unprivileged child reads the bundle
    with Authority(tls=pem) as authority:
        run = check(authority, "--ca-file", str(pem))
        assert run.returncode == 0 and "over TLS, in " in run.stdout, run.stdout
        run = check(authority)
        assert run.returncode == 1 and "FAIL  answer         SSL certificate" in run.stdout


def test_a_certificate_of_another_host(tmp_path: Path) -> None:
    pem = certificate(tmp_path, name="DNS:elsewhere.example.com")
    for folder in [tmp_path, *tmp_path.parents]:
        if Path("/tmp") in folder.parents:
            folder.chmod(0o755)
    with Authority(tls=pem) as authority:
        run = check(authority, "--ca-file", str(pem))
    assert run.returncode == 1 and "FAIL  answer         SSL: no alternative" in run.stdout


# ---- settings ----------------------------------------------------------------------------------

def complaint(*arguments: str) -> str:
    run = ctl("api-check", *arguments)
    assert (run.returncode, run.stdout) == (2, ""), run.stdout
    assert TOKEN_TEXT not in run.stderr
    return run.stderr


def test_what_is_missing_or_wrong() -> None:
    url = "http://127.0.0.1:1/v1"
    assert "there is no authority to ask at file:///" in complaint()
    assert "there is no authority to ask at file:///" in complaint("file:///x")
    assert "must begin with https://" in complaint("roles.example.com")
    assert "for a loopback address" in complaint("http://roles.example.com/v1")
    assert "does not belong here" in complaint(f"https://me:{TOKEN_TEXT}@roles.example.com/v1")
    assert "--project: not of the form proj_" in complaint(url, "--project", "../..")
    assert "cannot open /nowhere" in complaint(url, "--token-file", "/nowhere")
    TOKEN.chmod(0o644)
    assert f"{TOKEN} can be read by everybody" in complaint(url)
    CONFIG.unlink()
    assert "cannot execute " in complaint(url)  # the installed one
    assert "No such file" in complaint(url, "--config", str(CONFIG) + "x")
    CONFIG.write_text("[api]\nbase_url = nonsense\n")
    assert f"{CONFIG}:2: base_url" in complaint(url)


def test_a_wrong_setting_is_one_json_document() -> None:
    run = ctl("api-check", "ftp://x", "--json")
    assert run.returncode == 2 and "nothing could be tried" in json.loads(run.stdout)["error"]["message"]
    assert "must begin with https://" in run.stderr


def test_defaults_are_the_configurations() -> None:
    with Authority() as authority:
        write_config(api__base_url=authority.url)
        assert ctl("api-check").returncode == 0


def test_the_nodes_token_goes_to_the_nodes_authority_alone() -> None:
    with Authority() as authority, Authority() as other:
        write_config(api__base_url=authority.url)
        assert f"this node's token is for {authority.url}" in complaint(other.url)
        assert other.asked == []
        assert check(other, "--token-file", str(TOKEN)).returncode == 0


def test_it_leaves_no_trace() -> None:
    with Authority() as authority:
        assert check(authority).returncode == 0
    assert list(CACHE.iterdir()) == []


def test_a_plain_user_with_a_token_of_their_own(tmp_path: Path) -> None:
    own = Path("/run/own-token")
    own.write_text(TOKEN_TEXT)
    own.chmod(0o600)
    os.chown(own, PLAIN_USER, PLAIN_USER)
    with Authority() as authority:
        assert check(authority, "--token-file", str(own), user=PLAIN_USER).returncode == 0


def test_without_a_configuration() -> None:
    # Then the installed together-refresh is executed; here as together-refresh itself.
    CONFIG.unlink()
    with Authority() as authority:
        run = subprocess.run([TOGETHER_REFRESH, "--api-check", "--url", authority.url, "--project",
                              PROJECT], capture_output=True, text=True, cwd=ETC)
    assert run.returncode == 0, run.stdout
    assert [line.split("\t")[:2] for line in run.stdout.splitlines()] == [["pass", name] for name in CHECKS]


def test_an_authority_that_gives_the_token_back() -> None:
    def fault(asked: Asked, answer: Answer) -> None:
        for name in ("x-request-id", "ETag", "Content-Type", "Together-As-Of", "Cache-Control"):
            answer.headers[name] = asked.token
    with Authority(fault) as authority:
        assert check(authority, "--verbose").returncode == 1  # which looks for the token


def test_without_a_configuration_the_project_must_be_named() -> None:
    CONFIG.unlink()
    run = subprocess.run([TOGETHER_REFRESH, "--api-check", "--url", "http://127.0.0.1:1/v1"],
                         capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert "which project? Give --project" in run.stderr


def test_the_authoritys_words_cannot_write_on_the_terminal() -> None:
    def fault(asked: Asked, answer: Answer) -> None:
        answer.headers["x-request-id"] = "req\x1b[2J\x9b\tpass\tx"
    with Authority(fault) as authority:
        run = check(authority)
        assert not any(ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) < 0xa0 for c in run.stdout)
        assert len(findings(check(authority, "--json"))) == len(CHECKS)
