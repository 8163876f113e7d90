# SPDX-License-Identifier: Apache-2.0
"""What gateways, control planes and Kubernetes ask: may somebody do something, and who bears a token."""

import re
import time

import pytest

from support.waiting import wait_until

# From the platform's tables, by hand.
ORGANIZATION_BOTH = {"organization.read", "billing.read", "projects.read", "members.read"}
ORGANIZATION_ADMIN = {"organization.write", "billing.write", "projects.create", "members.invite", "members.remove",
                      "members.manage_roles"}
PROJECT_BOTH = {"project.read", "costs.read", "api_keys.read", "api_keys.create", "api_keys.revoke", "collaborators.read",
                "clusters.read", "volumes.read", "ssh.login", "kubernetes.run", "kubernetes.dashboard", "slurm.submit",
                "volumes.use", "fine_tuning.use", "endpoints.use", "inference.use", "products.use"}
PROJECT_ADMIN = {"project.write", "collaborators.add", "collaborators.remove", "collaborators.manage_roles",
                 "clusters.create", "clusters.delete", "clusters.scale", "clusters.modify", "volumes.manage"}


@pytest.fixture
def alice(tenant, cluster):
    alice = tenant.add_user("alice")
    tenant.add_collaborator(cluster, alice)
    return alice


def ask(tenant, token="owner", **question):
    answer = tenant.post("/v1/authorize", question, token=token)
    assert answer.status == 200, answer
    return answer.json


def test_every_action_is_answered_by_the_tables(tenant, cluster, alice):
    """Both levels in one batch, for an Admin and a Member."""
    project = [{"project_id": cluster, "action": action} for action in sorted(PROJECT_BOTH | PROJECT_ADMIN)]
    organization = [{"organization_id": tenant.organization, "action": action}
                    for action in sorted(ORGANIZATION_BOTH | ORGANIZATION_ADMIN)]
    assert {row["action"] for row in tenant.get("/v1/permissions").json["data"]} == {
        one["action"] for one in project + organization}
    for user, allowed in ((tenant.owner, PROJECT_BOTH | PROJECT_ADMIN | ORGANIZATION_BOTH | ORGANIZATION_ADMIN),
                          (alice, PROJECT_BOTH | ORGANIZATION_BOTH)):
        questions = [{**one, "login": user.login} for one in project + organization]
        answers = ask(tenant, questions=questions)["data"]
        assert [one["action"] for one in answers] == [one["action"] for one in questions]
        assert {one["action"] for one in answers if one["allowed"]} == allowed
        assert {one["user_id"] for one in answers} == {user.id}
    for one in answers:
        admin_only = one["action"] in PROJECT_ADMIN | ORGANIZATION_ADMIN
        assert one["allowed_roles"] == (["admin"] if admin_only else ["admin", "member"])


def test_an_answer_says_of_which_roster_it_is_and_why(tenant, cluster, alice):
    answer = ask(tenant, token=alice, project_id=cluster, action="clusters.scale")
    assert (answer["object"], answer["allowed"], answer["role"]) == ("authorization", False, "member")
    assert "needs an Admin of the project; you are Member" in answer["reason"]
    assert answer["revision"] == tenant.revision(cluster) and "explanation" not in answer
    allowed = ask(tenant, token=alice, project_id=cluster, action="ssh.login")
    assert (allowed["allowed"], allowed["reason"]) == (True, None)


def test_an_explanation_has_the_row_where_the_role_comes_from_and_whom_to_ask(tenant, cluster, alice):
    root = tenant.add_user("roota", role="admin")
    tenant.make("POST", f"/v1/projects/{cluster}/join", {}, token=root)
    tenant.change_collaborator(cluster, alice, until=4_000_000_000)
    told = ask(tenant, project_id=cluster, login=alice.login, action="volumes.manage", explain=True)["explanation"]
    assert (told["title"], told["level"], told["admin"], told["member"]) == ("Create and resize volumes", "project",
                                                                            True, False)
    assert (told["source"], told["granted_by"], told["until"]) == ("project", tenant.owner.id, 4_000_000_000)
    assert set(told["ask"]) == {tenant.owner.login, root.login} and told["suspended"] is False
    by_office = ask(tenant, project_id=cluster, user_id=root.id, action="ssh.login", explain=True)["explanation"]
    assert (by_office["source"], by_office["organization_role"]) == ("organization_admin", "admin")


def test_who_is_suspended_is_allowed_nothing(tenant, cluster, alice):
    tenant.change_member(alice, suspended=True)
    for where in ({"project_id": cluster, "action": "ssh.login"},
                  {"organization_id": tenant.organization, "action": "projects.read"}):
        answer = ask(tenant, login=alice.login, explain=True, **where)
        assert (answer["allowed"], answer["role"]) == (False, None) and "suspended" in answer["reason"]
        assert answer["explanation"]["suspended"] is True


def test_who_takes_no_part_is_told_like_somebody_who_does_not_exist(tenant, server, cluster, alice):
    """Their id above all: whoever has it can add them, unasked."""
    with tenant.elsewhere():
        carol = tenant.add_user("carol")
    stranger, nobody = (ask(tenant, project_id=cluster, login=login, action="ssh.login", explain=True)
                        for login in (carol.login, f"{tenant.prefix}nobody"))
    assert stranger == nobody and stranger["user_id"] is None and stranger["allowed"] is False


def test_an_external_collaborator_is_not_told_who_the_members_are(tenant, cluster, alice):
    tenant.allow_externals()
    with tenant.elsewhere():
        guest = tenant.add_user("guest")
    tenant.add_collaborator(cluster, guest, role="admin")
    bob = tenant.add_user("bob")
    member, nobody = (ask(tenant, token=guest, project_id=cluster, login=login, action="ssh.login", explain=True)
                      for login in (bob.login, f"{tenant.prefix}nobody"))
    assert member == nobody
    assert ask(tenant, token=guest, project_id=cluster, login=alice.login, action="ssh.login")["user_id"] == alice.id
    colleague = ask(tenant, token=alice, project_id=cluster, login=bob.login, action="ssh.login")
    assert colleague["user_id"] == bob.id and "no collaborator" in colleague["reason"]
    answer = tenant.post("/v1/authorize", {"organization_id": tenant.organization, "login": bob.login,
                                           "action": "members.read"}, token=guest)
    assert answer.status == 403


@pytest.mark.parametrize("question, code, param", [
    ({}, "missing_field", "action"), ({"action": "ssh.login"}, "ambiguous_target", "project_id"),
    ({"action": "ssh.login", "project_id": "p", "organization_id": "o"}, "ambiguous_target", "project_id"),
    ({"action": "fly", "project_id": "p"}, "unknown_action", "action"),
    ({"action": "ssh.login", "organization_id": "{org}"}, "wrong_target", "project_id"),
    ({"action": "billing.read", "project_id": "{proj}"}, "wrong_target", "organization_id"),
    ({"action": "ssh.login", "project_id": "p", "login": "a", "user_id": "b"}, "ambiguous_user", "login"),
    ({"action": "ssh.login", "project_id": "p", "explain": 1}, "invalid_type", "explain"),
    ({"questions": []}, "invalid_type", "questions"), ({"questions": {}}, "invalid_type", "questions"),
    ({"questions": [1]}, "invalid_json", None), ({"questions": [{"action": "x", "y": 1}]}, "unknown_field", "y"),
    ({"questions": [{"action": "ssh.login", "project_id": "{proj}"}] * 101}, "invalid_type", "questions"),
])
def test_what_is_wrong_is_named(tenant, cluster, question, code, param):
    question = {name: value.format(org=tenant.organization, proj=cluster) if isinstance(value, str) else value
                for name, value in question.items()}
    answer = tenant.post("/v1/authorize", question)
    assert (answer.status, answer.code, answer.json["error"]["param"]) == (400, code, param)


def test_a_hundred_questions_are_one_request(tenant, cluster, alice):
    questions = [{"project_id": cluster, "action": "ssh.login", "login": alice.login}] * 100
    answers = ask(tenant, questions=questions)["data"]
    assert len(answers) == 100 and all(one["allowed"] for one in answers)


# --- the bearer: nginx's auth_request ------------------------------------------------------------------


def evaluate(tenant, path, **body):
    return tenant.post(f"/access/v1/{path}", body)


def evaluation(cluster, user, action="ssh.login", **more):
    return {"subject": {"type": "user", "id": user.id}, "action": {"name": action},
            "resource": {"type": "project", "id": cluster}, **more}


def test_a_hundred_evaluations_fit_with_all_that_a_gateway_sends(tenant, cluster, alice):
    claims = {f"claim{number}": number for number in range(5)}
    full = evaluation(cluster, alice, context={"headers": claims})
    full["subject"]["properties"] = full["resource"]["properties"] = claims
    for one in (evaluation(cluster, alice, context={}), full):
        answer = evaluate(tenant, "evaluations", evaluations=[one] * 100)
        assert answer.status == 200, answer
        assert [one["decision"] for one in answer.json["evaluations"]] == [True] * 100
    assert evaluate(tenant, "evaluations", evaluations=[full] * 101).code == "invalid_type"


def test_what_authzen_may_have_one_day_is_ignored(tenant, cluster, alice):
    """AuthZEN 1.0 demands it of whoever receives a body."""
    one = evaluation(cluster, alice, foo="bar")
    one["subject"]["futureField"] = one["action"]["futureField"] = {"nested": True}
    assert evaluate(tenant, "evaluation", **one).json["decision"]
    answer = evaluate(tenant, "evaluations", foo="bar", evaluations=[one, evaluation(cluster, alice, "clusters.scale", foo=1)])
    assert [one["decision"] for one in answer.json["evaluations"]] == [True, False]


@pytest.mark.parametrize("semantic, decided", [
    (None, [True, False, True]), ("execute_all", [True, False, True]), ("deny_on_first_deny", [True, False]),
    ("permit_on_first_permit", [True])])
def test_a_gateway_says_where_its_evaluations_end(tenant, cluster, alice, semantic, decided):
    several = [evaluation(cluster, alice, action) for action in ("ssh.login", "clusters.scale", "slurm.submit")]
    options = {"other": 1} | ({"evaluations_semantic": semantic} if semantic else {})
    answer = evaluate(tenant, "evaluations", evaluations=several, options=options)
    assert answer.status == 200 and [one["decision"] for one in answer.json["evaluations"]] == decided


@pytest.mark.parametrize("semantic, first, decided", [
    ("deny_on_first_deny", "ssh.login", [True, True]), ("permit_on_first_permit", "clusters.scale", [False, False])])
def test_where_nothing_ends_them_all_are_answered(tenant, cluster, alice, semantic, first, decided):
    answer = evaluate(tenant, "evaluations", evaluations=[evaluation(cluster, alice, first)] * 2,
                      options={"evaluations_semantic": semantic})
    assert [one["decision"] for one in answer.json["evaluations"]] == decided


@pytest.mark.parametrize("options, code, param", [
    ({"evaluations_semantic": "deny_first"}, "unknown_semantic", "evaluations_semantic"),
    ({"evaluations_semantic": 1}, "invalid_type", "evaluations_semantic"), ([], "invalid_type", "options")])
def test_a_semantic_that_there_is_not_is_named(tenant, cluster, alice, options, code, param):
    answer = evaluate(tenant, "evaluations", evaluations=[evaluation(cluster, alice)], options=options)
    error = answer.json["error"]
    assert (answer.status, answer.code, error["param"]) == (400, code, param)
    if code == "unknown_semantic":
        assert "'deny_first'" in error["message"] and "permit_on_first_permit" in error["message"]


@pytest.mark.parametrize("wrong, status, code", [
    ({"resource": {"type": "project", "id": "proj_none"}}, 404, "not_found"), ({"action": {"name": "fly"}}, 400, "unknown_action"),
    ({"resource": {"type": "project"}}, 400, "missing_field"), ({"subject": 1}, 400, "missing_field")])
def test_an_evaluation_that_cannot_be_decided_is_a_denial_and_the_others_stand(tenant, cluster, alice, wrong, status, code):
    good = evaluation(cluster, alice)
    for semantic, decided in (("execute_all", [True, False, True]), ("deny_on_first_deny", [True, False])):
        answer = evaluate(tenant, "evaluations", evaluations=[good, good | wrong, good],
                          options={"evaluations_semantic": semantic})
        assert answer.status == 200 and [one["decision"] for one in answer.json["evaluations"]] == decided
        error = answer.json["evaluations"][1]["context"]["error"]
        assert (error["status"], error["code"]) == (status, code) and error["message"]


def test_what_is_wrong_with_a_hundred_is_no_longer_than_what_was_asked(tenant, cluster, alice):
    """It is said of each: of a megabyte it made 200, and 600 in memory."""
    wrong = evaluation(cluster, alice, "a" * 900_000)
    answer = evaluate(tenant, "evaluations", evaluations=[{}] * 100, **wrong)
    errors = {one["context"]["error"]["code"] for one in answer.json["evaluations"]}
    assert len(answer.json["evaluations"]) == 100 and errors == {"unknown_action"} and len(answer.text) < 100_000


def test_who_may_not_ask_is_refused_as_a_whole(tenant, cluster, alice):
    stranger = tenant.add_user("stranger")
    several = {"evaluations": [evaluation(cluster, alice)]}
    assert tenant.post("/access/v1/evaluations", several, token=stranger).status == 403


@pytest.mark.parametrize("path, method, status", [
    ("evaluation", "POST", 200), ("evaluations", "POST", 200), ("evaluation", "GET", 405), ("search/subject", "POST", 404)])
def test_a_gateways_own_request_id_comes_back(tenant, cluster, alice, path, method, status):
    """Whatever the answer is: AuthZEN 1.0, Request Identification."""
    sent = {"X-Request-ID": "bfe9eb29-ab87 = \"4ca3\""}
    answer = tenant.request(method, f"/access/v1/{path}", evaluation(cluster, alice), headers=sent)
    assert (answer.status, answer.headers["x-request-id"]) == (status, sent["X-Request-ID"])
    refused = tenant.post(f"/access/v1/{path}", "{", headers=sent, token=None)
    assert refused.status in (401, 404) and refused.headers["x-request-id"] == sent["X-Request-ID"]


@pytest.mark.parametrize("sent", [{}, {"X-Request-ID": ""}])
def test_a_gateway_that_sends_none_gets_one(tenant, cluster, alice, sent):
    answer = tenant.post("/access/v1/evaluation", evaluation(cluster, alice), headers=sent)
    assert answer.status == 200 and re.fullmatch(r"req_\w{16}", answer.headers["x-request-id"])


def bearer(tenant, project, action, token):
    return tenant.get(f"/v1/projects/{project}/authorize/{action}", token=token)


def test_a_services_guard_gets_a_status_and_who_it_is(tenant, cluster, alice):
    token = tenant.token_for(cluster, alice)
    answer = bearer(tenant, cluster, "kubernetes.dashboard", token)
    assert answer.status == 204 and answer.text == ""
    assert (answer.headers["together-user"], answer.headers["together-login"]) == (alice.id, alice.login)
    assert answer.headers["together-role"] == "member"
    denied = bearer(tenant, cluster, "clusters.scale", token)
    assert denied.status == 403 and denied.json["error"]["allowed_roles"] == ["admin"]
    assert denied.json["error"]["ask"] == [tenant.owner.login]
    assert "together-user" not in denied.headers
    tenant.change_collaborator(cluster, alice, role="admin")
    assert bearer(tenant, cluster, "clusters.scale", token).headers["together-role"] == "admin"


def test_a_token_of_this_api_must_not_go_to_a_service(tenant, cluster, alice):
    answer = bearer(tenant, cluster, "ssh.login", alice)
    assert answer.status == 403 and "audience" in answer.json["error"]["message"]
    other = tenant.create_project("other")
    tenant.add_collaborator(other, alice)
    # Whoever runs the other one's cluster gets that token, and learns nothing of this project by it.
    assert bearer(tenant, cluster, "ssh.login", tenant.token_for(other, alice)).status == 404


def test_there_are_no_other_actions_than_a_projects(tenant, cluster, alice):
    token = tenant.token_for(cluster, alice)
    for action in ("fly", "billing.read", "SSH.LOGIN"):
        assert bearer(tenant, cluster, action, token).status == 404


def test_a_project_key_is_no_person(tenant, cluster):
    key = tenant.make("POST", f"/v1/projects/{cluster}/api_keys", {"name": "x", "scopes": ["inference.use"]})["token"]
    answer = bearer(tenant, cluster, "inference.use", key)
    assert answer.status == 204
    assert "together-login" not in answer.headers and not answer.headers.get("together-user")


# --- Kubernetes ------------------------------------------------------------------------------------


@pytest.fixture
def node(tenant, cluster):
    return tenant.node_key(cluster)


def review(tenant, node, token, **spec):
    answer = tenant.post("/v1/kubernetes/tokenreviews?timeout=30s", {  # as an API server asks
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {"creationTimestamp": None},
        "spec": {"token": token, **spec}}, token=node)
    assert answer.status == 200, answer
    assert (answer.json["apiVersion"], answer.json["kind"]) == ("authentication.k8s.io/v1", "TokenReview")
    return answer.json["status"]


def test_a_token_becomes_a_user_with_groups(tenant, cluster, alice, node):
    token = tenant.token_for(cluster, alice)
    status = review(tenant, node, token, audiences=["https://kubernetes.default.svc"])
    assert status == {"authenticated": True, "audiences": ["https://kubernetes.default.svc"],
                      "user": {"username": f"together:{alice.login}", "uid": alice.id,
                               "groups": [f"together:{cluster}"]}}
    tenant.change_collaborator(cluster, alice, role="admin")
    assert review(tenant, node, token)["user"]["groups"] == [f"together:{cluster}", f"together:{cluster}:admin"]


def test_no_other_token_is_anybody(tenant, cluster, alice, node):
    other = tenant.create_project("other")
    tenant.add_collaborator(other, alice)
    mine = tenant.token_for(cluster, alice)
    for token in ("x", alice.token, tenant.owner.token, node, tenant.token_for(other, alice), mine[:-1] + ("1" if mine[-1] == "0" else "0")):
        assert review(tenant, node, token) == {"authenticated": False}
    tenant.change_member(alice, suspended=True)
    assert review(tenant, node, mine) == {"authenticated": False}
    tenant.change_member(alice, suspended=False)
    assert review(tenant, node, mine)["authenticated"] is True
    tenant.remove_collaborator(cluster, alice)
    assert review(tenant, node, mine) == {"authenticated": False}


@pytest.mark.parametrize("body, code", [
    ({}, "missing_field"), ({"apiVersion": "v1", "kind": "TokenReview", "spec": {"token": "x"}}, "invalid_type"),
    ({"apiVersion": "authentication.k8s.io/v1", "kind": "Pod", "spec": {"token": "x"}}, "invalid_type"),
    ({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}, "missing_field"),
    ({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": []}, "invalid_json"),
    ({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {}}, "missing_field"),
])
def test_a_review_has_its_form(tenant, node, body, code):
    answer = tenant.post("/v1/kubernetes/tokenreviews", body, token=node)
    assert (answer.status, answer.code) == (400, code)


def test_an_explanation_is_never_older_than_the_last_change(tenant, cluster):
    """What it is made of is remembered as long as nothing changes."""
    alice, bob = tenant.add_user("alice"), tenant.add_user("bob")
    for user in (alice, bob):
        tenant.add_collaborator(cluster, user)

    def explained():
        return tenant.post("/v1/authorize", {"project_id": cluster, "user_id": bob.id, "action": "clusters.scale",
                                             "explain": True}).json["explanation"]
    owner = tenant.owner.login
    assert (explained()["ask"], explained()["until"]) == ([owner], None)
    for _ in range(2):
        tenant.change_collaborator(cluster, alice, role="admin")
        assert sorted(explained()["ask"]) == sorted([alice.login, owner])
        tenant.change_collaborator(cluster, alice, role="member")
        assert explained()["ask"] == [owner]
    tenant.change_collaborator(cluster, bob, until=4_000_000_000)
    assert explained()["until"] == 4_000_000_000
    end = int(time.time()) + 4
    tenant.change_collaborator(cluster, alice, role="admin", until=end)
    assert alice.login in explained()["ask"] or time.time() >= end
    wait_until(lambda: alice.login not in explained()["ask"], "her end")
    assert time.time() >= end
