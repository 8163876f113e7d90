# SPDX-License-Identifier: Apache-2.0
"""docs/role-api.openapi.yaml against the server: every path, method and status of the file is made to
happen, and every answer must fit its schema; and the server has no path and no method besides."""

import signal
import re
import time

import pytest
import yaml

from support.roled import ROOT, Roled
from support.waiting import wait_until

FILE = yaml.safe_load((ROOT / "docs" / "role-api.openapi.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "patch", "delete", "put")


def resolved(node):
    while "$ref" in node:
        reference = node["$ref"]
        found = FILE
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


OPERATIONS = {(path, method): operation for path, item in FILE["paths"].items()
              for method, operation in item.items() if method in METHODS}
CASES = [(path, method, int(status)) for (path, method), operation in OPERATIONS.items()
         for status in operation["responses"] if status != "default"]

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def misfits(schema, value, at="$"):
    """What is wrong with `value`, by the part of JSON Schema that the file uses. Stricter in one
    point: a property that the schema does not name is a fault of the file."""
    schema = resolved(schema)
    if "allOf" in schema:
        merged = {"type": "object", "required": [], "properties": {}}
        for part in map(resolved, schema["allOf"]):
            merged["required"] += part["required"]
            merged["properties"].update(part["properties"])
        return misfits(merged, value, at)
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if not misfits(one, value, at)]
        return [] if len(fitting) == 1 else [f"{at}: fits {len(fitting)} of oneOf"]
    if "const" in schema and value != schema["const"]:
        return [f"{at}: is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if type(value) not in [TYPES[name] for name in names]:
            return [f"{at}: {value!r} is no {names}"]
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return [f"{at}: {value!r} does not match"]
    found = []
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value]
        found += [f"{at}.{name}: not in the file" for name in value if name not in schema["properties"]]
        for name, part in schema["properties"].items():
            if name in value:
                found += misfits(part, value[name], f"{at}.{name}")
    if isinstance(value, list):
        for i, one in enumerate(value):
            found += misfits(schema["items"], one, f"{at}[{i}]")
    return found


class World:
    def __init__(self, directory):
        self.roled = roled = Roled(directory).start()
        self.project = roled.create_project("cluster")
        self.member, self.outside = roled.add_user("member"), roled.add_user("outside")
        self.external = roled.add_user("external")
        roled.add_collaborator(self.project, self.member)
        self.make_external(self.external)
        self.node = roled.node_key(self.project)
        self.key = roled.get(f"/v1/projects/{self.project}/node_keys").json["data"][0]["id"]
        self.serial = 0

    def make_external(self, user):
        import sqlite3
        self.roled.add_collaborator(self.project, user)
        with sqlite3.connect(self.roled.db, timeout=10) as db:
            db.execute("DELETE FROM members WHERE user_id = ?", (user.id,))
            db.execute("DELETE FROM collaborators WHERE user_id = ? AND project_id <> ?", (user.id, self.project))

    def fresh(self, prefix):
        self.serial += 1
        return f"{prefix}{self.serial}"

    def throwaway(self):
        user = self.roled.add_user(self.fresh("t"))
        self.roled.add_collaborator(self.project, user)
        return user.id


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("openapi"))
    yield world
    world.roled.stop()


def good_body(world, path, method):
    if method == "post" and path.endswith("/collaborators"):
        return {"user_id": world.roled.add_user(world.fresh("n")).id}
    return {("/v1/projects/{proj}/node_keys", "post"): {"name": "nodes"},
            ("/v1/organizations/{org}/projects", "post"): {"name": world.fresh("project ")},
            ("/v1/organizations/{org}", "patch"): {"name": "Acme"},
            ("/v1/projects/{proj}/collaborators/{user}", "patch"): {"role": "member"},
            ("/v1/users/me", "patch"): {"name": "Ann"}}.get((path, method))


def conflicting(world, path, method):
    """A body and path parameters that end in 409."""
    owner = world.roled.owner.id
    return {("/v1/projects/{proj}/collaborators", "post"): ({"user_id": owner}, {}, ""),
            ("/v1/projects/{proj}/collaborators", "get"): (None, {}, "?after=old-1-user"),
            ("/v1/projects/{proj}/collaborators/{user}", "patch"): ({"role": "member"}, {"user": owner}, ""),
            ("/v1/projects/{proj}/collaborators/{user}", "delete"): (None, {"user": owner}, ""),
            ("/v1/organizations/{org}/projects", "post"): ({"name": "cluster"}, {}, ""),
            ("/v1/users/me", "patch"): ({"login": "member"}, {}, "")}[(path, method)]


def refused_token(world, path):
    """Somebody whose role does not do."""
    if path == "/v1/users/me":
        return world.node
    if path.startswith("/v1/organizations"):
        return world.external
    return world.outside


def send(world, path, method, status):
    roled = world.roled
    ids = {"org": roled.organization, "proj": world.project, "user": world.member.id, "key": world.key}
    token, body, query, headers = roled.owner, good_body(world, path, method), "", {}
    if status == 204:
        ids["user"] = world.throwaway()
        ids["key"] = roled.post(f"/v1/projects/{world.project}/node_keys", {"name": "x"}).json["id"]
    if status == 304:
        headers["If-None-Match"] = roled.roster(world.project, world.node).headers["etag"]
    if status == 400:
        query = "?bogus=1"
    if status == 401:
        token = None
    if status == 403:
        token = refused_token(world, path)
    if status == 404:
        ids = dict.fromkeys(ids, "none") if "{user}" not in path and "{key}" not in path else {
            **ids, "user": "user_none", "key": "key_none"}
    if status == 409:
        body, more, query = conflicting(world, path, method)
        ids.update(more)
    if status == 415:
        headers["Content-Type"] = "text/plain"
    return roled.request(method.upper(), path.format(**ids) + query, body, token=token, headers=headers)


@pytest.mark.parametrize("path, method, status", [case for case in CASES if case[2] != 503],
                         ids=lambda value: str(value))
def test_each_status_of_the_file_happens_as_it_says(world, path, method, status):
    answer = send(world, path, method, status)
    assert answer.status == status, answer
    response = resolved(OPERATIONS[path, method]["responses"][str(status)])
    check_headers(response, answer)
    if "content" not in response:
        assert answer.text == ""
        return
    assert answer.headers["content-type"] == "application/json"
    assert misfits(response["content"]["application/json"]["schema"], answer.json) == []


def check_headers(response, answer):
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = answer.headers.get(name.lower())
        assert value is not None or not header["required"], f"{name} is missing"
        assert value is None or value == header["schema"].get("const", value)


@pytest.mark.parametrize("path", FILE["paths"])
def test_the_server_has_the_methods_of_the_file_and_no_others(world, path):
    answer = world.roled.request("PUT", re.sub(r"\{\w+\}", "x", path), {})
    assert answer.status == 405
    assert set(answer.headers["allow"].lower().split(", ")) == {m for p, m in OPERATIONS if p == path}


def test_the_server_has_no_route_besides():
    """From its source, since a server cannot be asked for all of its paths."""
    source = (ROOT / "role_server" / "api" / "router.cpp").read_text(encoding="utf-8")
    assert set(re.findall(r'"(/[^"]+)"', source)) == set(FILE["paths"])


def test_the_actions_of_the_file_are_those_of_the_tables(world):
    known = {row["action"] for row in world.roled.get("/v1/permissions").json["data"]}
    assert {operation["x-action"] for operation in OPERATIONS.values() if "x-action" in operation} <= known


def test_bodies_that_the_file_forbids_are_refused(world):
    for (path, method), operation in OPERATIONS.items():
        if "requestBody" not in operation:
            continue
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        assert schema["additionalProperties"] is False
        target = path.format(org=world.roled.organization, proj=world.project, user=world.member.id, key=world.key)
        answer = world.roled.request(method.upper(), target, {"bogus": 1})
        assert (answer.status, answer.code) == (400, "unknown_field")
        for name in schema["properties"]:
            required = dict.fromkeys(schema.get("required", []), "x")
            answer = world.roled.request(method.upper(), target, {**required, name: []})
            assert answer.code == "invalid_type", (path, name)


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
