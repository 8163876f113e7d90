# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes: what no API server of the tests reads is held against what it speaks of. The admission policy
and the AuthorizationConfiguration are in force in tests/system/kubernetes."""

import re
from typing import Any

import yaml

from support.console_blocks import CHECKOUT

FOLDER = CHECKOUT / "packaging" / "kubernetes"
PAGE = (CHECKOUT / "docs" / "kubernetes.md").read_text()


def shipped(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def setting(key: str) -> str:
    return re.search(rf"^{key} = (.*)$", PAGE, re.M)[1]


def test_each_file_is_named_on_the_page() -> None:
    for path in FOLDER.iterdir():
        assert f"`{path.name}`" in PAGE, path.name


def test_the_namespace_is_the_one_of_the_configuration() -> None:
    assert shipped("namespace.yaml")["metadata"]["name"] == setting("namespaces")
    assert shipped("metadata-address.yaml")["metadata"]["namespace"] == setting("namespaces") != "default"


def test_the_metadata_address_is_closed_and_all_else_open() -> None:
    spec = shipped("metadata-address.yaml")["spec"]
    assert spec["podSelector"] == {} and spec["policyTypes"] == ["Egress"]
    blocks = [to["ipBlock"] for to in spec["egress"][0]["to"]]
    assert [block["cidr"] for block in blocks] == ["0.0.0.0/0", "::/0"]
    assert "169.254.169.254/32" in blocks[0]["except"]
    assert spec["egress"][1] == {"to": [{"namespaceSelector": {}}]}


def test_the_static_pod_runs_what_is_installed_and_reads_what_the_page_names() -> None:
    containers = {one["name"]: one for one in shipped("together-authorizer.yaml")["spec"]["containers"]}
    assert containers["together-authorizer"]["command"] == ["/usr/sbin/together-authorizer"]
    assert containers["together-refresh"]["command"] == ["/usr/libexec/together/together-refresh", "--watch"]
    probe = containers["together-authorizer"]["livenessProbe"]["tcpSocket"]
    assert setting("listen") == f"{probe['host']}:{probe['port']}"
    for container in containers.values():
        mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert mounted == ["/etc/together", "/var/cache/together"]
        secured = container["securityContext"]
        assert secured["readOnlyRootFilesystem"] and not secured["allowPrivilegeEscalation"]
        assert secured["capabilities"]["drop"] == ["ALL"]
    for key in ("tls_cert", "tls_key", "client_ca"):
        assert setting(key).startswith("/etc/together/")


def test_the_api_server_asks_about_the_users_that_are_ours() -> None:
    webhook = next(one["webhook"] for one in shipped("authorization.yaml")["authorizers"] if one["type"] == "Webhook")
    assert webhook["matchConditions"] == [{"expression": "request.user.startsWith('together:')"}]
    assert webhook["failurePolicy"] == "Deny" and not webhook["cacheAuthorizedRequests"]
