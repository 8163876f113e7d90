# SPDX-License-Identifier: Apache-2.0
"""Personal tokens with their audience, and API keys of a project with their scopes."""

import time

import pytest

from support.waiting import wait_until

TOKENS = "/v1/users/me/tokens"
DAY = 24 * 3600


def make_key(tenant, project, *scopes, **fields):
    return tenant.make("POST", f"/v1/projects/{project}/api_keys", {"name": "app", "scopes": list(scopes), **fields})


# --- personal tokens ------------------------------------------------------------------------------


def test_a_token_is_shown_once_listed_and_revoked(tenant):
    made = tenant.make("POST", TOKENS, {"name": "laptop"})
    assert (made["object"], made["name"], made["audience"]) == ("user.token", "laptop", None)
    assert tenant.get("/v1/whoami", token=made["token"]).json["key_id"] == made["id"]
    listed = tenant.get(TOKENS).json["data"]
    assert {one["name"] for one in listed} >= {"laptop"} and "token" not in listed[0]
    assert tenant.get(f"{TOKENS}/{made['id']}").json["created_by"] == tenant.owner.id
    assert tenant.delete(f"{TOKENS}/{made['id']}", token=made["token"]).status == 204, "with itself"
    assert tenant.get("/v1/whoami", token=made["token"]).code == "revoked_token"
    assert tenant.get(f"{TOKENS}/{made['id']}").status == 404


@pytest.mark.parametrize("kind", ["user", "node"])
def test_that_a_key_was_used_is_no_change_of_it(tenant, cluster, kind):
    path = TOKENS if kind == "user" else f"/v1/projects/{cluster}/node_keys"
    one = f"{path}/{tenant.make('POST', path, {'name': 'x'})['id']}"
    before = tenant.get(one)
    tenant.execute(f"UPDATE api_keys SET last_used_at = 1700000000 WHERE id = '{before.json['id']}'")
    after = tenant.get(one)
    assert after.json["last_used_at"] == 1700000000 and before.json["last_used_at"] is None
    assert after.headers["etag"] == before.headers["etag"]
    assert tenant.delete(one, headers={"If-Match": '"another"'}).status == 412
    assert tenant.delete(one, headers={"If-Match": before.headers["etag"]}).status == 204


def test_a_token_can_end_by_itself(tenant):
    expires = int(time.time()) + 1
    made = tenant.make("POST", TOKENS, {"name": "short", "expires_at": expires})
    assert wait_until(lambda: tenant.get("/v1/whoami", token=made["token"]).status == 401, "its end")
    assert time.time() >= expires
    assert tenant.get("/v1/whoami", token=made["token"]).code == "expired_token"
    assert made["id"] not in tenant.get(TOKENS).text


def test_another_persons_tokens_are_not_found(tenant):
    alice = tenant.add_user("alice")
    for method in ("GET", "DELETE"):
        assert tenant.request(method, f"{TOKENS}/key_{tenant.owner.token[4:16]}", token=alice).status == 404


def test_fifty_keys_are_enough(tenant, cluster):
    for path, body in ((TOKENS, {"name": "x"}), (f"/v1/projects/{cluster}/node_keys", {"name": "x"}),
                       (f"/v1/projects/{cluster}/api_keys", {"name": "x", "scopes": ["project.read"]})):
        for _ in range(50 - len(tenant.get(f"{path}?limit=100").json["data"])):
            tenant.make("POST", path, body)
        answer = wait_until(lambda: (lambda a: a if a.status != 429 else None)(tenant.post(path, body)), "an answer")
        assert (answer.status, answer.code) == (409, "too_many_keys")


# --- a token for a project's cluster and services -----------------------------------------------------


def test_a_token_for_a_cluster_does_nothing_at_this_api(tenant, cluster):
    token = tenant.token_for(cluster, tenant.owner)
    for method, path, body in (("GET", "/v1/whoami", None), ("GET", f"/v1/projects/{cluster}", None),
                               ("GET", "/v1/users/me", None), ("PATCH", tenant.settings, {"name": "Mine"}),
                               ("GET", tenant.collaborators(cluster), None), ("POST", TOKENS, {"name": "more"}),
                               ("POST", "/v1/authorize", {"project_id": cluster, "action": "ssh.login"}),
                               ("POST", "/v1/invitations/accept", {"token": "x"})):
        answer = tenant.request(method, path, body, token=token)
        assert answer.status == 403 and "does nothing here" in answer.json["error"]["message"], path


def test_it_holds_for_a_day_at_most(tenant, cluster):
    made = tenant.make("POST", TOKENS, {"name": "kube", "audience": cluster})
    assert made["audience"] == cluster and abs(made["expires_at"] - time.time() - DAY) < 10
    answer = tenant.post(TOKENS, {"name": "kube", "audience": cluster, "expires_at": int(time.time()) + 2 * DAY})
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, "invalid_time", "expires_at")


def test_it_is_only_for_projects_that_one_is_in_and_tells_nothing_of_others(tenant, cluster):
    alice = tenant.add_user("alice")
    hidden = tenant.post(TOKENS, {"name": "x", "audience": cluster}, token=alice)
    absent = tenant.post(TOKENS, {"name": "x", "audience": "proj_none"}, token=alice)
    assert hidden.json == absent.json
    assert (hidden.status, hidden.code, hidden.json["error"]["param"]) == (400, "invalid_audience", "audience")


def test_it_ends_with_the_place_in_the_project(tenant, cluster):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    token = tenant.token_for(cluster, alice)
    path = f"/v1/projects/{cluster}/authorize/ssh.login"
    assert tenant.get(path, token=token).status == 204
    tenant.remove_collaborator(cluster, alice)
    assert tenant.get(path, token=token).code == "revoked_token"
    assert tenant.get("/v1/whoami", token=alice).status == 200


# --- API keys of a project ---------------------------------------------------------------------------


USES = {
    "project.read": lambda t, p, k: t.get(f"/v1/projects/{p}", token=k),
    "collaborators.read": lambda t, p, k: t.get(t.collaborators(p), token=k),
    "authorize": lambda t, p, k: t.post("/v1/authorize", {"project_id": p, "action": "ssh.login",
                                                          "user_id": t.owner.id}, token=k),
    "costs.read": lambda t, p, k: t.get(f"/v1/projects/{p}/authorize/costs.read", token=k),
    "inference.use": lambda t, p, k: t.get(f"/v1/projects/{p}/authorize/inference.use", token=k),
    "fine_tuning.use": lambda t, p, k: t.get(f"/v1/projects/{p}/authorize/fine_tuning.use", token=k),
    "endpoints.use": lambda t, p, k: t.get(f"/v1/projects/{p}/authorize/endpoints.use", token=k),
    "products.use": lambda t, p, k: t.get(f"/v1/projects/{p}/authorize/products.use", token=k),
}


@pytest.mark.parametrize("scope", USES)
def test_a_scope_is_what_it_says_and_nothing_besides(tenant, cluster, scope):
    made = make_key(tenant, cluster, scope)
    assert made["scopes"] == [scope]
    allowed = {name for name, use in USES.items() if use(tenant, cluster, made["token"]).status in (200, 204)}
    assert allowed == {scope}


def test_a_key_with_all_scopes_is_still_nobody(tenant, cluster):
    key = make_key(tenant, cluster, *USES)["token"]
    other = tenant.create_project("other")
    alice = tenant.add_user("alice")
    assert tenant.get("/v1/whoami", token=key).json["type"] == "api_key"
    for action in ("ssh.login", "slurm.submit", "kubernetes.run", "clusters.scale", "api_keys.create"):
        assert tenant.get(f"/v1/projects/{cluster}/authorize/{action}", token=key).status == 403
    for path, body in ((f"/v1/projects/{cluster}/api_keys", {"name": "x", "scopes": ["project.read"]}),
                       (tenant.collaborators(cluster), {"user_id": alice.id}), (TOKENS, {"name": "x"})):
        assert tenant.post(path, body, token=key).status == 403
    for path in (f"/v1/projects/{other}", tenant.settings, f"{tenant.settings}/members"):
        assert tenant.get(path, token=key).status == 404
    assert tenant.patch(f"{tenant.collaborators(cluster)}/{tenant.owner.id}", {"role": "member"}, token=key).status == 403


@pytest.mark.parametrize("scopes, code", [
    ([], "invalid_scope"), (["ssh.login"], "invalid_scope"), (["project.read", "collaborators.add"], "invalid_scope"),
    ("project.read", "invalid_type"), ([1], "invalid_type"), (None, "invalid_type"),
])
def test_scopes_are_named_from_the_list(tenant, cluster, scopes, code):
    answer = tenant.post(f"/v1/projects/{cluster}/api_keys", {"name": "x", "scopes": scopes})
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, code, "scopes")


def test_a_key_outlives_the_membership_of_whoever_made_it_and_not_the_project(tenant, cluster):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    made = tenant.make("POST", f"/v1/projects/{cluster}/api_keys", {"name": "x", "scopes": ["project.read"]}, token=alice)
    assert made["created_by"] == alice.id
    tenant.make("DELETE", tenant.member(alice))
    assert tenant.get(f"/v1/projects/{cluster}", token=made["token"]).status == 200
    tenant.make("DELETE", f"/v1/projects/{cluster}")
    assert tenant.get("/v1/whoami", token=made["token"]).code == "revoked_token"


def test_a_key_that_is_used_says_when(tenant, cluster):
    made = make_key(tenant, cluster, "project.read")
    path = f"/v1/projects/{cluster}/api_keys/{made['id']}"
    assert tenant.get(path).json["last_used_at"] is None
    tenant.get(f"/v1/projects/{cluster}", token=made["token"])
    used = wait_until(lambda: tenant.get(path).json["last_used_at"], "its use to be written")
    assert abs(used - time.time()) < 10
