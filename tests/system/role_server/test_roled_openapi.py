# SPDX-License-Identifier: Apache-2.0
"""docs/role-api.openapi.yaml against the server, both ways.

One story calls every operation until it succeeds, each change as a dry run first; every answer must fit its
schema (JSON Schema 2020-12), with no field besides, and every field of the file must have come with a value.
Then every error of the file is made to happen. What the server takes (paths, methods, parameters, fields of
bodies) it says itself where it refuses something unknown, and that must be what the file says.
"""

import copy
import json
import re
import signal
import time

import jsonschema
import pytest
import yaml

from support.roled import ROOT, Roled
from support.waiting import wait_until

FILE = yaml.safe_load((ROOT / "docs" / "role-api.openapi.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "patch", "delete", "put")
OPERATIONS = {(path, method): operation for path, item in FILE["paths"].items()
              for method, operation in item.items() if method in METHODS}
ERRORS = [(path, method, int(status)) for (path, method), operation in OPERATIONS.items()
          for status in operation["responses"] if status.startswith("4")]
WITH_A_BODY = [case for case, operation in OPERATIONS.items() if "requestBody" in operation]
FUTURE = int(time.time()) + 3600
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKFIm1c1cAUYHhxyaGSAmMuLkxVOk4Tw4ecBbSbD6e ann@laptop"


# ---- the file and its schemas ------------------------------------------------------------------

def closed(node):
    """The same, without room for fields that it does not name: answers may gain them, but not unsaid."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: closed(part) for name, part in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        made["additionalProperties"] = False
    return made


CLOSED = closed(copy.deepcopy(FILE))
RESOLVER = jsonschema.RefResolver.from_schema(CLOSED)


def misfits(schema, value):
    return [f"{error.json_path}: {error.message}"
            for error in jsonschema.Draft202012Validator(schema, resolver=RESOLVER).iter_errors(value)]


def resolved(node):
    while "$ref" in node:
        node = {**RESOLVER.resolve(node["$ref"])[1], **{key: part for key, part in node.items() if key != "$ref"}}
    return node


def fields_of(schema, value, place=""):
    """Each field of `value` that is not null, as the schema that names it: "#/components/schemas/Me.login"."""
    place = schema.get("$ref", place)
    schema = resolved(schema)
    for one in schema.get("oneOf", []):
        if not misfits(one, value):
            yield from fields_of(one, value, place)
    for one in value if isinstance(value, list) and "items" in schema else []:
        yield from fields_of(schema["items"], one, place)
    for name, part in schema.get("properties", {}).items() if isinstance(value, dict) else []:
        if value.get(name) is not None:
            yield f"{place}.{name}"
            yield from fields_of(part, value[name], f"{place}.{name}")


def named_fields(schema, place, asked_for):
    """All that a schema and those that it refers to name, but what is always null."""
    if "$ref" in schema:
        place = schema["$ref"]
        if place in asked_for:
            return
        asked_for.add(place)
    schema = resolved(schema)
    for one in schema.get("oneOf", []) + [part for name, part in schema.items() if name == "items"]:
        yield from named_fields(one, place, asked_for)
    for name, part in schema.get("properties", {}).items():
        if name != "next_cursor" and resolved(part).get("type") != "null":  # a cursor: of more than one page
            yield f"{place}.{name}"
            yield from named_fields(part, f"{place}.{name}", asked_for)


def json_schema_of(content):
    return content["content"]["application/json"]["schema"]


def body_schema(operation):
    return json_schema_of(operation["requestBody"])


def parameters_of(path, method, kind):
    given = OPERATIONS[path, method].get("parameters", [])
    return {one["name"] for one in map(resolved, given) if one["in"] == kind}


def check_headers(response, answer):
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = answer.headers.get(name.lower())
        assert value is not None or not header["required"], f"{name} is missing"
        assert value is None or not misfits({**header["schema"], "type": "string"}, value)


# ---- the story ---------------------------------------------------------------------------------

class Story:
    """Calls operations; remembers which ones succeeded and which fields were seen with a value."""

    def __init__(self, roled):
        self.roled = roled
        self.ids = {"org": roled.organization}
        self.succeeded, self.seen, self.sent, self.tagged = set(), set(), set(), set()

    def ask(self, method, path, body=None, query="", **kwargs):
        """An answer that fits the file; what comes too fast is asked again."""
        answer = wait_until(lambda: self.once(method, path, body, query, **kwargs), "an answer that is not 429")
        assert str(answer.status) in OPERATIONS[path, method]["responses"], answer
        return answer

    def once(self, method, path, body, query, token="owner", headers=None, **ids):
        target = path.format(**{**self.ids, **ids}) + query
        answer = self.roled.request(method.upper(), target, body, token=token, headers=headers)
        self.check(path, method, answer)
        return None if answer.status == 429 else answer

    def check(self, path, method, answer):
        responses = OPERATIONS[path, method]["responses"]
        response = resolved(responses.get(str(answer.status), responses["default"]))
        check_headers(response, answer)
        if "content" not in response or not answer.headers.get("content-type", "").startswith("application/json"):
            assert "content" not in response and answer.text == "" or \
                answer.headers["content-type"].split(";")[0] in response["content"]
            return
        schema = json_schema_of(response)
        assert misfits(schema, answer.json) == [], answer
        if answer.status < 300:
            self.seen.update(fields_of(schema, answer.json))

    def call(self, method, path, body=None, **kwargs):
        """Succeeds. A change is tried first: the dry run says what comes, and changes nothing; without a token
        it says nothing."""
        operation = OPERATIONS[path, method]
        if body is not None:
            assert misfits(body_schema(operation), body) == []
            self.sent.update(fields_of(body_schema(operation), body))
        tried = None
        if "dry_run" in parameters_of(path, method, "query"):
            dry_run = self.ask(method, path, body, "?dry_run=true", **kwargs)
            if "token" in kwargs and kwargs["token"] is None:
                assert (dry_run.status, dry_run.code) == (401, "missing_token")
            else:
                tried = dry_run.json
        answer = self.ask(method, path, body, **kwargs)
        assert 200 <= answer.status < 300, answer
        assert tried is None or tried["status"] == answer.status
        if "etag" in answer.headers and "If-None-Match" in parameters_of(path, method, "header"):
            again = self.ask(method, path, headers={"If-None-Match": answer.headers["etag"]}, **kwargs)
            assert (again.status, again.text) == (304, "")
        if method != "get":
            self.go_on_from(path, method, answer, **kwargs)
        self.succeeded.add((path, method))
        return answer.json

    def go_on_from(self, path, method, answer, token="owner", headers=None, **ids):
        """What a change is answered with, it has the ETag of the next GET, if that has one."""
        place = answer.headers.get("location", path.format(**{**self.ids, **ids}))
        read = [there for there, one in OPERATIONS if one == "get" and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", there), place)]
        if answer.status not in (200, 201, 202) or not read or "limit" in parameters_of(read[0], "get", "query"):
            assert "etag" not in answer.headers and "location" not in answer.headers
            return
        now = wait_until(lambda: self.answer_in_time(place, token), "an answer that is not 429")
        assert answer.headers.get("etag") == now.headers.get("etag")  # what is gone has none
        if now.status == 200:
            same = {name: value for name, value in answer.json.items() if name not in ("token", "consequences")}
            assert now.json == same
            self.tagged.add((path, method, answer.status))

    def answer_in_time(self, place, token):
        answer = self.roled.get(place, token=token)
        return answer if answer.status != 429 else None

    def get(self, path, **kwargs):
        return self.call("get", path, **kwargs)

    def post(self, path, body, **kwargs):
        return self.call("post", path, body, **kwargs)

    def patch(self, path, body, **kwargs):
        return self.call("patch", path, body, **kwargs)

    def delete(self, path, **kwargs):
        return self.call("delete", path, **kwargs)

    def look_at(self, path, **ids):
        """A list, by pages of one, and one of its things."""
        one, _ = re.subn(r"/(tokens|ssh_keys|api_keys|node_keys)$", r"/\1/{key}",
                         path.replace("invitations", "invitations/{inv}"))
        self.get(path)
        self.get(path, query="?limit=1")
        self.get(one, **ids)


ORGANIZATION, PROJECT, ME = "/v1/organizations/{org}", "/v1/projects/{proj}", "/v1/users/me"


def tell_about_oneself(story):
    for path in ("/healthz", "/readyz"):
        story.get(path, token=None)
    story.get("/v1/permissions")
    story.patch(ME, {"name": "Ann"})
    for path in (ME, "/v1/whoami", ME + "/organizations", ME + "/projects"):
        story.get(path)
    key = story.post(ME + "/ssh_keys", {"public_key": SSH_KEY, "name": "laptop"})["id"]
    story.look_at(ME + "/ssh_keys", key=key)
    story.ids["ssh_key"] = key
    token = story.post(ME + "/tokens", {"name": "script", "expires_at": FUTURE})
    story.get("/v1/whoami", token=token["token"])
    story.ids["token"] = token["id"]
    wait_until(lambda: story.ask("get", ME + "/tokens/{key}", key=token["id"]).json["last_used_at"],
               "the use of a token")
    story.look_at(ME + "/tokens", key=token["id"])


def tell_about_the_organization(story):
    story.patch(ORGANIZATION, {"name": "Acme", "external_collaborators": True, "allocate_uids": False,
                               "first_id": 10000, "last_id": 50000, "reserved_logins": ["ops"]})
    story.get(ORGANIZATION)
    story.patch(ORGANIZATION + "/billing", {"contact_email": "bills@example.com"})
    story.get(ORGANIZATION + "/billing")
    invitations = ORGANIZATION + "/invitations"
    asked = {"email": "bob@example.com", "role": "member", "until": FUTURE}
    wrong = story.post(invitations, asked)
    story.delete(invitations + "/{inv}", inv=wrong["id"])
    invited = story.post(invitations, asked)
    story.look_at(invitations, inv=invited["id"])
    later = story.post(invitations, {"email": "later@example.com"})
    story.ids["open"], story.open_invitation = later["id"], later["token"]
    bob = story.post("/v1/invitations/accept", {"token": invited["token"], "name": "Bob", "login": "bob"}, token=None)
    story.bob, story.bob_id = bob["token"], bob["user"]["id"]
    members = ORGANIZATION + "/members/{user}"
    story.get(ORGANIZATION + "/members")
    story.patch(members, {"role": "admin", "uid": 20001, "until": FUTURE + 1, "login": "bob"}, user=story.bob_id)
    story.get(members, user=story.bob_id)
    for suspended in (True, False):
        story.patch(members, {"suspended": suspended}, user=story.bob_id)


def tell_about_a_project(story):
    made = story.post(ORGANIZATION + "/projects", {"name": "cluster", "group": "p-gpu"})
    story.ids["proj"] = made["id"]
    story.get(ORGANIZATION + "/projects")
    story.patch(PROJECT, {"name": "The cluster", "group": "p-cluster"})
    story.get(PROJECT)
    story.post(PROJECT + "/join", {}, token=story.bob)
    story.post(PROJECT + "/leave", {}, token=story.bob)
    people = PROJECT + "/collaborators"
    story.post(people, {"user_id": story.bob_id, "role": "member", "until": FUTURE})
    story.patch(people + "/{user}", {"role": "admin", "until": FUTURE + 1, "uid": 20001}, user=story.bob_id)
    story.get(people + "/{user}", user=story.bob_id)
    invitations = PROJECT + "/invitations"
    story.ids["open_project"] = story.post(people, {"login": "nobody_yet"})["id"]
    story.get(invitations + "/{inv}", inv=story.ids["open_project"])
    frank = story.roled.add_user("frank").id
    story.post(people, {"user_id": frank, "uid": 30001})
    story.delete(people + "/{user}", user=frank)
    story.delete(invitations + "/{inv}", inv=story.post(people, {"email": "wrong@example.com"})["id"])
    invited = story.post(people, {"email": "carol@example.com", "role": "member", "until": FUTURE})
    story.look_at(invitations, inv=invited["id"])
    carol = story.post("/v1/invitations/accept", {"token": invited["token"]}, token=None)
    story.carol, story.carol_id = carol["token"], carol["user"]["id"]
    story.patch(ME, {"login": "carol"}, token=story.carol)
    name_only = story.get(ORGANIZATION, token=story.carol)
    assert set(name_only) == {"object", "id", "name"}
    story.get(people)
    story.get(people, query="?include=accounts")
    held = story.roled.roster(made["id"], story.roled.owner, etag='"other"', wait=1)
    story.check(people, "get", held)


def tell_about_keys(story):
    scopes = ["project.read", "authorize", "inference.use"]
    for what, body in (("api_keys", {"name": "service", "scopes": scopes, "expires_at": FUTURE}),
                       ("node_keys", {"name": "nodes", "expires_at": FUTURE})):
        path = f"{PROJECT}/{what}"
        key = story.post(path, body)
        # Its use stands in the lists.
        story.get(PROJECT + ("" if what == "api_keys" else "/collaborators"), token=key["token"])
        story.get("/v1/whoami", token=key["token"])
        story.ids[what], story.__dict__[what] = key["id"], key["token"]
        wait_until(lambda: story.ask("get", path + "/{key}", key=key["id"]).json["last_used_at"], "the use of a key")
        story.look_at(path, key=key["id"])
        story.delete(path + "/{key}", key=story.post(path, body)["id"])
    story.bearer = story.post(ME + "/tokens", {"name": "kubectl", "audience": story.ids["proj"]},
                              token=story.carol)["token"]


def tell_who_may(story):
    guard = PROJECT + "/authorize/{action}"
    story.get(guard, action="clusters.read", token=story.bearer)
    story.get(guard, action="inference.use", token=story.api_keys)
    assert story.ask("get", guard, action="clusters.scale", token=story.bearer).json["error"]["allowed_roles"]
    project, organization = story.ids["proj"], story.ids["org"]
    scale = {"project_id": project, "login": "carol", "action": "clusters.scale", "explain": True}
    assert not story.post("/v1/authorize", scale)["allowed"]
    story.post("/v1/authorize", {"organization_id": organization, "action": "members.read"})
    story.post("/v1/authorize", {"project_id": project, "user_id": story.bob_id, "action": "clusters.scale",
                                 "explain": True})
    story.post("/v1/authorize", {"questions": [scale, {"organization_id": organization, "action": "billing.read"},
                                               {"organization_id": organization, "user_id": story.carol_id,
                                                "action": "billing.read", "explain": True}]})
    evaluation = {"subject": {"type": "user", "id": "carol", "properties": {"team": "x"}},
                  "action": {"name": "clusters.scale"}, "resource": {"type": "project", "id": project},
                  "context": {"time": "now"}}
    assert not story.post("/access/v1/evaluation", evaluation)["decision"]
    bob = {"subject": {"type": "user", "id": story.bob_id}}
    story.post("/access/v1/evaluations", {**evaluation, "options": {"evaluations_semantic": "execute_all"},
                                          "evaluations": [bob, evaluation, {"action": {"name": "none"}}]})
    story.post("/access/v1/evaluations", evaluation)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {}, "status": {},
              "spec": {"token": story.bearer, "audiences": ["cluster"]}}
    reviews = "/v1/kubernetes/tokenreviews"
    assert story.post(reviews, review, token=story.node_keys)["status"]["authenticated"]
    review["spec"]["token"] = "tgu_none"
    assert not story.post(reviews, review, token=story.node_keys)["status"]["authenticated"]
    story.roled.roster(project, story.node_keys, etag=story.roled.roster(project, story.node_keys).headers["etag"],
                       node="name=gpu1; version=0.1.0; mode=enforce")
    story.get(PROJECT + "/nodes")
    story.post(PROJECT + "/last_seen", {"data": [{"user_id": story.carol_id, "door": "ssh", "seen_at": 1}]},
               token=story.node_keys, headers={"Together-Node": "name=gpu1; version=0.1.0; mode=enforce"})
    wait_until(lambda: any(row["last_seen_at"] for row in story.ask("get", PROJECT + "/access_review").json["data"]),
               "what the node told")
    story.get(PROJECT + "/access_review")
    for role in ("admin", "member"):
        story.patch(PROJECT + "/collaborators/{user}", {"role": role}, user=story.carol_id)
        seen = story.ask("get", PROJECT + "/access_review", token=story.carol)  # of who is no member there
        assert seen.status == (200 if role == "admin" else 403)
    table = story.ask("get", PROJECT + "/access_review", query="?format=csv").text.splitlines()
    assert len(table) == 4 and table[0].startswith("user_id,email,name,login,")


def tell_the_end(story):
    """Who goes, and what is gone."""
    other = story.post(ORGANIZATION + "/projects", {"name": "other"})["id"]
    invited = story.post(PROJECT + "/collaborators", {"login": "carol", "until": FUTURE}, proj=other)
    story.post("/v1/invitations/accept", {"token": invited["token"]}, token=story.carol)
    since = int(time.time())
    wait_until(lambda: int(time.time()) > since, "the next second")
    story.delete(PROJECT + "/collaborators/{user}", user=story.carol_id)
    story.ask("get", PROJECT + "/access_review", query=f"?since={since}")
    story.delete(PROJECT, proj=other)
    for name in ("dave", "erin"):
        user = story.roled.add_user(name)
        story.delete(ME, token=user) if name == "dave" else story.post(ORGANIZATION + "/leave", {}, token=user)
    story.delete(ORGANIZATION + "/members/{user}", user=story.bob_id)
    for what, path in (("token", ME + "/tokens/{key}"), ("ssh_key", ME + "/ssh_keys/{key}")):
        story.delete(path, key=story.ids[what])
    assert story.ask("patch", PROJECT, {"name": "x"}, token=story.roled.add_user("grace")).status == 403
    trail = lambda: story.get(ORGANIZATION + "/audit", query="?limit=1000")["data"]
    wait_until(lambda: [record for record in trail() if record["outcome"] == "refused"], "the record of a refusal")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    roled = Roled(tmp_path_factory.mktemp("openapi")).start()
    story = Story(roled)
    for part in (tell_about_oneself, tell_about_the_organization, tell_about_a_project, tell_about_keys,
                 tell_who_may, tell_the_end):
        part(story)
    yield story
    roled.stop()


def test_every_operation_of_the_file_succeeds_and_answers_as_it_says(told):
    assert set(OPERATIONS) - told.succeeded == set()


def test_what_a_change_is_answered_with_has_its_etag_where_the_file_says_so(told):
    named = {(path, method, int(status)) for (path, method), operation in OPERATIONS.items() if method != "get"
             for status, response in operation["responses"].items() if "ETag" in resolved(response).get("headers", {})}
    assert named == told.tagged
    # All that a GET has an ETag of: what is changed by its own path, what is made by the path of its list.
    single = {path for path, method in OPERATIONS if method == "get" and "If-None-Match" in parameters_of(path, "get", "header")
              and "limit" not in parameters_of(path, "get", "query")}
    assert {path for path, method, status in named if method == "patch"} == {
        path for path in single if (path, "patch") in OPERATIONS}
    made = {path for path, method, _ in named if method == "post"}
    assert made >= {path.rsplit("/", 1)[0] for path in single if path.rsplit("/", 1)[-1] in ("{key}", "{inv}", "{user}")
                    and (path.rsplit("/", 1)[0], "post") in OPERATIONS}


def test_every_field_of_the_file_comes_with_a_value(told):
    named = set()
    for operation in OPERATIONS.values():
        for status, response in operation["responses"].items():
            if status.startswith("2") and "application/json" in resolved(response).get("content", {}):
                named.update(named_fields(json_schema_of(resolved(response)), "", set()))
    assert named - told.seen == set()


def test_every_field_of_a_body_was_sent(told):
    named = set()
    for case in WITH_A_BODY:
        named.update(named_fields(body_schema(OPERATIONS[case]), "", set()))
    assert named - told.sent == set()


# ---- what is refused ---------------------------------------------------------------------------

class Refusals:
    """Somebody for whom, and something about which, each refusal can be had; nothing of it is changed."""

    def __init__(self, told):
        self.story, self.roled = told, told.roled
        owner = told.roled.owner
        self.suspended = told.roled.add_user("suspended")
        told.roled.add_collaborator(told.ids["proj"], self.suspended)
        target = f"/v1/organizations/{told.ids['org']}/members/{self.suspended.id}"
        assert told.roled.patch(target, {"suspended": True}).status == 200
        ids = {"org": told.ids["org"], "proj": told.ids["proj"], "user": owner.id, "action": "clusters.scale"}
        self.ids = ids
        self.keys = {"tokens": told.ask("get", ME + "/tokens").json["data"][0]["id"], "api_keys": told.ids["api_keys"],
                     "node_keys": told.ids["node_keys"],
                     "ssh_keys": told.post(ME + "/ssh_keys", {"public_key": SSH_KEY})["id"]}
        self.audience_token = told.roled.post(ME + "/tokens", {"name": "audience", "audience": ids["proj"]}).json["token"]
        told.ask("patch", ME, {"name": "Ann"}, headers={"Idempotency-Key": "used"})

    def ids_for(self, path):
        kind = re.search(r"/(\w+)/\{key\}", path)
        invitation = self.story.ids["open" if path.startswith(ORGANIZATION) else "open_project"]
        return {**self.ids, "key": self.keys[kind[1]] if kind else "", "inv": invitation}

    def denied(self, path, operation):
        """A token that is good and does not do here."""
        if "x-action" in operation:
            return self.suspended
        if path.endswith(("/whoami", "/permissions", "/v1/authorize", "/evaluation", "/evaluations")):
            return self.audience_token
        return "owner" if re.search("authorize|tokenreviews|last_seen", path) else self.story.node_keys

    def send(self, path, method, status):
        operation = OPERATIONS[path, method]
        ids, token, headers, query = self.ids_for(path), self.asker(path), {}, ""
        body = {} if "requestBody" in operation else None
        if path == "/v1/invitations/accept":  # what is wrong with it is said first
            body = {"token": self.story.open_invitation}
        if status == 400:
            query = "?bogus=1"
        if status == 401:
            token = "tgu_none"
        if status == 403:
            token = self.denied(path, operation)
        if status == 404:
            last = re.findall(r"\{(\w+)\}", path)[-1:]
            ids.update(dict.fromkeys(last, "none"))
            body = about_nothing(path) if not last else body
        if status == 409:
            headers["Idempotency-Key"] = "used"
            query = "?after=old-1-user" if method == "get" else ""
        if status == 412:
            headers["If-Match"] = '"of something else"'
        if status == 415:
            headers["Content-Type"] = "text/plain"
        return self.story.ask(method, path, body, query, token=token, headers=headers, **ids)

    def asker(self, path):
        if path.endswith(("/tokenreviews", "/last_seen")):
            return self.story.node_keys
        return self.audience_token if path.endswith("/{action}") else "owner"


def about_nothing(path):
    if path == "/v1/authorize":
        return {"project_id": "none", "action": "ssh.login"}
    return {"subject": {"type": "user", "id": "ann"}, "action": {"name": "ssh.login"},
            "resource": {"type": "project", "id": "none"}}


@pytest.fixture(scope="module")
def refusals(told):
    return Refusals(told)


@pytest.mark.parametrize("path, method, status", ERRORS, ids=lambda value: str(value))
def test_each_error_of_the_file_happens_as_it_says(refusals, path, method, status):
    answer = refusals.send(path, method, status)
    assert answer.status == status, answer
    operation = OPERATIONS[path, method]
    if status == 403 and "x-action" in operation:
        assert f"({operation['x-action']})" in answer.json["error"]["message"]
        assert answer.json["error"]["allowed_roles"]


def told_list(answer, word):
    found = re.search(rf"{word}: (.*)\.$", answer.json["error"]["message"])
    return set(found[1].split(", ")) - {"none"}


@pytest.mark.parametrize("path, method", [case for case in OPERATIONS if OPERATIONS[case].get("security") != []])
def test_the_server_takes_the_parameters_of_the_file_and_no_others(refusals, path, method):
    answer = refusals.send(path, method, 400)
    assert answer.code == "unknown_parameter"
    assert told_list(answer, "Parameters") == parameters_of(path, method, "query")


AUTHZEN = "/access/v1/"


@pytest.mark.parametrize("path, method", [case for case in WITH_A_BODY if not case[0].startswith(AUTHZEN)])
def test_the_server_takes_the_fields_of_the_file_and_no_others(refusals, path, method):
    schema = resolved(body_schema(OPERATIONS[path, method]))
    assert schema["additionalProperties"] is False
    ask = lambda body: refusals.story.ask(method, path, body, token=refusals.asker(path), **refusals.ids_for(path))
    answer = ask({"bogus": 1})
    assert answer.code == "unknown_field"
    assert told_list(answer, "Fields") == set(schema["properties"])
    for name in schema.get("required", []):
        assert ask({}).code == "missing_field"
        assert name in schema["properties"]


@pytest.mark.parametrize("path, method", [case for case in WITH_A_BODY if case[0].startswith(AUTHZEN)])
def test_in_the_words_of_a_standard_that_says_so_other_fields_are_ignored(refusals, path, method):
    name = body_schema(OPERATIONS[path, method])["$ref"].rsplit("/", 1)[1]
    for schema in (name, "AuthZenThing", "EvaluationPart"):
        assert "additionalProperties" not in FILE["components"]["schemas"][schema]
    for body, param in (({"bogus": 1}, "subject"), ({"subject": {"bogus": 1}}, "id")):
        answer = refusals.story.ask(method, path, body)
        assert (answer.code, answer.json["error"]["param"]) == ("missing_field", param)


def test_so_it_is_inside_of_bodies(refusals):
    story = refusals.story
    question = story.ask("post", "/v1/authorize", {"questions": [{"bogus": 1}]})
    assert told_list(question, "Fields") == set(FILE["components"]["schemas"]["Question"]["properties"])
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"bogus": 1}}
    answer = story.ask("post", "/v1/kubernetes/tokenreviews", review, token=story.node_keys)
    assert told_list(answer, "Fields") == \
        set(FILE["components"]["schemas"]["TokenReview"]["properties"]["spec"]["properties"])


# ---- paths -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", FILE["paths"])
def test_the_server_has_the_methods_of_the_file_and_no_others(told, path):
    answer = told.roled.request("PUT", re.sub(r"\{\w+\}", "x", path), {})
    assert answer.status == 405
    assert set(answer.headers["allow"].lower().split(", ")) == {m for p, m in OPERATIONS if p == path}


def test_the_server_has_no_route_besides():
    """From its source, since a server cannot be asked for all of its paths."""
    source = (ROOT / "role_server" / "api" / "router.cpp").read_text(encoding="utf-8")
    assert set(re.findall(r'"(/[^"]+)"', source)) == set(FILE["paths"])


def test_the_actions_of_the_file_are_those_of_the_tables(told):
    known = {row["action"] for row in told.get("/v1/permissions")["data"]}
    assert {operation["x-action"] for operation in OPERATIONS.values() if "x-action" in operation} <= known


def test_the_file_is_one_of_openapi_3_1_by_its_own_references():
    """Each reference leads somewhere, each component is used, each path parameter is declared."""
    text = json.dumps(FILE)
    used = set(re.findall(r'"\$ref": "(#/components/\w+/\w+)"', text))
    there = {f"#/components/{kind}/{name}" for kind, parts in FILE["components"].items()
             if kind != "securitySchemes" for name in parts}
    assert used == there
    for path, item in FILE["paths"].items():
        declared = {resolved(one)["name"] for one in item.get("parameters", [])}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
    for schema in FILE["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


# What OpenAPI 3.1 gives each object, of which this file uses a part; of JSON Schema, what the file uses.
ANYWHERE = {"summary", "description", "deprecated", "example", "examples"}
KEYS = {
    "path item": {"summary", "description", "parameters", *METHODS},
    "operation": {"tags", "summary", "description", "operationId", "parameters", "requestBody", "responses", "security",
                  "deprecated"},
    "parameter": ANYWHERE - {"summary"} | {"name", "in", "required", "style", "explode", "schema", "content"},
    "header": ANYWHERE - {"summary"} | {"required", "style", "explode", "schema", "content"},
    "request body": {"description", "required", "content"},
    "response": {"description", "headers", "content"},
    "media type": {"schema", "example", "examples"},
    "schema": {"type", "required", "properties", "additionalProperties", "items", "oneOf", "const", "enum", "pattern",
               "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "minProperties", "description",
               "examples", "default"},
    "reference": {"$ref", "description"},
}
# What stands in these keys is objects of that kind: one, or a list, or one under each name.
PARTS = {"parameters": "parameter", "requestBody": "request body", "responses": "response", "headers": "header",
         "content": "media type", "schema": "schema", "properties": "schema", "items": "schema", "oneOf": "schema",
         **dict.fromkeys(METHODS, "operation")}
ONE_EACH = {"requestBody", "schema", "items", *METHODS}


def unknown_keys(kind, node, place):
    """In flow style a comma ends a description, and what follows it is a key without a value."""
    known = KEYS["reference"] | (KEYS["schema"] if kind == "schema" else set()) if "$ref" in node else KEYS[kind]
    yield from (f"{place}: {kind}.{key}" for key in node if key not in known and not key.startswith("x-"))
    yield from (f"{place}.{key}" for key in ("description", "summary") if not isinstance(node.get(key, ""), str))
    for key, part in node.items():
        if key in PARTS:
            parts = {"": part} if key in ONE_EACH else part if isinstance(part, dict) else dict(enumerate(part))
            for name, one in parts.items():
                yield from unknown_keys(PARTS[key], one, f"{place}/{key}/{name}".rstrip("/"))


def all_unknown_keys(file):
    for path, item in file["paths"].items():
        yield from unknown_keys("path item", item, path)
    for name, kind in (("parameters", "parameter"), ("headers", "header"), ("responses", "response"),
                       ("schemas", "schema")):
        for key, part in file["components"][name].items():
            yield from unknown_keys(kind, part, key)


def test_no_object_of_the_file_has_a_key_that_openapi_does_not_know():
    assert list(all_unknown_keys(FILE)) == []


@pytest.mark.parametrize("place", ["components headers AsOf", "components responses Roster", "components parameters proj",
                                   "components schemas Access properties tokens",
                                   "paths /v1/projects/{proj}/collaborators get responses 304"])
def test_a_description_that_a_comma_cuts_is_found(place):
    file = copy.deepcopy(FILE)
    node = file
    for name in place.split():
        node = node[name]
    node["in seconds since 1970."] = None
    assert len(list(all_unknown_keys(file))) == 1


def test_503_while_stopping(tmp_path):
    roled = Roled(tmp_path)
    roled.drain_ms = 1000
    roled.start()
    roled.process.send_signal(signal.SIGTERM)
    answer = wait_until(roled.unready, "503")
    assert answer.headers["retry-after"]
    assert misfits({"$ref": "#/components/schemas/Error"}, answer.json) == []
    assert roled.process.wait(10) == 0
    roled.stop()
