# SPDX-License-Identifier: Apache-2.0
"""What opens the API: shown once, to stdout or into a file that is one's own."""

import os
import stat
import time
from pathlib import Path

import pytest

from support import ssh_keys
from support.people import Person, watching_nodes
from support.roled import Roled


def test_a_node_key_reads_the_roster(ann: Person, roled: Roled, cluster: str, folder: Path) -> None:
    told, key = ann.does("node-keys", "add", "nodes").splitlines()
    assert told == "node key nodes is made. This is its secret, shown once:"
    assert roled.roster(cluster, key).status == 200
    assert key not in ann.does("node-keys")
    assert "holds no longer" in ann.does("node-keys", "remove", "nodes")
    assert roled.roster(cluster, key).status == 401
    assert ann.does("node-keys") == "there is no node key\n"
    with watching_nodes(folder, roled, cluster, "gpu1"):
        assert "gpu1" in ann.does("nodes")


def test_the_help_says_all_that_a_node_key_opens(ann: Person, roled: Roled, cluster: str) -> None:
    key = ann.does("node-keys", "add", "nodes", "--quiet").strip()
    token = roled.token_for(cluster, roled.owner)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    seen = {"data": [{"user_id": roled.owner.id, "door": "ssh", "seen_at": int(time.time())}]}
    told = {"reads this roster": roled.roster(cluster, key),
            "report_last_seen": roled.post(f"/v1/projects/{cluster}/last_seen", seen, token=key),
            "who bears a token": roled.post("/v1/kubernetes/tokenreviews", review, token=key)}
    text = ann.does("node-keys", "add", "--help")
    for words, answer in told.items():
        assert words in text and answer.status < 300, (words, answer.status)
    for path in ("", "/nodes", "/node_keys"):
        assert roled.get(f"/v1/projects/{cluster}{path}", token=key).status == 403
    assert roled.get("/v1/users/me", token=key).status == 403


def test_into_a_file(ann: Person, roled: Roled, cluster: str, folder: Path) -> None:
    file = folder / "token"
    assert ann.does("node-keys", "add", "nodes", "--out", str(file)) == \
        f"node key nodes is made; its secret is in {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert roled.roster(cluster, file.read_text().strip()).status == 200
    assert "token" not in ann.reads("node-keys", "add", "more", "--out", str(file))
    assert ann.reads("node-keys", "add", "third")["token"].startswith("tgn_")
    before = ann.does("node-keys", "--quiet")
    (folder / "link").symlink_to(file)
    os.mkfifo(folder / "fifo")
    for name in ("link", "fifo"):  # as /dev/null would be
        assert "is no regular file" in ann.fails(2, "node-keys", "add", "lost", "--out", str(folder / name))
    assert stat.S_ISFIFO((folder / "fifo").stat().st_mode) and (folder / "link").is_symlink()
    assert "/nowhere/" in ann.fails(2, "node-keys", "add", "lost", "--out", "/nowhere/token")
    assert ann.does("node-keys", "--quiet") == before


def test_keys_of_one_name(ann: Person) -> None:
    ann.does("node-keys", "add", "nodes")
    ann.does("node-keys", "add", "nodes")
    told = ann.fails(4, "node-keys", "remove", "nodes")
    assert told.startswith('more than one node key is called "nodes": name its id, one of key_')
    ann.does("node-keys", "remove", told.split()[-1])
    assert ann.does("node-keys", "--quiet") == "nodes\n"


def test_api_keys(ann: Person, bob: Person, roled: Roled, cluster: str) -> None:
    key = ann.does("api-keys", "add", "gateway", "--scopes", "authorize,project.read", "--quiet").strip()
    assert roled.get(f"/v1/projects/{cluster}", token=key).status == 200
    assert "project.read" in ann.does("api-keys") and "authorize" in ann.does("api-keys")
    assert "scopes" in ann.fails(5, "api-keys", "add", "x", "--scopes", "everything")
    assert "scopes" in ann.fails(5, "api-keys", "add", "x")
    ann.does("api-keys", "remove", "gateway")
    assert roled.get(f"/v1/projects/{cluster}", token=key).status == 401


def test_tokens(ann: Person, roled: Roled, cluster: str) -> None:
    token = ann.does("tokens", "add", "laptop", "--until", "30d", "--quiet").strip()
    assert roled.get("/v1/whoami", token=token).status == 200
    console = ann.does("tokens", "add", "console", "--for", "cluster", "--quiet").strip()
    assert roled.get(f"/v1/projects/{cluster}/authorize/clusters.read", token=console).status == 204
    assert roled.get("/v1/users/me", token=console).status == 403
    assert {"laptop", "console"} <= set(ann.does("tokens", "--quiet").splitlines())
    ann.does("tokens", "remove", "laptop")
    assert roled.get("/v1/whoami", token=token).status == 401


def test_a_programs_key_asks_too(ann: Person, folder: Path, roled: Roled, cluster: str) -> None:
    key = ann.does("api-keys", "add", "watch", "--scopes", "project.read,collaborators.read", "--quiet").strip()
    program = Person(folder / "program", roled.address, key).login()
    assert f"of {cluster}" in program.does("whoami")
    assert program.does("collaborators", "--project", cluster, "--quiet") == "ann\n"
    assert program.does("collaborators", "--quiet") == "ann\n"
    assert program.run("collaborators", "--project", "proj_other").returncode == 3


def test_ssh_keys(bob: Person, roled: Roled, cluster: str, folder: Path) -> None:
    public = folder / "key.pub"
    public.write_text(ssh_keys.ed25519() + " laptop\n")
    assert bob.does("ssh-keys") == "you have no key here\n"
    with watching_nodes(folder, roled, cluster, "gpu1"):
        told = bob.does("ssh-keys", "add", str(public), "--wait", "20s")
        assert told.splitlines()[0] == "your key is on the rosters that you are on"
        assert any(line.startswith("  cluster: 1 of 1 node after ") for line in told.splitlines())
    assert bob.does("ssh-keys", "--quiet") == "laptop\n"
    assert bob.reads("ssh-keys")["data"][0]["fingerprint"].startswith("SHA256:")
    assert "on no roster any more" in bob.does("ssh-keys", "remove", "laptop")
    bob.does("ssh-keys", "add", "-", "--name", "stdin", stdin=ssh_keys.ed25519())
    assert bob.does("ssh-keys", "--quiet") == "stdin\n"


@pytest.mark.parametrize(("text", "status", "told"), [
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", 2, ".pub"), ("nonsense", 2, "is no public key"),
    ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n", 2, "is no public key"), ("tgu_secret", 2, "is no public key"),
    (ssh_keys.ed25519() + "\n" + ssh_keys.ed25519(), 2, "is no public key"), ("ssh-ed25519 AAAA", 5, ""),
])
def test_what_is_no_public_key(bob: Person, folder: Path, text: str, status: int, told: str) -> None:
    (folder / "key").write_text(text)
    assert told in bob.fails(status, "ssh-keys", "add", str(folder / "key"))
    assert "cannot open" in bob.fails(2, "ssh-keys", "add", "/nowhere/key.pub")
