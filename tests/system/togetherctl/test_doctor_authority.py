# SPDX-License-Identifier: Apache-2.0
"""doctor: the role authority, TLS, token, clock."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from support import doctor_node
from support.authority import Answer, Asked, Authority, Fault, certificate
from support.ctl_node import CHECKOUT, PROJECT, TOGETHER_REFRESH, TOKEN, TOKEN_TEXT, ctl, refresh, write_config
from support.doctor_node import Found, bad, only


@pytest.fixture(autouse=True)
def node(etc_pam: Path, roster: None) -> None:
    assert ctl("enable", "ssh").returncode == 0
    TOKEN.write_text(TOKEN_TEXT + "\n")
    TOKEN.chmod(0o600)


def doctor(user: int = 0) -> Found:
    """Without what is said of each authority of these tests: that users can take its port."""
    found = doctor_node.doctor(user=user)
    assert found.pop("loopback", {"result": "warning"})["result"] == "warning"
    return found


def examine(authority: Authority, **settings: str) -> Found:
    """With a roster that came while all was well."""
    fault, authority.fault = authority.fault, lambda asked, answer: None
    write_config(api__base_url=authority.url, **settings)
    refresh()
    authority.fault = fault
    return doctor()


def test_an_authority_that_knows_no_whoami() -> None:
    with Authority() as authority:
        found = examine(authority)
    assert bad(found) == {}
    assert found["authority"]["what"].startswith("it answers, after ")
    assert found["tls"]["what"] == "plain http, on a loopback address"
    assert found["token"]["what"] == "it is accepted"
    assert found["project"]["what"] == f"the roster of {PROJECT} can be read"
    assert found["clock"]["what"] == "it agrees with the authority's"
    assert found["revision"]["result"] == "ok"
    # Nothing is asked that a node would not ask, whoami aside.
    assert {asked.token for asked in authority.asked} == {TOKEN_TEXT}


def whoami(**said: str | None) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if asked.project == "whoami":
            answer.status, answer.document = 200, {"object": "whoami"} | said
    return fault


def with_status(status: int) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        if asked.project == PROJECT:
            answer.status = status
    return fault


def with_header(name: str, value: str) -> Fault:
    def fault(asked: Asked, answer: Answer) -> None:
        answer.headers[name] = value
    return fault


def another_project(asked: Asked, answer: Answer) -> None:
    if answer.status == 200 and "project_id" in answer.document:
        answer.document["project_id"] = "proj_other"


def slow(asked: Asked, answer: Answer) -> None:
    answer.hold = 0.7


def older(asked: Asked, answer: Answer) -> None:
    if answer.status == 200 and "revision" in answer.document:
        answer.document["revision"] = 3


def date(seconds: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds))


FAULTS: list[tuple[Fault, str, str, str]] = [
    (with_status(503), "authority", "failure", "the authority answered 503"),
    (with_status(401), "token", "failure", "does not accept this node's token"),
    (with_status(403), "token", "failure", "does not accept this node's token"),
    (whoami(type="node_key", project_id="proj_other"), "token", "failure",
     f"it is of proj_other, and this cluster belongs to {PROJECT}"),
    (whoami(type="user", project_id=None), "token", "warning", "it is a person's"),
    (whoami(type="api_key", project_id=PROJECT), "token", "warning", "an API key, no node key"),
    (with_status(404), "project", "failure", "knows no such project"),
    (with_status(302), "project", "failure", "redirects are refused"),
    (with_header("Content-Type", "text/html"), "project", "failure", "no JSON"),
    (another_project, "project", "failure", "project_id"),
    (with_header("Together-As-Of", str(int(time.time()) - 3600)), "clock", "failure",
     "m old by its Together-As-Of"),
    (with_header("Date", date(-3600)), "clock", "warning", "ahead of the authority's"),
    (with_header("Date", date(3600)), "clock", "warning", "behind the authority's"),
    (older, "revision", "failure", "the authority has revision 3, this node 7"),
]


@pytest.mark.parametrize(("fault", "check", "result", "what"), FAULTS,
                         ids=[f"{check}-{number}" for number, (_, check, _, _) in enumerate(FAULTS)])
def test_each_fault_is_named(fault: Fault, check: str, result: str, what: str) -> None:
    with Authority(fault) as authority:
        only(examine(authority), check, result, what)


def test_a_slow_authority() -> None:
    with Authority(slow) as authority:
        only(examine(authority, roster__deadline="500ms"), "authority", "warning",
             "a login waits no longer than 500ms")


def test_nobody_answers() -> None:
    with Authority() as authority:
        examine(authority)
    only(doctor(), "authority", "failure", "onnect")


def test_a_node_key_and_keys_of_others(tmp_path: Path) -> None:
    if not Path(os.environ.get("TOGETHER_ROLED", TOGETHER_REFRESH.parents[1] / "role_server"
                               / "together-roled")).exists():
        pytest.skip("together-roled is not built")
    from support.roled import Roled
    with Roled(tmp_path) as roled:
        project, other = roled.create_project("one"), roled.create_project("two")
        TOKEN.write_text(roled.node_key(project))
        write_config(api__base_url=roled.base_url, api__project=project)
        refresh()
        found = doctor()
        assert bad(found) == {}
        assert found["token"]["what"] == f"it is accepted, a node key of {project}"
        TOKEN.write_text(roled.node_key(other))
        found = doctor()
        assert f"it is of {other}, and this cluster belongs to {project}" in found["token"]["what"] \
            or found["token"]["result"] == "failure"
        assert bad(found) | {"project": "failure"} == {"token": "failure", "project": "failure"}
        TOKEN.write_text(roled.owner.token)
        only(doctor(), "token", "warning", "it is a person's")
        TOKEN.write_text("tgn_never_given_out")
        only(doctor(), "token", "failure", "does not accept this node's token")


# ---- TLS ----------------------------------------------------------------------------------------


def readable(folder: Path) -> None:
    """The unprivileged child reads the bundle."""
    for above in [folder, *folder.parents]:
        if Path("/tmp") in above.parents:
            above.chmod(0o755)


def test_a_certificate_that_is_trusted_and_one_that_is_not(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    readable(tmp_path)
    with Authority(tls=pem) as authority:
        found = examine(authority, api__ca_file=str(pem))
        assert bad(found) == {} and "TLS 1.2 or newer" in found["tls"]["what"]
        write_config(api__base_url=authority.url)
        found = doctor()
        assert bad(found) | {"roster": ""} == {"tls": "failure", "roster": ""}
        assert "certificate" in found["tls"]["what"]


def test_a_certificate_of_another_host(tmp_path: Path) -> None:
    pem = certificate(tmp_path, name="DNS:elsewhere.example.com")
    readable(tmp_path)
    with Authority(tls=pem) as authority:
        write_config(api__base_url=authority.url, api__ca_file=str(pem))
        assert doctor()["tls"]["result"] == "failure"


# ---- the token's file ---------------------------------------------------------------------------


def test_the_tokens_file() -> None:
    with Authority() as authority:
        assert examine(authority)["token_file"]["result"] == "ok"
        TOKEN.chmod(0o644)
        finding = only(doctor(), "token_file", "failure", "can be read by everybody")
        subprocess.run(finding["fix"], shell=True, check=True)
        assert bad(doctor()) == {}
        TOKEN.unlink()
        only(doctor(), "token_file", "failure", "No such file")


def test_a_token_that_this_user_may_not_read() -> None:
    with Authority() as authority:
        examine(authority)
        found = doctor(user=65534)
    assert bad(found) == {"token_file": "warning", "sshd": "warning"}
    assert found["authority"]["what"] == "not asked: see token_file and refresh_program"


def test_an_authority_that_hangs_does_not_hang_doctor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        write_config(api__base_url=f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        began = time.monotonic()
        found = doctor()
    assert found["authority"]["what"] == "no answer within the deadline"
    assert time.monotonic() - began < 30


def test_a_loopback_port_that_anybody_can_take() -> None:
    with Authority() as authority:
        write_config(api__base_url=authority.url)
        finding = doctor_node.doctor()["loopback"]
    assert finding["result"] == "warning"
    assert f"port {authority.url.split(':')[2].split('/')[0]} of this host" in finding["what"]


@pytest.mark.parametrize("authority", ["http://127.0.0.1/v1", "http://[::1]:1023/v1"])
def test_a_port_that_root_alone_can_take(authority: str) -> None:
    write_config(api__base_url=authority)
    assert doctor_node.doctor()["loopback"]["result"] == "ok"


def test_the_refresher_without_a_user_of_its_own() -> None:
    passwd = Path("/etc/passwd")
    kept = passwd.read_text()
    passwd.write_text("".join(line for line in kept.splitlines(keepends=True)
                              if not line.startswith("together:")))
    try:
        only(doctor_node.doctor(), "refresh_account", "warning", "no user together in /etc/passwd")
    finally:
        passwd.write_text(kept)
