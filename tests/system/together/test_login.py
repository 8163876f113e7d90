# SPDX-License-Identifier: Apache-2.0
"""Whose token it is, where it is kept, and where it is never seen."""

import fcntl
import json
import os
import pty
import stat
import subprocess
from pathlib import Path

import pytest

from support.people import TOGETHER, Person
from support.roled import Roled
from support.waiting import wait_until


@pytest.fixture
def newcomer(folder: Path, roled: Roled) -> Person:
    return Person(folder / "newcomer", roled.address, roled.owner.token)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_url_and_token_are_kept_for_oneself(newcomer: Person, roled: Roled) -> None:
    assert newcomer.does("login", roled.address, stdin=newcomer.token + "\n") == \
        "You are logged in as ann (ann@example.com)\n"
    assert json.loads(newcomer.credentials.read_text()) == {"url": roled.base_url, "token": newcomer.token}
    assert (mode_of(newcomer.credentials), mode_of(newcomer.credentials.parent)) == (0o600, 0o700)


def test_xdg_config_home_and_config_say_where(newcomer: Person, folder: Path) -> None:
    newcomer.environment = newcomer.environment | {"XDG_CONFIG_HOME": str(folder / "xdg")}
    newcomer.login()
    assert (folder / "xdg" / "together" / "credentials.json").exists()
    newcomer.login("--config", str(folder / "other" / "file"))
    assert mode_of(folder / "other" / "file") == 0o600
    assert not newcomer.credentials.exists()


def test_a_token_from_a_file_and_one_that_is_typed(newcomer: Person, folder: Path, roled: Roled) -> None:
    file = folder / "token"
    file.write_text(newcomer.token + "\nsomething else\n")
    newcomer.does("login", roled.base_url, "--token-file", str(file))
    newcomer.credentials.unlink()
    ours, theirs = pty.openpty()
    process = subprocess.Popen([TOGETHER, "login", roled.address], env=newcomer.environment, stdin=theirs,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr and process.stderr.read(7) == "Token: "
    os.write(ours, newcomer.token.encode() + b"\n")
    out, _ = process.communicate(timeout=30)
    os.write(theirs, b"all")
    assert os.read(ours, 4096) == b"all"  # no echo before it
    os.close(ours)
    os.close(theirs)
    assert "logged in as ann" in out


def test_a_token_is_nowhere_to_be_seen(newcomer: Person, folder: Path, roled: Roled) -> None:
    newcomer.login()
    roled.process.send_signal(19)  # a request that lasts: SIGSTOP
    process = subprocess.Popen([TOGETHER, "whoami"], env=newcomer.environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: "socket:" in str([os.readlink(one) for one in Path(f"/proc/{process.pid}/fd").iterdir()]),
               "its connection")
    assert Path(f"/proc/{process.pid}/limits").read_text().split("Max core file size")[1].split()[:2] == ["0", "0"]
    seen = [Path(f"/proc/{process.pid}/{what}").read_text() for what in ("cmdline", "environ")]
    roled.process.send_signal(18)
    seen += process.communicate(timeout=60)
    assert process.returncode == 0
    assert not any(newcomer.token in text for text in seen)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o602, 0o610])
def test_credentials_that_others_reach_are_refused(newcomer: Person, mode: int) -> None:
    newcomer.login()
    newcomer.credentials.chmod(mode)
    assert f"{newcomer.credentials} " in newcomer.fails(2, "whoami")


@pytest.mark.parametrize(("text", "told"), [
    ("", "log in again"), ("[]", "log in again"), ("{", "log in again"), ('{"url": "http://127.0.0.1:1"}', "no token"),
    ('{"url": 1, "token": "x"}', "is no text"), ('{"url": "ftp://x", "token": "x"}', "is no URL"),
    ('{"url": "http://127.0.0.1:1", "token": "a b"}', "no token"),
    ('{"url": "https://127.0.0.1:1", "token": "x", "ca_file": "ca.pem"}', "no absolute path"),
])
def test_credentials_that_are_none(newcomer: Person, text: str, told: str) -> None:
    newcomer.login()
    newcomer.credentials.write_text(text)
    assert told in newcomer.fails(2, "whoami")


def test_who_is_not_logged_in_is_told_how(newcomer: Person) -> None:
    assert newcomer.fails(2, "whoami") == \
        f"you are not logged in: there is no {newcomer.credentials} (together login URL)"
    newcomer.environment = {key: value for key, value in newcomer.environment.items() if key != "HOME"}
    assert "--config" in newcomer.fails(2, "whoami")


def test_a_wrong_login_keeps_the_good_one(newcomer: Person, roled: Roled) -> None:
    newcomer.login()
    before = newcomer.credentials.read_text()
    assert "does not accept your token" in newcomer.fails(6, "login", roled.address, stdin="tgu_nonsense\n")
    assert "no token" in newcomer.fails(2, "login", roled.address, stdin="\n")
    assert "cannot reach" in newcomer.fails(7, "login", "http://127.0.0.1:9", stdin="tgu_x\n")
    for url in ("http://roles.example.com", "file:///etc/together/roster.json", "roles", "https://a@b"):
        newcomer.fails(2, "login", url, stdin=newcomer.token)
    assert newcomer.credentials.read_text() == before


def test_logout_forgets(newcomer: Person) -> None:
    newcomer.login()
    assert "logged out" in newcomer.does("logout")
    assert not newcomer.credentials.exists()
    assert newcomer.does("logout") == "You were not logged in.\n"


def has_open(process: subprocess.Popen[str], path: Path) -> bool:
    return any(os.readlink(one) == str(path) for one in Path(f"/proc/{process.pid}/fd").iterdir())


def test_what_is_changed_meanwhile_is_waited_for(ann: Person, cluster: str) -> None:
    """Here another together has the lock, and logs in with another token."""
    lock = ann.credentials.with_name(".credentials.json.lock")
    before = ann.credentials.read_text()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen([TOGETHER, "projects", "use", cluster], env=ann.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        wait_until(lambda: has_open(process, lock), "the wait for the lock")
        ann.credentials.write_text(before.replace(ann.token, "tgu_another"))
    _, told = process.communicate(timeout=30)
    assert process.returncode == 2 and "you have logged in with another token meanwhile" in told
    assert "tgu_another" in ann.credentials.read_text()
    ann.credentials.write_text(before)
    assert sorted(one.name for one in ann.credentials.parent.iterdir()) == ["credentials.json"]


def test_a_logout_waits_for_who_writes(newcomer: Person) -> None:
    newcomer.login()
    lock = newcomer.credentials.with_name(".credentials.json.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen([TOGETHER, "logout"], env=newcomer.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        wait_until(lambda: has_open(process, lock), "the wait for the lock")
        assert newcomer.credentials.exists()
    assert "logged out" in process.communicate(timeout=30)[0]
    assert not list(newcomer.credentials.parent.iterdir())


def test_a_logout_of_who_never_logged_in_makes_nothing(newcomer: Person) -> None:
    assert newcomer.does("logout") == "You were not logged in.\n"
    assert not newcomer.credentials.parent.exists()


def test_whoami(ann: Person, cluster: str, roled: Roled) -> None:
    *lines, projects = ann.does("whoami").splitlines()
    assert lines == ["      You are: ann (ann@example.com)", f"    Authority: {roled.base_url}",
                     "Organizations: Acme (admin)"]
    assert {"cluster (admin)", "Default Project (admin)"} == set(projects.removeprefix("     Projects: ").split(", "))
    assert ann.does("whoami", "--quiet") == "ann\n"
    about = ann.reads("whoami")
    assert about["user"]["login"] == "ann"
    assert cluster in [one["id"] for one in about["projects"]]


def test_it_needs_no_root(newcomer: Person, folder: Path) -> None:
    os.chown(newcomer.home, 65534, 65534)
    newcomer.before = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    assert "ann" in newcomer.login().does("whoami")


def test_tls_of_an_authority_of_ones_own(folder: Path) -> None:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-out", certificate, "-keyout", key], check=True, capture_output=True)
    (folder / "tls").mkdir()
    with Roled(folder / "tls", tls=(certificate, key)) as roled:
        someone = Person(folder / "someone", roled.address, roled.owner.token)
        told = someone.fails(7, "login", roled.address, stdin=someone.token)
        assert told.startswith(f"no trusted TLS with {roled.base_url}: ") and "--ca-file" in told
        assert "ann" in someone.login("--ca-file", str(certificate)).does("whoami")
        (someone.home / "ca.pem").write_bytes(certificate.read_bytes())
        someone.login("--ca-file", "ca.pem")
        assert json.loads(someone.credentials.read_text())["ca_file"] == str(someone.home / "ca.pem")
