# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens: form, checksum, revocation, expiry, what each kind may do."""

import re
import time

import pytest

from support.roled import with_checksum
from support.waiting import wait_until


@pytest.fixture
def roled(tenant):
    """Nothing here needs a server of its own."""
    return tenant


def test_no_token_is_401_with_a_challenge(roled):
    answer = roled.get("/v1/whoami", token=None)
    assert answer.status == 401 and answer.code == "missing_token"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("authorization", [
    "Basic dTpw", "Bearer", "Bearer ", "bearer x", "Bearer tgu_", "tgu_", "Bearer  two",
])
def test_no_other_authorization_is_understood(roled, authorization):
    assert roled.get("/v1/whoami", token=None, headers={"Authorization": authorization}).status == 401


def test_the_scheme_has_no_case(roled):
    headers = {"Authorization": f"bEARER {roled.owner.token}"}
    assert roled.get("/v1/whoami", token=None, headers=headers).status == 200


def test_each_character_of_a_token_counts(roled):
    token = roled.owner.token
    for at in range(len(token)):
        other = "x" if token[at] != "x" else "y"
        assert roled.get("/v1/whoami", token=token[:at] + other + token[at + 1:]).status == 401, at
    for wrong in (token[:-1], token + "0", token.upper(), "tgn_" + token[4:]):
        assert roled.get("/v1/whoami", token=wrong).status == 401


def test_a_known_look_up_id_with_another_secret_is_refused(roled, project):
    """Anybody can compute the checksum; only the secret counts."""
    for token in (roled.owner.token, roled.node_key(project)):
        assert with_checksum(token[:46]) == token
        answer = roled.get("/v1/whoami", token=with_checksum(token[:16] + "0" * 30))
        assert answer.status == 401 and answer.code == "invalid_token"


def test_a_key_is_not_of_another_kind(roled, project):
    """The same look-up id and secret under another prefix."""
    key = roled.node_key(project)
    for prefix in ("tgu_", "tgp_"):
        assert roled.get("/v1/whoami", token=with_checksum(prefix + key[4:46])).status == 401


def test_a_well_formed_unknown_token_is_refused_like_a_wrong_secret(roled, tmp_path):
    from support.roled import Roled
    (tmp_path / "other").mkdir()
    other = Roled(tmp_path / "other")
    answer = roled.get("/v1/whoami", token=other.owner)
    assert answer.status == 401 and answer.code == "invalid_token"


def test_whoami_tells_people_and_keys_apart(roled, project):
    key = roled.node_key(project)
    person = roled.get("/v1/whoami").json
    node = roled.get("/v1/whoami", token=key).json
    assert (person["type"], person["user_id"], person["project_id"]) == ("user", roled.owner.id, None)
    assert (node["type"], node["user_id"], node["project_id"]) == ("node_key", None, project)
    assert node["key_id"] == "key_" + key[4:16]


def test_a_node_key_has_its_form_and_is_shown_once(roled, project):
    path = f"/v1/projects/{project}/node_keys"
    made = roled.post(path, {"name": "rack 7"}).json
    assert re.fullmatch(r"tgn_[0-9A-Za-z]{48}", made["token"])
    listed = roled.get(path).json["data"]
    assert [key["id"] for key in listed] == [made["id"]]
    assert made["token"][16:46] not in roled.get(path).text
    assert listed[0]["created_by"] == roled.owner.id and listed[0]["name"] == "rack 7"
    assert roled.get(f"{path}/{made['id']}").json == listed[0]


def test_a_node_key_reads_its_projects_roster_and_nothing_else(roled, project):
    key = roled.node_key(project)
    other = roled.create_project("other")
    assert roled.roster(project, key).status == 200
    assert roled.roster(other, key).status == 404
    refused = [("GET", f"/v1/projects/{project}"), ("GET", f"/v1/projects/{project}/node_keys"),
               ("POST", f"/v1/projects/{project}/collaborators"), ("GET", "/v1/users/me")]
    for method, path in refused:
        assert roled.request(method, path, {} if method == "POST" else None, token=key).status == 403, path
    assert roled.get(f"/v1/organizations/{roled.organization}", token=key).status == 404
    assert roled.get("/v1/permissions", token=key).status == 200


def test_a_revoked_key_ends_at_once(roled, project):
    path = f"/v1/projects/{project}/node_keys"
    made = roled.post(path, {"name": "nodes"}).json
    assert roled.delete(f"{path}/{made['id']}").status == 204
    answer = roled.roster(project, made["token"])
    assert answer.status == 401 and answer.code == "revoked_token"
    assert roled.get(path).json["data"] == []
    assert roled.delete(f"{path}/{made['id']}").status == 404


def test_a_key_of_another_project_is_not_found_here(roled, project):
    made = roled.post(f"/v1/projects/{project}/node_keys", {"name": "nodes"}).json
    other = roled.create_project("other")
    assert roled.delete(f"/v1/projects/{other}/node_keys/{made['id']}").status == 404
    assert roled.roster(project, made["token"]).status == 200


def test_a_key_expires(roled, project):
    path = f"/v1/projects/{project}/node_keys"
    expires_at = int(time.time()) + 2
    made = roled.post(path, {"name": "nodes", "expires_at": expires_at}).json
    answer = roled.roster(project, made["token"])
    assert answer.status == 200 or time.time() >= expires_at
    wait_until(lambda: time.time() > expires_at, "the key's expiry")
    answer = roled.roster(project, made["token"])
    assert answer.status == 401 and answer.code == "expired_token"
    assert roled.post(path, {"name": "nodes", "expires_at": int(time.time())}).code == "invalid_time"


def test_the_last_use_of_a_key_is_listed(roled, project):
    key = roled.node_key(project)
    path = f"/v1/projects/{project}/node_keys"
    assert roled.get(path).json["data"][0]["last_used_at"] is None
    roled.roster(project, key)
    used = wait_until(lambda: roled.get(path).json["data"][0]["last_used_at"], "the last use to be written")
    assert abs(used - time.time()) < 5


def test_node_keys_come_in_pages(roled, project):
    path = f"/v1/projects/{project}/node_keys"
    ids = {roled.post(path, {"name": f"key {i}"}).json["id"] for i in range(5)}
    seen, after = [], ""
    while after is not None:
        page = roled.get(f"{path}?limit=2" + (f"&after={after}" if after else "")).json
        seen += [key["id"] for key in page["data"]]
        after = page["next_cursor"]
    assert len(seen) == 5 and set(seen) == ids
