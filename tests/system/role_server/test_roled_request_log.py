# SPDX-License-Identifier: Apache-2.0
"""What --log-requests writes, and whose address it and the trail have behind a proxy."""

import base64
import json
import os

import pytest

from support.long_poll import Waiting
from support.roled import Roled
from support.waiting import wait_until


@pytest.fixture
def logging(tmp_path):
    with Roled(tmp_path, options=["--log-requests", "--trusted-proxy", "127.0.0.1,10.0.0.0/8"]) as started:
        yield started


def records(roled):
    return [json.loads(line) for line in roled.log_text().splitlines() if line.startswith("{")]


def record(roled, **fields):
    """The one that has these fields, once it is written."""
    def found():
        fitting = [one for one in records(roled) if fields.items() <= one.items()]
        assert len(fitting) < 2, fitting
        return fitting
    return wait_until(found, f"a record with {fields}")[0]


def test_each_request_has_its_line(logging):
    project = logging.create_project()
    stranger = logging.add_user("stranger")
    answer = logging.get(f"/v1/projects/{project}?x=1")
    logged = record(logging, id=answer.headers["x-request-id"])
    assert logged["status"] == 400 and logged["path"] == f"/v1/projects/{project}"
    assert logged["route"] == "GET /v1/projects/{proj}" and logged["client"] == "127.0.0.1"
    assert 0 < logged["seconds"] < 60 and logged["key"].startswith("key_")
    refused = logging.get(f"/v1/projects/{project}", token=stranger)
    assert record(logging, id=refused.headers["x-request-id"])["status"] == 403
    assert record(logging, id=logging.get("/healthz", token=None).headers["x-request-id"])["key"] is None
    for token in (logging.owner.token, stranger.token):
        assert token[16:] not in logging.log_text()


def test_a_gateways_own_request_id_is_logged_beside_ours(logging):
    token = logging.owner.token
    for sent, logged in (("bfe9eb29-ab87", "bfe9eb29-ab87"), (f"a {token}", f"a?{token[:16]}...")):
        answer = logging.post("/access/v1/evaluation", {}, headers={"X-Request-ID": sent})
        assert answer.headers["x-request-id"] == sent
        assert record(logging, client_request_id=logged)["id"].startswith("req_")
    assert token[16:] not in logging.log_text()
    other = logging.get("/v1/whoami", headers={"X-Request-ID": "x"})
    assert "client_request_id" not in record(logging, id=other.headers["x-request-id"])


@pytest.mark.parametrize("path", ["/v1/users/me/tokens/{}", "/v1/users/me/tokens/Bearer%20{}", "/v1/x.{}/y", "{}"])
def test_a_token_in_a_path_is_not_logged(logging, path):
    token = logging.owner.token
    with logging.socket() as client:
        client.sendall(f"GET {path.format(token)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 4")
    assert record(logging, path=path.format(token[:16] + "..."))
    assert token[16:] not in logging.log_text()


@pytest.mark.parametrize("sent", [lambda token: "%74" + token[1:], lambda token: "TGU_" + token[4:],
                                  lambda token: "".join(f"%{ord(one):02x}" for one in token)])
def test_nor_is_one_that_is_written_in_another_way(logging, sent):
    token = logging.owner.token
    answer = logging.get(f"/v1/users/me/tokens/{sent(token)}")
    assert answer.status == 404
    path = record(logging, id=answer.headers["x-request-id"])["path"]
    assert path.lower() == f"/v1/users/me/tokens/{token[:16]}...".lower()
    assert token[16:] not in logging.log_text() and sent(token)[-30:] not in logging.log_text()


@pytest.mark.parametrize("sent", [lambda token: base64.b64encode(token.encode()).decode(), lambda token: token[4:],
                                  lambda token: token.encode().hex(), lambda token: token[::-1]])
def test_nor_one_in_a_form_that_is_no_token(logging, sent):
    text = sent(logging.owner.token)
    answer = logging.get(f"/v1/users/me/tokens/{text}/more")
    path = record(logging, id=answer.headers["x-request-id"])["path"]
    assert path == f"/v1/users/me/tokens/{text[:16]}.../more"
    assert text[16:] not in logging.log_text()


def test_what_could_not_be_understood_has_one(logging):
    with logging.socket() as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    assert record(logging, status=400)["method"] == ""


def test_who_waited_has_one_when_told(logging):
    project = logging.create_project()
    key = logging.node_key(project)
    etag = logging.get(logging.collaborators(project), token=key).headers["etag"]
    waiting = Waiting(logging, project, key, etag, wait=30).held()
    logging.add_collaborator(project, logging.add_user("bob"))
    assert waiting.result().status == 200
    wait_until(lambda: [one["status"] for one in records(logging) if one["key"] == key_id(key)] == [200, 200],
               "both lines")


def key_id(token):
    return "key_" + token[4:16]


@pytest.mark.parametrize("forwarded, client", [
    ("198.51.100.7", "198.51.100.7"),
    ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
    ("<script>", "127.0.0.1"),
])
def test_a_trusted_proxy_says_whose_request_it_is(logging, forwarded, client):
    refused = logging.post(f"{logging.settings}/projects", {"name": "x"}, token=logging.add_user("bob"),
                           headers={"X-Forwarded-For": forwarded})
    assert refused.status == 403
    assert record(logging, id=refused.headers["x-request-id"])["client"] == client
    audit = f"{logging.settings}/audit?limit=100"
    kept = wait_until(lambda: [one for one in logging.get(audit).json["data"] if one["outcome"] == "refused"],
                      "the refusal in the trail")
    assert [one["address"] for one in kept] == [client]


def test_nobody_else_is_believed(tmp_path):
    with Roled(tmp_path, options=["--log-requests"]) as roled:
        answer = roled.get("/v1/whoami", headers={"X-Forwarded-For": "198.51.100.7"})
        assert record(roled, id=answer.headers["x-request-id"])["client"] == "127.0.0.1"


def test_a_standard_error_that_takes_no_more_holds_up_nobody(tmp_path):
    """As a journal that is stuck: lines are left out, and counted."""
    reading, writing = os.pipe()
    roled = Roled(tmp_path, options=["--log-requests"])
    try:
        roled.start(log=writing)
        client = roled.connect()
        for _ in range(1000):  # of 200 bytes, and a pipe holds 65,536
            assert roled.get("/healthz", token=None, connection=client).status == 200
        client.close()
    finally:
        os.close(reading)
        os.close(writing)
        roled.stop()


@pytest.mark.parametrize("setting, says", [
    ("trusted_proxy = proxy.example.com", "'proxy.example.com' is not of the form 192.0.2.1"),
    ("log_requests = maybe", "'maybe' is neither yes nor no"),
])
def test_bad_settings(tmp_path, setting, says):
    (tmp_path / "roled.conf").write_text(f"[roled]\n{setting}\n")
    roled = Roled(tmp_path)
    done = roled.run("serve", "--config", str(tmp_path / "roled.conf"))
    assert done.returncode != 0 and says in done.stderr
