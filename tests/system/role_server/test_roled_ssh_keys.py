# SPDX-License-Identifier: Apache-2.0
"""Public keys that people log in with: which are taken, and the rosters that show them."""

import base64
import itertools
import os
import shutil

import pytest

from support import ssh_keys
from support.ssh_keys import ed25519, generated, line

PATH = "/v1/users/me/ssh_keys"


def add(tenant, text, token="owner", **fields):
    return tenant.post(PATH, {"public_key": text, **fields}, token=token)


def accounts(tenant, project, key):
    return tenant.roster(project, key, query="?limit=1000&include=accounts").json


NUMBERS = itertools.count()


def numbered(_):
    """Keys are made anew in each run, and the names of tests are the same in all."""
    return str(next(NUMBERS))


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
@pytest.mark.parametrize("kind, bits", [("ed25519", None), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 3072)])
def test_a_key_has_the_fingerprint_that_ssh_keygen_shows(tenant, tmp_path, kind, bits):
    file = generated(tmp_path, kind, bits)
    answer = add(tenant, file.read_text().strip())
    assert answer.status == 201
    assert answer.json["fingerprint"] == ssh_keys.fingerprint(file)
    assert answer.json["name"] == "me@laptop", "the comment"
    assert answer.json["public_key"] == " ".join(file.read_text().split()[:2])
    assert tenant.get(f"{PATH}/{answer.json['id']}").json == answer.json


def test_keys_of_hardware_are_taken(tenant):
    application = b"ssh:"
    sk = line("sk-ssh-ed25519@openssh.com", os.urandom(32), application)
    assert add(tenant, sk, name="yubikey").json["name"] == "yubikey"


def rsa(bits):
    modulus = b"\0" + bytes([0x80]) + os.urandom(bits // 8 - 2) + b"\1"
    return line("ssh-rsa", b"\1\0\1", modulus)


GOOD = ed25519()


@pytest.mark.parametrize("text", [
    "", "x", "ssh-ed25519", "ssh-ed25519 AAAA", GOOD.split()[1], "ssh-rsa " + GOOD.split()[1], GOOD[:-8], GOOD + "A===",
    "command=\"/bin/sh\" " + GOOD, "no-pty " + GOOD, rsa(2048), rsa(1024), line("ssh-dss", os.urandom(20)),
    line("ssh-ed25519", os.urandom(31)), line("ssh-ed25519", os.urandom(33)), line("ssh-ed25519", os.urandom(32), b"more"),
    line("ecdsa-sha2-nistp256", b"nistp384", b"\4" + os.urandom(64)),
    line("ssh-ed25519-cert-v01@openssh.com", os.urandom(32), os.urandom(32)), "-----BEGIN OPENSSH PRIVATE KEY-----",
    "ssh-ed25519 " + base64.b64encode(os.urandom(9000)).decode(),
], ids=numbered)
def test_what_is_no_key_to_log_in_with_is_refused(tenant, text):
    answer = add(tenant, text)
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, "invalid_ssh_key", "public_key")
    assert tenant.get(PATH).json["data"] == []


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=numbered)
def test_a_key_is_taken_as_its_file_has_it(tenant, end):
    text = ed25519()
    answer = add(tenant, f"{text} me@laptop{end}")
    assert (answer.status, answer.json["public_key"], answer.json["name"]) == (201, text, "me@laptop")


@pytest.mark.parametrize("text", [GOOD + "\n" + GOOD, GOOD + "\n" + GOOD + "\n", "\n" + GOOD, GOOD + " a\u202eb",
                                  "\0" + GOOD], ids=numbered)
def test_one_line_is_one_line(tenant, text):
    answer = add(tenant, text)
    assert (answer.status, answer.code) == (400, "invalid_text")


def test_nobody_has_a_key_twice_and_two_people_may(tenant):
    alice = tenant.add_user("alice")
    text = ed25519()
    assert add(tenant, text).status == 201
    answer = add(tenant, text + " another comment")
    assert (answer.status, answer.code) == (409, "ssh_key_taken")
    assert add(tenant, text, token=alice).status == 201


def test_twenty_keys_are_enough(tenant):
    for i in range(20):
        tenant.make("POST", PATH, {"public_key": ed25519(), "name": f"key {i}"})
    answer = tenant.request("POST", PATH, {"public_key": ed25519()}, token=tenant.owner)
    assert (answer.status, answer.code) == (409, "too_many_ssh_keys")
    seen, after = [], ""
    while after is not None:
        page = tenant.get(f"{PATH}?limit=7" + (f"&after={after}" if after else "")).json
        seen += [key["id"] for key in page["data"]]
        after = page["next_cursor"]
    assert len(set(seen)) == len(seen) == 20


def test_one_persons_keys_are_not_anothers(tenant):
    alice = tenant.add_user("alice")
    key = add(tenant, ed25519()).json["id"]
    for method in ("GET", "DELETE"):
        assert tenant.request(method, f"{PATH}/{key}", token=alice).status == 404
    assert tenant.get(f"{PATH}/{key}").status == 200


def test_rosters_that_ask_for_accounts_have_them_and_are_told(tenant, cluster):
    alice, key = tenant.add_user("alice"), tenant.node_key(cluster)
    tenant.add_collaborator(cluster, alice)

    def of_alice():
        return next(one for one in accounts(tenant, cluster, key)["data"] if one["user_id"] == alice.id)["ssh_keys"]
    assert of_alice() == []
    before = tenant.revision(cluster)
    text = ed25519()
    made = add(tenant, text + " me@laptop", token=alice).json
    assert of_alice() == [text] and tenant.revision(cluster) == before + 1
    assert "ssh_keys" not in tenant.roster(cluster, key).text
    assert tenant.delete(f"{PATH}/{made['id']}", token=alice).status == 204
    assert of_alice() == [] and tenant.revision(cluster) == before + 2


def test_the_trail_of_the_organization_has_whose_key_it_is(tenant):
    made = add(tenant, ed25519()).json
    record = tenant.recorded(target=made["id"], outcome="allowed")
    assert (record["actor"], record["organization_id"]) == (tenant.owner.id, tenant.organization)
    assert made["fingerprint"] in record["value_after"]
