# SPDX-License-Identifier: Apache-2.0
"""What kubectl executes at each call: the protocol, how long a token is kept, and what an outage does to it."""

import calendar
import fcntl
import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.people import TOGETHER, Person
from support.roled import Roled
from support.waiting import wait_until

HOUR = 3600
VERSION = "client.authentication.k8s.io/v1"


def credential(who: Person, *arguments: str) -> Any:
    return json.loads(who.does("kube-credential", *arguments))


def token_of(who: Person, *arguments: str) -> str:
    return str(credential(who, *arguments)["status"]["token"])


def ends_in(answer: Any) -> float:
    return calendar.timegm(time.strptime(answer["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()


def kept(who: Person) -> Path:
    """The one file."""
    file, = (who.home / ".cache" / "together").glob("kubernetes-*.json")
    return file


def age(who: Person, seconds: int) -> None:
    """As if the token had been made, and looked after, so long ago."""
    file = kept(who)
    token = json.loads(file.read_text())
    file.write_text(json.dumps(token | {at: token[at] - seconds for at in ("made_at", "ends_at")}))
    os.utime(file, (time.time() - seconds, time.time() - seconds))


def tokens(roled: Roled, who: Person) -> list[Any]:
    """Those for a cluster."""
    listed = roled.get("/v1/users/me/tokens", token=who.token).json["data"]
    return [one for one in listed if one["audience"]]


def bearer(roled: Roled, cluster: str, token: str) -> str:
    """Whom a cluster's API server takes for its bearer."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    answer = roled.post("/v1/kubernetes/tokenreviews", review, token=roled.node_key(cluster)).json["status"]
    return str(answer["user"]["username"]) if answer["authenticated"] else ""


def test_a_token_for_the_cluster_alone(bob: Person, roled: Roled, cluster: str) -> None:
    answer = credential(bob)
    assert answer | {"status": None} == {"apiVersion": VERSION, "kind": "ExecCredential", "status": None}
    assert set(answer["status"]) == {"token", "expirationTimestamp"}
    token = answer["status"]["token"]
    assert bearer(roled, cluster, token) == "together:bob"
    assert roled.get("/v1/users/me", token=token).status == 403
    made, = tokens(roled, bob)
    assert made["name"] == f"kubectl on {os.uname().nodename}" and made["audience"] == cluster
    assert made["expires_at"] - made["created_at"] <= 24 * HOUR
    assert 15 * HOUR < ends_in(answer) <= 16 * HOUR  # then another is made, and this one holds for as long as that fails
    assert "kubectl on" in bob.does("tokens")


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_version_that_kubectl_asks_for(bob: Person, version: str) -> None:
    asked = {"kind": "ExecCredential", "apiVersion": f"client.authentication.k8s.io/{version}",
             "spec": {"interactive": False, "cluster": {"server": "https://127.0.0.1:6443", "config": None}}}
    bob.environment = bob.environment | {"KUBERNETES_EXEC_INFO": json.dumps(asked)}
    assert credential(bob)["apiVersion"] == asked["apiVersion"]


@pytest.mark.parametrize(("text", "told"), [
    ('{"apiVersion": "client.authentication.k8s.io/v1alpha1"}', f"apiVersion in the kubeconfig to {VERSION}"),
    ("{}", f"apiVersion in the kubeconfig to {VERSION}"), ("[1]", "apiVersion"), ("v1", "KUBERNETES_EXEC_INFO is not JSON"),
])
def test_a_version_that_is_none_of_these(bob: Person, roled: Roled, text: str, told: str) -> None:
    bob.environment = bob.environment | {"KUBERNETES_EXEC_INFO": text}
    assert told in bob.fails(2, "kube-credential")
    assert not tokens(roled, bob)


def test_the_next_call_gets_the_same_and_asks_nobody(bob: Person, roled: Roled) -> None:
    token = token_of(bob)
    roled.stop()
    assert token_of(bob) == token
    roled.start()
    assert len(tokens(roled, bob)) == 1


def test_it_is_kept_for_oneself(bob: Person, folder: Path) -> None:
    bob.environment = bob.environment | {"XDG_CACHE_HOME": str(folder / "cache")}
    token_of(bob)
    place = folder / "cache" / "together"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    assert not (bob.home / ".cache").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_reach_is_refused(bob: Person, mode: int) -> None:
    token_of(bob)
    kept(bob).chmod(mode)
    assert str(kept(bob)) in bob.fails(2, "kube-credential")


def test_what_somebody_else_has_put_there_is_refused(bob: Person, folder: Path) -> None:
    token_of(bob)
    file = kept(bob)
    file.rename(folder / "theirs")
    file.symlink_to(folder / "theirs")
    assert str(file) in bob.fails(2, "kube-credential")
    file.unlink()
    (folder / "theirs").rename(file)
    os.chown(file, 65534, 65534)
    assert str(file) in bob.fails(2, "kube-credential")


def test_a_folder_of_somebody_elses_is_not_used(bob: Person, roled: Roled, folder: Path) -> None:
    """Who could hold its lock, and put away what is kept there, so that each call makes another."""
    theirs = folder / "shared" / "together"
    theirs.mkdir(parents=True)
    theirs.chmod(0o777)
    os.chown(theirs, 65534, 65534)
    bob.environment = bob.environment | {"XDG_CACHE_HOME": str(theirs.parent)}
    assert f"{theirs} is somebody else's" in bob.fails(2, "kube-credential")
    assert not tokens(roled, bob) and not list(theirs.iterdir())


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"token": 1}'])
def test_a_damaged_file_is_none(bob: Person, roled: Roled, cluster: str, text: str) -> None:
    token_of(bob)
    kept(bob).write_text(text)
    assert bearer(roled, cluster, token_of(bob)) == "together:bob"


def test_another_is_made_in_time_and_the_one_before_ends(bob: Person, roled: Roled, cluster: str) -> None:
    first = token_of(bob)
    age(bob, 15 * HOUR)
    assert token_of(bob) == first
    age(bob, 2 * HOUR)
    second = token_of(bob)
    assert second != first and bearer(roled, cluster, second) == "together:bob"
    # A kubectl that was given it a moment ago has not shown it yet.
    assert bearer(roled, cluster, first) == "together:bob"
    age(bob, 61)
    assert token_of(bob) == second
    assert bearer(roled, cluster, first) == ""
    assert len(tokens(roled, bob)) == 1


def test_an_outage_does_not_stop_kubectl_before_the_token_ends(bob: Person, roled: Roled) -> None:
    token = token_of(bob)
    roled.stop()
    age(bob, 10 * HOUR)
    assert token_of(bob) == token
    age(bob, 13 * HOUR)
    answer = credential(bob)
    assert answer["status"]["token"] == token and 0 < ends_in(answer) <= HOUR
    age(bob, HOUR)
    assert "cannot reach" in bob.fails(7, "kube-credential")


def test_an_authority_that_hangs_is_asked_once_a_minute(bob: Person, roled: Roled) -> None:
    token = token_of(bob)
    age(bob, 20 * HOUR)
    roled.process.send_signal(19)  # SIGSTOP
    try:
        assert token_of(bob) == token
        looked = kept(bob).stat().st_mtime
        assert token_of(bob) == token
        assert kept(bob).stat().st_mtime == looked > time.time() - 60
    finally:
        roled.process.send_signal(18)


def test_a_token_that_was_ended_elsewhere(bob: Person, roled: Roled, cluster: str) -> None:
    """As all are of who was removed from the project and is back."""
    first = token_of(bob)
    bob.does("tokens", "remove", tokens(roled, bob)[0]["id"])
    age(bob, 61)
    second = token_of(bob)
    assert second != first and bearer(roled, cluster, second) == "together:bob"


def test_a_login_that_has_ended_is_told_while_the_token_holds(bob: Person, roled: Roled) -> None:
    token = token_of(bob)
    age(bob, 20 * HOUR)
    own = next(one["id"] for one in roled.get("/v1/users/me/tokens", token=bob.token).json["data"] if not one["audience"])
    roled.make("DELETE", f"/v1/users/me/tokens/{own}", token=bob.token)
    done = bob.run("kube-credential")
    assert done.returncode == 0 and json.loads(done.stdout)["status"]["token"] == token
    assert "does not accept your token" in done.stderr and token not in done.stderr
    age(bob, 5 * HOUR)
    assert "does not accept your token" in bob.fails(6, "kube-credential")


def test_a_clock_that_was_set_back(bob: Person, roled: Roled, cluster: str) -> None:
    """The token's end, by that clock, is far behind the authority's."""
    first = token_of(bob)
    age(bob, -2 * HOUR)
    second = token_of(bob)
    assert second != first and bearer(roled, cluster, second) == "together:bob"


def test_many_at_once_make_one(bob: Person, roled: Roled) -> None:
    script = 'for i in 1 2 3 4 5 6; do "$0" "$@" & done; wait'
    bob.before = ["sh", "-c", script]
    done = bob.run("kube-credential", "--quiet")
    answers = done.stdout.replace("}\n{", "}\0{").split("\0")
    assert (len(answers), done.stderr) == (6, "")
    assert len({json.loads(answer)["status"]["token"] for answer in answers}) == len(tokens(roled, bob)) == 1


def test_each_project_and_each_login_has_one_of_its_own(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    other = roled.create_project("other")
    ours, theirs = token_of(ann, "--project", "cluster"), token_of(ann, "--project", other)
    assert bearer(roled, cluster, ours) == bearer(roled, other, theirs) == "together:ann"
    ann.credentials.with_name("bob").write_text(bob.credentials.read_text())
    ann.credentials.with_name("bob").chmod(0o600)
    as_bob = token_of(ann, "--config", str(ann.credentials.with_name("bob")), "--project", "cluster")
    assert bearer(roled, cluster, as_bob) == "together:bob"
    assert token_of(ann, "--project", "cluster") == ours


def test_a_name_that_is_another_projects_now(ann: Person, roled: Roled) -> None:
    """Whoever runs that one's cluster would else be shown a token for the first."""
    first = roled.create_project("gpu")
    token = token_of(ann, "--project", "gpu")
    roled.make("PATCH", f"/v1/projects/{first}", {"name": "gpu-old"}, token=ann.token)
    age(ann, 61)
    assert "is called" in ann.fails(4, "kube-credential", "--project", "gpu")
    assert not tokens(roled, ann), "no logout would find the first any more"
    second = roled.create_project("gpu")
    other = token_of(ann, "--project", "gpu")
    assert other != token and bearer(roled, second, other) == "together:ann"
    roled.stop()
    age(ann, 61)
    assert token_of(ann, "--project", "gpu") == other


def test_a_project_that_one_is_not_in(bob: Person, roled: Roled) -> None:
    assert "is called" in bob.fails(4, "kube-credential", "--project", "nowhere")
    other = roled.create_project("other")
    assert "no collaborator" in bob.fails(5, "kube-credential", "--project", other)
    bob.credentials.unlink()
    assert "you are not logged in" in bob.fails(2, "kube-credential")


def test_what_cannot_be_kept_is_not_made(bob: Person, roled: Roled, folder: Path) -> None:
    """Else each call would make another, and fifty are the most."""
    (folder / "file").touch()
    bob.environment = bob.environment | {"XDG_CACHE_HOME": str(folder / "file")}
    assert "cannot make" in bob.fails(2, "kube-credential")
    bob.environment.pop("XDG_CACHE_HOME")
    bob.before = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"']  # as on a full disk
    assert "cannot write" in bob.fails(2, "kube-credential")
    assert not tokens(roled, bob)
    bob.before = []
    bob.environment.pop("HOME")
    assert "XDG_CACHE_HOME" in bob.fails(2, "kube-credential", "--config", str(bob.credentials))


def test_logout_ends_them(bob: Person, roled: Roled, cluster: str) -> None:
    token = token_of(bob)
    age(bob, 17 * HOUR)
    assert token_of(bob) != token
    assert "logged out" in bob.does("logout")
    assert not list((bob.home / ".cache" / "together").glob("kubernetes-*"))
    assert not tokens(roled, bob)


def test_another_login_in_its_place_ends_them(ann: Person, bob: Person, roled: Roled) -> None:
    token_of(bob)
    bob.does("login", roled.address, stdin=bob.token)
    assert len(tokens(roled, bob)) == 1
    bob.does("login", roled.address, stdin=ann.token)
    assert not tokens(roled, bob)
    assert not list((bob.home / ".cache" / "together").glob("kubernetes-*"))


def test_logout_ends_those_of_a_login_that_came_before_it(ann: Person, bob: Person, roled: Roled) -> None:
    """Here another together has the lock and logs in as bob, while a logout of ann's has begun."""
    token_of(ann)
    bobs = bob.credentials.read_text()
    lock = ann.credentials.with_name(".credentials.json.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        logout = subprocess.Popen([TOGETHER, "logout"], env=ann.environment, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: any(os.readlink(one) == str(lock) for one in Path(f"/proc/{logout.pid}/fd").iterdir()),
                   "the wait for the lock")
        ann.credentials.write_text(bobs)
        token_of(ann)
        assert tokens(roled, bob)
    assert "logged out" in logout.communicate(timeout=30)[0]
    assert not ann.credentials.exists() and not tokens(roled, bob)


def test_logout_removes_them_also_where_the_authority_is_away(bob: Person, roled: Roled) -> None:
    token_of(bob)
    roled.stop()
    assert "logged out" in bob.does("logout")
    assert not list((bob.home / ".cache" / "together").glob("kubernetes-*"))


def test_logout_of_another_login_leaves_them(ann: Person, bob: Person, folder: Path) -> None:
    token = token_of(ann)
    ann.credentials.with_name("bob").write_text(bob.credentials.read_text())
    ann.credentials.with_name("bob").chmod(0o600)
    ann.does("logout", "--config", str(ann.credentials.with_name("bob")))
    assert token_of(ann) == token


def test_what_nobody_needs_any_more_is_removed(bob: Person, roled: Roled) -> None:
    token_of(bob)
    age(bob, 17 * HOUR)
    old = kept(bob).with_name("kubernetes-0-0.json")
    begun = kept(bob).with_name(".kubernetes-0-0.json.together-abcdef")
    for file in (old, begun):
        file.touch(0o600)
        os.utime(file, (time.time() - 25 * HOUR,) * 2)
    token_of(bob)
    assert not old.exists() and not begun.exists() and kept(bob).exists()
