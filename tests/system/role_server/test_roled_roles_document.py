# SPDX-License-Identifier: Apache-2.0
"""docs/roles.md: its tables are those of the server (GET /v1/permissions), and name for each row who enforces it:
together-roled, by the operations of the OpenAPI file that are this action, or whoever asks it.

Where this is red, the document gets the table that the test shows."""

import re

import yaml

from support.roled import ROOT

DOCUMENT = (ROOT / "docs" / "roles.md").read_text(encoding="utf-8")
OPENAPI = yaml.safe_load((ROOT / "docs" / "role-api.openapi.yaml").read_text(encoding="utf-8"))

SCOPES = {"Organization": ("organization.", "billing.", "projects.", "members."),
          "Project": ("project.", "costs.", "api_keys.", "collaborators."),
          "GPU clusters: control plane": ("clusters.", "volumes.manage", "volumes.read"),
          "GPU clusters: data plane": ("ssh.", "kubernetes.", "slurm.", "volumes.use"),
          "Other products": ("fine_tuning.", "endpoints.", "inference.", "products.")}

CONTROL_PLANE = "the control plane's proxy"
PRODUCT = "the product's proxy"
# Whoever enforces what is not together-roled's own: the rows of the document's last table.
ENFORCED_BY = {
    "costs.read": "cost analytics",
    **dict.fromkeys(("clusters.create", "clusters.delete", "clusters.scale", "clusters.modify", "clusters.read",
                     "volumes.manage", "volumes.read"), CONTROL_PLANE),
    "ssh.login": "sshd, sudo, cron",
    "slurm.submit": "Slurm",
    "kubernetes.run": "Kubernetes",
    "kubernetes.dashboard": "the dashboard's proxy",
    "volumes.use": "file systems",
    **dict.fromkeys(("fine_tuning.use", "endpoints.use", "inference.use", "products.use"), PRODUCT)}


def operations_of(action):
    """"GET, POST /projects/P/api_keys": of a list and of each of its things in one."""
    methods = {}
    for path, item in OPENAPI["paths"].items():
        short = re.sub(r"/\{(user|key|inv)\}$", "", path.removeprefix("/v1"))
        short = short.replace("{org}", "O").replace("{proj}", "P")
        for method, operation in item.items():
            if method != "parameters" and operation.get("x-action") == action:
                methods.setdefault(short, []).append(method.upper())
    return [f"{', '.join(dict.fromkeys(those))} {path}" for path, those in methods.items()]


def row(permission):
    action = permission["action"]
    by = ", ".join(f"`{one}`" for one in operations_of(action)) or ENFORCED_BY[action]
    answers = " | ".join("yes" if permission[role] else "no" for role in ("admin", "member"))
    return f"| `{action}` | {permission['title']} | {answers} | {by} |"


def table(scope, permissions):
    rows = [row(one) for one in permissions if one["action"].startswith(SCOPES[scope])]
    return "\n".join([f"## {scope}", "| action | | Admin | Member | enforced by |", "| --- | --- | --- | --- | --- |",
                      *rows, ""])


def test_the_tables_of_the_document_are_those_of_the_server(roled):
    permissions = roled.get("/v1/permissions").json["data"]
    for scope in SCOPES:
        expected = table(scope, permissions)
        assert expected in DOCUMENT, f"docs/roles.md should have\n{expected}"
    assert DOCUMENT.count("\n| `") == len(permissions)


def test_each_row_is_enforced_by_the_authority_or_by_somebody_named(roled):
    actions = {one["action"] for one in roled.get("/v1/permissions").json["data"]}
    own = {action for action in actions if operations_of(action)}
    assert own | set(ENFORCED_BY) == actions
    assert own & set(ENFORCED_BY) == set()
    for name in set(ENFORCED_BY.values()):
        assert f"\n| {name} | " in DOCUMENT, f"docs/roles.md does not say how {name} asks"
