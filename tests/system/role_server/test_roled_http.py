# SPDX-License-Identifier: Apache-2.0
"""What comes over the wire: limits, slow clients, requests that two parsers would read differently.

Raw sockets throughout: an HTTP library would not send most of this.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time

import pytest

from support.json_leniencies import LENIENCIES
from support.long_poll import Waiting
from support.roled import Roled, binary
from support.waiting import wait_until


def exchange(roled, data, timeout=15):
    """Everything that the server sends until it closes."""
    with roled.socket(timeout) as client:
        try:
            client.sendall(data if isinstance(data, bytes) else data.encode())
        except ConnectionError:
            pass  # refused before all of it was sent
        return receive(client)


def receive(client):
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received.decode(errors="replace")


def status(text):
    assert text.startswith("HTTP/1.1 ") or text.startswith("HTTP/1.0 "), repr(text)
    return int(text.split()[1])


def count(text):
    return text.count("HTTP/1.1 ")


BODY = '{"name":"smuggled"}'
INNER = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("headers", [
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5\r\nContent-Length: 5\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: -5\r\n",
    "Content-Length: 0x5\r\n",
    "Content-Length: 5 5\r\n",
    "Content-Length:\r\n",
    "Content-Length: 99999999999999999999999\r\n",
    "Content-Length : 5\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding:\x0bchunked\r\n",
    "Transfer-Encoding: \"chunked\"\r\n",
    "X: a\rContent-Length: 5\r\n",
    "X: a\r\rContent-Length: 5\r\n",
    "X: a\nContent-Length: 5\r\n",
    "X: a\0b\r\n",
    "\0: b\r\n",
    "X Y: b\r\n",
    ": b\r\n",
    "no colon\r\n",
    "Host: y\r\n",
    "X: a\r\n b\r\n",
    "X: a\r\n\tb\r\n",
    "X:\r\n \r\n",
    "Authorization: Bearer\r\n tgu_x\r\n",
    "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
])
def test_an_ambiguous_head_is_refused_and_the_connection_ends(roled, headers):
    text = exchange(roled, f"POST /v1/whoami HTTP/1.1\r\nHost: x\r\n{headers}\r\n" + INNER)
    assert status(text) == 400 and count(text) == 1, text
    assert "connection: close" in text.lower() and "x-request-id" in text.lower()
    assert json.loads(text.split("\r\n\r\n", 1)[1])["error"]["code"] == "malformed_request"


@pytest.mark.parametrize("line", [
    "GET /healthz HTTP/1.1\n", "GET /healthz HTTP/2.0\r\n", "GET /healthz\r\n", "GET  /healthz HTTP/1.1\r\n",
    "GET /healthz HTTP/1.1 \r\n", "GET /heal thz HTTP/1.1\r\n", "GET\t/healthz HTTP/1.1\r\n",
    "G@T /healthz HTTP/1.1\r\n", " GET /healthz HTTP/1.1\r\n", "GET /healthz\0 HTTP/1.1\r\n",
    "GET /healthz HTTP/1.1\r", "GET /health\rz HTTP/1.1\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n",
    "GET /é HTTP/1.1\r\n",
])
def test_a_malformed_first_line_is_refused(roled, line):
    text = exchange(roled, f"{line}Host: x\r\n\r\n".encode("latin-1"))
    assert status(text) == 400 and count(text) == 1, text


def test_a_request_without_host_is_refused(roled):
    assert status(exchange(roled, "GET /healthz HTTP/1.1\r\n\r\n")) == 400


@pytest.mark.parametrize("host", ["", " ", "a/b@c d", "a b", "a@b", "a/b", "x:y", "[::1", "::1", "x?y", "\"x\""])
def test_a_malformed_host_is_refused(roled, host):
    for version in ("1.0", "1.1"):
        text = exchange(roled, f"GET /healthz HTTP/{version}\r\nHost: {host}\r\n\r\n")
        assert status(text) == 400 and count(text) + text.count("HTTP/1.0 ") == 1, text


@pytest.mark.parametrize("host", ["roles.example.com", "roles.example.com:8480", "10.0.0.1", "[::1]:8480"])
def test_a_name_and_an_address_are_hosts(roled, host):
    assert status(exchange(roled, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")) == 200


@pytest.mark.parametrize("expect", ["200-ok", "", "100-continue, x", "100-continue\r\nExpect: 100-continue"])
def test_other_expectations_are_refused(roled, expect):
    text = exchange(roled, f"POST /v1/whoami HTTP/1.1\r\nHost: x\r\nExpect: {expect}\r\nContent-Length: 2\r\n\r\n{{}}" + INNER)
    assert status(text) == 417 and count(text) == 1, text


@pytest.mark.parametrize("path", ["/healthz", "/v1/whoami", "/v1/nothing"])
def test_head_is_get_without_the_body(roled, path):
    credentials = f"Host: x\r\nAuthorization: Bearer {roled.owner.token}\r\n"
    text = exchange(roled, f"HEAD {path} HTTP/1.1\r\n{credentials}\r\nGET {path} HTTP/1.1\r\n{credentials}"
                    "Connection: close\r\n\r\n")
    head, got, body = text.split("\r\n\r\n")
    assert status(head) == status(got) and count(text) == 2
    assert f"Content-Length: {len(body)}\r\n" in got + "\r\n" and f"Content-Length: {len(body)}\r\n" in head + "\r\n"


@pytest.mark.parametrize("in_trailer, code", [("Authorization", "missing_token"), ("Content-Type", "unsupported_media_type")])
def test_a_trailer_is_no_header(roled, in_trailer, code):
    values = {"Authorization": f"Bearer {roled.owner.token}", "Content-Type": "application/json"}
    trailer = f"{in_trailer}: {values.pop(in_trailer)}\r\n"
    head = "".join(f"{name}: {value}\r\n" for name, value in values.items())
    text = exchange(roled, "PATCH /v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    f"Transfer-Encoding: chunked\r\n{head}\r\n2\r\n{{}}\r\n0\r\n{trailer}\r\n")
    assert json.loads(text.split("\r\n\r\n", 1)[1])["error"]["code"] == code


def test_a_trailer_does_not_end_the_connection(roled):
    text = exchange(roled, "POST /v1/whoami HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                    "Connection: close\r\n\r\n" + INNER.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    assert count(text) == 2, text


def test_http_1_0_is_answered_and_closed(roled):
    assert status(exchange(roled, "GET /healthz HTTP/1.0\r\n\r\n")) == 200


def test_a_chunked_body_is_understood(roled):
    token = roled.owner.token
    body = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (BODY[:7], BODY[7:])) + "0\r\n\r\n"
    text = exchange(roled, f"POST /v1/organizations/{roled.organization}/projects HTTP/1.1\r\nHost: x\r\n"
                    f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    f"Transfer-Encoding: chunked\r\n\r\n{body}")
    assert status(text) == 201, text


@pytest.mark.parametrize("chunks", ["zz\r\n", "5\nhello\r\n0\r\n\r\n", "-1\r\n", "5\r\nhelloX\r\n0\r\n\r\n",
                                    "ffffffffffffffffff\r\n", "5 \rx\r\nhello\r\n"])
def test_malformed_chunks_are_refused(roled, chunks):
    text = exchange(roled, f"POST /v1/whoami HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}" + INNER)
    assert status(text) == 400 and count(text) == 1, text


def test_pipelined_requests_are_answered_in_order(roled):
    request = "GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n"
    text = exchange(roled, request.format("/healthz", "") + request.format("/nothing", "") +
                    request.format("/readyz", "Connection: close\r\n"))
    statuses = [int(part.split()[0]) for part in text.split("HTTP/1.1 ")[1:]]
    assert statuses == [200, 404, 200]


def test_a_large_head_is_431(roled):
    assert status(exchange(roled, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + "a" * 20000 + "\r\n\r\n")) == 431
    many = "".join(f"X-{i}: b\r\n" for i in range(5000))
    assert status(exchange(roled, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n")) == 431


def test_a_long_path_is_414(roled):
    assert status(exchange(roled, f"GET /{'a' * 3000} HTTP/1.1\r\nHost: x\r\n\r\n")) == 414


def test_a_large_body_is_413_however_it_is_announced(roled):
    head = "POST /v1/whoami HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert status(exchange(roled, head + "Content-Length: 70000\r\n\r\n" + "a" * 70000)) == 413
    assert status(exchange(roled, head + "Content-Length: 70000\r\n\r\n")) == 413, "before it is sent"
    chunk = "4000\r\n" + "a" * 0x4000 + "\r\n"
    assert status(exchange(roled, head + "Transfer-Encoding: chunked\r\n\r\n" + chunk * 10)) == 413


MANY = "/access/v1/evaluations"


def evaluations(roled, project, filling):
    return {"evaluations": [{"subject": {"type": "user", "id": roled.owner.id}, "action": {"name": "ssh.login"},
                             "resource": {"type": "project", "id": project}, "context": {"claims": "a" * filling}}] * 100}


def long_head(token, more="Content-Length: 900000\r\n", path=MANY):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"{more}\r\n")


def test_many_questions_may_have_a_megabyte(roled, project):
    answer = roled.post(MANY, evaluations(roled, project, 9000))
    assert answer.status == 200 and len(answer.json["evaluations"]) == 100
    assert roled.post(MANY, evaluations(roled, project, 9000), headers={"Expect": "100-continue"}).status == 200


@pytest.mark.parametrize("path, more", [
    (MANY, "Content-Length: 1048577\r\n"), ("/access/v1/evaluation", "Content-Length: 65537\r\n"),
    ("/v1/users/me/tokens", "Content-Length: 65537\r\n"), ("/none", "Content-Length: 65537\r\n")])
def test_no_other_body_may(roled, path, more):
    assert status(exchange(roled, long_head(roled.owner.token, more, path))) == 413


def test_nor_one_whose_length_is_not_told(roled):
    chunk = "4000\r\n" + "a" * 0x4000 + "\r\n"
    assert status(exchange(roled, long_head(roled.owner.token, "Transfer-Encoding: chunked\r\n") + chunk * 10)) == 413


@pytest.mark.parametrize("token", ["", "x", "tgu_000000000000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0bFZMY"])
def test_who_is_nobody_sends_no_long_body(roled, token):
    assert status(exchange(roled, long_head(token))) == 401, "before it is sent"


def test_a_person_has_eight_long_bodies_under_way(roled):
    head, other = (long_head(user.token, "Content-Length: 900000\r\nExpect: 100-continue\r\n")
                   for user in (roled.owner, roled.add_user("alice")))

    def begun(head):
        client = roled.socket()
        client.sendall(head.encode())
        return client if status(client.recv(1000).decode()) == 100 else client.close()

    held = [begun(head) for _ in range(8)]
    assert all(held)
    refused = exchange(roled, head)
    assert status(refused) == 429 and "Retry-After" in refused
    held.append(begun(other))
    assert held[-1], "another person's are not counted"
    held.pop(0).close()
    held.append(wait_until(lambda: begun(head), "a place that was given back"))
    for client in held:
        client.close()


def test_a_body_that_waits_for_100_is_asked_for(roled):
    with roled.socket() as client:
        client.sendall((f"POST /v1/organizations/{roled.organization}/projects HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Bearer {roled.owner.token}\r\nContent-Type: application/json\r\n"
                        f"Expect: 100-continue\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n\r\n").encode())
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY.encode())
        assert status(receive(client)) == 201


@pytest.mark.parametrize("start", ["", "GET /healthz HTTP/1.1\r\nHost: x\r\n"])
def test_one_byte_a_second_is_cut_off(roled, start):
    began = time.monotonic()
    with roled.socket(timeout=30) as client:
        client.sendall(start.encode())
        client.settimeout(1)
        while True:
            try:
                client.sendall(b"X")
                if client.recv(1000) == b"":
                    break
            except socket.timeout:
                pass
            except ConnectionError:
                break
            assert time.monotonic() - began < 20
    assert 5 < time.monotonic() - began < 15


def test_a_slow_body_is_cut_off(roled):
    began = time.monotonic()
    exchange(roled, "POST /v1/whoami HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", timeout=30)
    assert 5 < time.monotonic() - began < 15


def test_slow_clients_keep_nobody_else_waiting(roled):
    slow = [roled.socket() for _ in range(300)]
    for client in slow:
        client.sendall(b"GET /")
    began = time.monotonic()
    assert roled.get("/v1/whoami").status == 200
    assert time.monotonic() - began < 1
    for client in slow:
        client.close()


@pytest.mark.parametrize("content_type, body, code", [
    ("text/plain", "{}", "unsupported_media_type"), (None, "{}", "unsupported_media_type"),
    ("application/json", "", "invalid_json"), ("application/json", "[]", "invalid_json"),
    ("application/json", "{", "invalid_json"), ("application/json", "{} {}", "invalid_json"),
    ("application/json", '{"name":"a","name":"b"}', "invalid_json"),
    ("application/json", '{"name":"a"} // x', "invalid_json"), ("application/json", "{'name':'a'}", "invalid_json"),
    ("application/json", '{"name":"a",}', "invalid_json"), ("application/json", '{"name":NaN}', "invalid_json"),
    ("application/json", b'{"name":"\xff"}', "invalid_json"), ("application/json", b'{"name":"\xed\xa0\x80"}', "invalid_json"),
    ("application/json", '{"name":' + "[" * 30000 + "]" * 30000 + "}", "invalid_json"),
    ("application/json; charset=utf-8", '{"nam":"a"}', "unknown_field"),
    ("Application/JSON", '{"name":["a"]}', "invalid_type"),
])
def test_bodies_are_read_strictly(roled, content_type, body, code):
    headers = {"Content-Type": content_type} if content_type else {"Content-Type": ""}
    answer = roled.request("POST", f"/v1/organizations/{roled.organization}/projects", body, headers=headers)
    assert answer.code == code
    assert roled.get("/healthz").status == 200


@pytest.mark.parametrize("path", [
    "/", "/v1", "/v1/", "/v1/whoami/", "//v1/whoami", "/v1//whoami", "/v1/../v1/whoami", "/v1/%77hoami",
    "/V1/whoami", "/v1/whoami/x", "/v1/projects", "http://x/v1/whoami", "/v1/whoami;x", "*",
])
def test_paths_are_taken_literally(roled, path):
    assert status(exchange(roled, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 404


def test_other_methods_are_405_and_named(roled):
    answer = roled.request("DELETE", "/v1/whoami")
    assert answer.status == 405 and answer.headers["allow"] == "GET"
    answer = roled.request("PUT", f"/v1/organizations/{roled.organization}/projects", {})
    assert answer.headers["allow"] == "GET, POST"


def test_a_clients_own_request_id_is_not_taken_over(roled):
    """But by AuthZEN, which has it so: test_roled_authorize.py."""
    for path in ("/healthz", "/v1/whoami", "/v1/access/v1/evaluation"):
        answer = roled.get(path, headers={"X-Request-Id": "evil\tid"})
        assert answer.headers["x-request-id"].startswith("req_")


def test_no_answer_and_no_log_shows_a_token(roled):
    for token in (roled.owner.token, roled.owner.token + "x"):
        for path in ("/v1/whoami", "/v1/nothing", f"/v1/projects/{token}"):
            if token not in path:
                assert token not in roled.get(path, token=token).text
    roled.stop()
    assert roled.owner.token not in roled.log_text()
    roled.start()


def test_https(tmp_path, certificate):
    with Roled(tmp_path, tls=certificate) as roled:
        assert roled.address.startswith("https://127.0.0.1:")
        project = roled.create_project()
        key = roled.node_key(project)
        etag = roled.roster(project, key).headers["etag"]
        connection = roled.connect()
        assert roled.roster(project, key, etag=etag, wait=1, connection=connection).status == 304
        assert roled.roster(project, key, connection=connection).status == 200
        connection.close()


@pytest.mark.parametrize("version, works", [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_tls_1_2_or_newer(tmp_path, certificate, version, works):
    with Roled(tmp_path, tls=certificate) as roled:
        done = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                               f"127.0.0.1:{roled.port}"], input=b"", capture_output=True, timeout=20)
        assert (done.returncode == 0) == works


def takes_group(port, group):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-groups", group],
                          input="", text=True, capture_output=True, timeout=30).returncode == 0


# Whoever chooses ffdhe8192 has the server compute for 60 ms, and computes nothing.
@pytest.mark.parametrize("group, works", [("ffdhe8192", False), ("ffdhe2048", False), ("P-256", True), ("P-521", True)])
def test_no_group_of_tls_that_is_dear(tmp_path, certificate, group, works):
    with Roled(tmp_path, tls=certificate) as roled:
        assert takes_group(roled.port, group) is works


def test_what_is_secret_today_stays_so_when_there_are_quantum_computers(tmp_path, certificate):
    known = subprocess.run(["openssl", "list", "-tls-groups"], text=True, capture_output=True, timeout=30).stdout
    if "X25519MLKEM768" not in known:
        pytest.skip("this OpenSSL has no ML-KEM: it comes with 3.5")
    with Roled(tmp_path, tls=certificate) as roled:
        assert takes_group(roled.port, "X25519MLKEM768")


def test_plain_http_and_silence_on_the_tls_port(tmp_path, certificate):
    with Roled(tmp_path, tls=certificate) as roled:
        assert "HTTP/1.1 200" not in exchange(roled, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        began = time.monotonic()
        exchange(roled, b"", timeout=30)
        assert 5 < time.monotonic() - began < 15
        assert roled.get("/healthz").status == 200


def served_certificate(roled):
    return ssl.get_server_certificate(("127.0.0.1", roled.port))


def renew(files, days):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", days, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)


def test_sighup_reads_the_certificates_again(tmp_path):
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    renew(files, "2")
    with Roled(tmp_path, tls=files) as roled:
        project = roled.create_project()
        key = roled.node_key(project)
        etag = roled.roster(project, key).headers["etag"]
        first, before = files[0].read_text(), roled.connect()
        waiting = Waiting(roled, project, key, etag, 3)
        assert roled.get("/healthz", connection=before).status == 200 and served_certificate(roled) == first
        renew(files, "3")
        assert served_certificate(roled) == first
        roled.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "have been read again" in roled.log_text(), "the new certificate")
        assert served_certificate(roled) == files[0].read_text() != first
        assert roled.get("/healthz", connection=before).status == 200
        assert waiting.result().status == 304, "who was connected stays so"


@pytest.mark.parametrize("broken", ["cert.pem", "key.pem"])
def test_bad_certificates_change_nothing(tmp_path, broken):
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    renew(files, "2")
    with Roled(tmp_path, tls=files) as roled:
        first = files[0].read_text()
        (tmp_path / broken).write_text("no certificate\n")
        roled.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "stay as they were" in roled.log_text(), "the log")
        assert broken in roled.log_text() and served_certificate(roled) == first


def test_sighup_means_nothing_to_plain_http(roled):
    roled.process.send_signal(signal.SIGHUP)
    roled.settle()
    assert roled.get("/healthz").status == 200


def test_handshakes_that_never_end_keep_nobody_waiting(tmp_path, certificate):
    with Roled(tmp_path, tls=certificate) as roled, contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(roled.socket()).sendall(b"\x16\x03\x01\x02\x00\x01")
        began = time.monotonic()
        assert roled.get("/healthz").status == 200 and time.monotonic() - began < 5
        roled.stop()
        assert time.monotonic() - began < 10, "nor does one of them keep it from stopping"


def handshakes_threads(roled):
    """By name: the niceness of those that do handshakes, and for how long they have used a processor, in ms."""
    found = {}
    for task in pathlib.Path(f"/proc/{roled.process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith("handshakes"):
            niceness = int((task / "stat").read_text().rsplit(")", 1)[1].split()[16])
            used = found[name][1] if name in found else 0
            found[name] = niceness, used + int((task / "schedstat").read_text().split()[0]) / 1e6
    return found


def client_hello():
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(to_client, to_server, server_hostname="127.0.0.1").do_handshake()
    return to_server.read()


def used_by_handshakes(roled, does):
    """What the threads of the crowd and of the few have used of a processor for it, in ms."""
    roled.settle()
    before = handshakes_threads(roled)
    does()
    roled.settle()
    after = handshakes_threads(roled)
    return [after[name][1] - before[name][1] for name in ("handshakes", "handshakes-few")]


def test_a_probes_handshake_is_done_at_the_servers_own_priority_and_a_crowds_are_not(tmp_path, certificate):
    with Roled(tmp_path, tls=certificate) as roled:
        roled.settle()
        at_first = handshakes_threads(roled)
        own = os.getpriority(os.PRIO_PROCESS, roled.process.pid)
        assert at_first["handshakes-few"][0] == own and at_first["handshakes"][0] == min(own + 5, 19)
        assert roled.get("/healthz").status == 200
        roled.settle()
        after_a_probe = handshakes_threads(roled)
        assert after_a_probe["handshakes-few"] > at_first["handshakes-few"]
        assert after_a_probe["handshakes"] == at_first["handshakes"]


def test_a_crowds_handshakes_leave_the_threads_of_the_few_whenever_they_begin(tmp_path, certificate):
    hello = client_hello()

    def comes_a_crowd():
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        with Roled(folder, tls=certificate) as roled, contextlib.ExitStack() as crowd:
            sockets = [crowd.enter_context(roled.socket()) for _ in range(200)]
            roled.settle()

            def all_send():
                for one in sockets:
                    one.sendall(hello)
            of_crowd, of_few = used_by_handshakes(roled, all_send)
            return of_crowd > of_few
    wait_until(comes_a_crowd, "two hundred to come within a moment, as they do where the machine is not too busy")


@pytest.mark.parametrize("silent_first", [False, True])
def test_a_handshake_of_a_client_that_has_gone_is_not_computed(tmp_path, certificate, silent_first):
    hello = client_hello()
    with Roled(tmp_path, tls=certificate) as roled:
        def come(stay):
            with contextlib.ExitStack() as crowd:
                sockets = []
                if silent_first:
                    sockets = [crowd.enter_context(roled.socket()) for _ in range(100)]
                    roled.settle()
                roled.process.send_signal(signal.SIGSTOP)
                sockets = sockets or [crowd.enter_context(roled.socket()) for _ in range(100)]
                for one in sockets:
                    one.sendall(hello)
                if not stay:
                    crowd.close()
                roled.process.send_signal(signal.SIGCONT)
                roled.settle()
        stayed, gone = (sum(used_by_handshakes(roled, lambda stay=stay: come(stay))) for stay in (True, False))
        assert gone < stayed / 2, (gone, stayed)


def test_who_closes_its_side_behind_a_request_is_answered(tmp_path, certificate):
    with Roled(tmp_path, tls=certificate) as roled, roled.socket() as connection:
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl._create_unverified_context().wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                break
            connection.sendall(to_server.read())
            to_client.write(connection.recv(65536))
        client.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        roled.settle()
        roled.process.send_signal(signal.SIGSTOP)
        connection.sendall(to_server.read())  # the handshake's end, too
        connection.shutdown(socket.SHUT_WR)
        roled.process.send_signal(signal.SIGCONT)
        while received := connection.recv(65536):
            to_client.write(received)
        assert client.read(65536).startswith(b"HTTP/1.1 200 ")


def test_wrong_certificates_are_said_at_the_start(tmp_path, certificate):
    for tls in ((certificate[0], tmp_path / "none.pem"), (tmp_path / "none.pem", certificate[1])):
        roled = Roled(tmp_path / f"r{os.urandom(4).hex()}", init=False)
        roled.directory.mkdir()
        roled.run("init", "--organization", "Acme", "--owner", "a@example.com")
        roled.tls = tls
        with pytest.raises(RuntimeError, match="none.pem"):
            roled.start()


# ---- many connections ---------------------------------------------------------------------------


def ask(client, token=None):
    """Nothing where it was closed."""
    credentials = f"Authorization: Bearer {token}\r\n" if token else ""
    try:
        client.sendall(f"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n{credentials}\r\n".encode())
        head = client.recv(65536).decode()
    except ConnectionError:
        return None
    return status(head) if head else None


def from_address(roled, address):
    return socket.create_connection(("127.0.0.1", roled.port), timeout=15,
                                    source_address=(address, 0))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """With room for 192 connections, 96 of them for one address."""
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nexec prlimit --nofile=256:256 {binary()} "$@"\n')
    limited.chmod(0o755)
    monkeypatch.setenv("TOGETHER_ROLED", str(limited))
    with Roled(tmp_path) as roled, contextlib.ExitStack() as stack:
        roled.stack = stack
        yield roled


def test_who_says_nothing_is_cut_off(roled):
    began = time.monotonic()
    with roled.socket(timeout=30) as client:
        assert client.recv(1) == b""
    assert 5 < time.monotonic() - began < 15


@pytest.mark.parametrize("first", [b"", b"GET /"], ids=["silence", "half a head"])
def test_strangers_keep_nobody_out(small, first):
    """However many they open: the oldest of theirs goes."""
    key = small.node_key(small.create_project("cluster"))
    node = small.stack.enter_context(from_address(small, "127.0.0.3"))
    beside = small.stack.enter_context(small.socket())
    assert ask(node, key) == ask(beside, key) == 200
    for _ in range(400):
        stranger = small.stack.enter_context(small.socket())
        with contextlib.suppress(ConnectionError):
            stranger.sendall(first)
    for _ in range(5):
        assert small.get("/v1/whoami").status == 200
    assert ask(node, key) == ask(beside, key) == 200


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.2", "127.0.0.3"]])
def test_who_has_but_a_token_of_his_own_keeps_no_node_out(small, addresses):
    """Be he a member or not, from one address or two: the oldest of his goes."""
    key = small.node_key(small.create_project("cluster"))
    mallory = small.add_user("mallory")
    for address in addresses:
        for _ in range(100):
            assert ask(small.stack.enter_context(from_address(small, address)), mallory.token) == 200
    for address in ("127.0.0.1", *addresses):
        node = small.stack.enter_context(from_address(small, address))
        assert ask(node, key) == 200
    assert small.get("/v1/whoami").status == 200


def test_an_address_has_few_connections_without_a_key(tmp_path):
    """256, if nothing else is said; nodes keep theirs, and other addresses their own."""
    with Roled(tmp_path) as roled, contextlib.ExitStack() as stack:
        key = roled.node_key(roled.create_project("cluster"))
        node, elsewhere = (stack.enter_context(from_address(roled, f"127.0.0.{last}")) for last in (2, 3))
        assert ask(node, key) == 200 and ask(elsewhere) == 401
        silent = [stack.enter_context(from_address(roled, "127.0.0.2")) for _ in range(257)]
        assert silent[0].recv(1) == b"", "the oldest goes, before its time is up"
        assert ask(node, key) == 200 and ask(elsewhere) == 401
        assert ask(silent[1]) == ask(silent[-1]) == 401


def test_a_node_that_waits_keeps_its_place(tmp_path):
    """Also where that was the first that it asked, as after a restart of the server."""
    with Roled(tmp_path) as roled, contextlib.ExitStack() as stack:
        project = roled.create_project("cluster")
        key = roled.node_key(project)
        etag = roled.roster(project, key).headers["etag"]
        waiting = Waiting(roled, project, key, etag, 3).held()
        for _ in range(300):
            stack.enter_context(roled.socket())
        assert waiting.result().status == 304 and waiting.took >= 3


def test_a_proxy_may_have_more(tmp_path):
    with Roled(tmp_path, options=["--max-unknown-per-address", "300"]) as roled, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(roled.socket()) for _ in range(300)]
        assert {ask(one) for one in clients} == {401}


def test_a_revoked_key_keeps_no_place(tmp_path):
    with Roled(tmp_path, options=["--max-per-address", "20"]) as roled, contextlib.ExitStack() as stack:
        project = roled.create_project("cluster")
        path = f"/v1/projects/{project}/node_keys"
        made = roled.post(path, {"name": "lost"}).json
        key = roled.node_key(project, "kept")
        lost = [stack.enter_context(from_address(roled, "127.0.0.2")) for _ in range(20)]
        assert {ask(one, made["token"]) for one in lost} == {200}
        assert roled.delete(f"{path}/{made['id']}").status == 204
        assert {ask(one, made["token"]) for one in lost} == {401}
        assert ask(stack.enter_context(from_address(roled, "127.0.0.2")), key) == 200


def test_a_wrong_token_is_no_token(small):
    key = small.node_key(small.create_project("cluster"))
    node = small.stack.enter_context(small.socket())
    assert ask(node, key) == 200
    for _ in range(200):
        assert ask(small.stack.enter_context(small.socket()), "tgu_wrong") == 401
    assert small.get("/v1/whoami").status == 200
    assert ask(node, key) == 200


def test_strangers_of_many_addresses_keep_nobody_out(small):
    for last in range(2, 10):
        for _ in range(50):
            small.stack.enter_context(from_address(small, f"127.0.0.{last}"))
    assert small.get("/v1/whoami").status == 200


def test_one_address_with_a_node_key_has_its_share(tmp_path):
    with Roled(tmp_path, options=["--max-per-address", "20"]) as roled, contextlib.ExitStack() as stack:
        key = roled.node_key(roled.create_project("cluster"))
        mine = [stack.enter_context(from_address(roled, "127.0.0.2")) for _ in range(20)]
        assert {ask(one, key) for one in mine} == {200}
        with from_address(roled, "127.0.0.2") as one_more:
            assert ask(one_more, key) is None
        assert roled.get("/v1/whoami").status == 200
        mine.pop().close()
        roled.settle()
        with from_address(roled, "127.0.0.2") as one_more:
            assert ask(one_more, key) == 200


@pytest.mark.parametrize("name", LENIENCIES)
def test_json_that_other_parsers_take_is_refused(roled, name):
    path = f"/v1/organizations/{roled.organization}/projects"
    answer = roled.post(path, LENIENCIES[name](b'{"name":"other"}'))
    assert (answer.status, answer.code) == (400, "invalid_json"), answer.json
    assert [one["name"] for one in roled.get(path).json["data"]] == ["Default Project"]
