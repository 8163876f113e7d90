# SPDX-License-Identifier: Apache-2.0
"""doctor --kubernetes: what it finds in a cluster that a kubectl of ours shows."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.ctl_node import CHECKOUT, CONFIG, KUBECTL, ctl, write_config

CLUSTER = Path("/run/cluster.json")
STRANGER = "together:invented-by-togetherctl-doctor"
# As the authorizer says it: tests/system/kubernetes asks a real one.
SENTENCE = "Access denied: invented-by-togetherctl-doctor is not a collaborator of project proj_123. An Admin of the project can add you."
# As an API server answers where the webhook failed, and what kubectl prints of its refusals.
FAILED = {"allowed": False, "denied": True, "evaluationError": "spec.resourceAttributes.verb is missing"}
BY_POD_SECURITY = ('Error from server (Forbidden): error when creating "STDIN": pods "togetherctl-doctor-x2b7c" is forbidden: violates PodSecurity '
                   '"baseline:latest": non-default capabilities (container "none" must not include "SYS_ADMIN" in securityContext.capabilities.add)')
BY_POLICY = ("The pods \"togetherctl-doctor-x2b7c\" is invalid: : ValidatingAdmissionPolicy 'together-workloads' with binding 'together-workloads' "
             "denied request: pods here tolerate taints of these keys alone")
Thing = dict[str, Any]


def binding(role: str, subject: str, kind: str = "Group", ns: str = "", name: str = "some") -> Thing:
    return {"kind": "RoleBinding" if ns else "ClusterRoleBinding", "metadata": {"name": name} | ({"namespace": ns} if ns else {}),
            "roleRef": {"name": role, "kind": "ClusterRole"}, "subjects": [{"kind": kind, "name": subject}]}


def of_account(role: str, name: str, of: str, ns: str = "") -> Thing:
    made = binding(role, name, "ServiceAccount", ns)
    made["subjects"][0]["namespace"] = of
    return made


class Cluster:
    """All is well in it."""

    def __init__(self) -> None:
        shipped = CHECKOUT / "packaging" / "kubernetes"
        self.namespace = yaml.safe_load((shipped / "namespace.yaml").read_text())
        self.policy, self.bound = yaml.safe_load_all((shipped / "admission-policy.yaml").read_text())
        self.others: list[Thing] = [binding("system:discovery", "system:authenticated"), binding("cluster-admin", "system:masters"),
                                    binding("kubeadm:bootstrap-signer-clusterinfo", "system:anonymous", "User", "kube-public"),
                                    {"kind": "ClusterRoleBinding", "metadata": {"name": "empty"}, "roleRef": {"name": "x"}},
                                    binding("system:service-account-issuer-discovery", "system:serviceaccounts"),
                                    binding("edit", "system:serviceaccounts:elsewhere"),
                                    binding("edit", "system:serviceaccount:elsewhere:default", "User"),
                                    of_account("cluster-admin", "operator", "kube-system"),
                                    {"kind": "Namespace", "metadata": {"name": "kube-system"}}]
        self.status: Thing = {"allowed": False, "denied": True, "reason": SENTENCE}
        self.granted: Thing = {"allowed": True}
        self.unreadable: Thing = FAILED
        self.refusals = {"pod_security": BY_POD_SECURITY, "policy": BY_POLICY}
        self.down = False
        self.hidden: list[str] = []

    def things(self) -> list[Thing]:
        return [thing for thing in (self.namespace, self.policy, self.bound, *self.others) if thing]

    def findings(self, *arguments: str) -> tuple[int, dict[str, Thing]]:
        """Of each check the worst."""
        CLUSTER.write_text(json.dumps({"objects": dict(enumerate(self.things())), "reviews": {STRANGER: self.status},
                                       "granted": self.granted, "unreadable": self.unreadable,
                                       "refusals": self.refusals, "hidden": self.hidden, "down": self.down}))
        run = ctl("doctor", "--kubernetes", "--kubectl", KUBECTL, "--json", *arguments, environment={"FAKE_CLUSTER": str(CLUSTER)})
        worst = ["ok", "information", "warning", "failure"]
        found = sorted(json.loads(run.stdout), key=lambda one: worst.index(one["result"]))
        return run.returncode, {one["check"]: one for one in found}


@pytest.fixture
def cluster() -> Cluster:
    write_config("[kubernetes]\nnamespaces = workloads\n")
    return Cluster()


def test_where_all_is_well_it_says_so(cluster: Cluster) -> None:
    status, found = cluster.findings()
    assert status == 0, found
    assert {check: one["result"] for check, one in found.items()} == {check: "ok" for check in (
        "configuration", "kubernetes_asks", "kubernetes_failure_policy", "kubernetes_rbac", "kubernetes_left", "kubernetes_namespaces",
        "kubernetes_dry_run", "kubernetes_admission")}


def test_it_changes_nothing_and_looks_at_no_node(cluster: Cluster) -> None:
    CLUSTER.with_suffix(".calls").write_text("")
    cluster.findings()
    calls = CLUSTER.with_suffix(".calls").read_text().splitlines()
    writing = [call for call in calls if call.split()[0] != "get"]
    # Three reviews, which nobody keeps, two pods in a dry run, and our own policy, which kubectl reads and does not send.
    assert [call.split()[0] for call in writing] == ["create"] * 7
    assert [sum(f"--dry-run={side}" in call for call in writing) for side in ("client", "server")] == [2, 2]


@pytest.mark.parametrize("status, said", [
    ({"allowed": True, "reason": "RBAC: allowed by ClusterRoleBinding"}, "may list pods: RBAC"),
    ({"allowed": False}, "does not ask together-authorizer"),
    ({"allowed": False, "reason": SENTENCE}, "does not ask together-authorizer"),
    ({"allowed": False, "denied": True, "reason": "a fault on our side"}, "not by this project's roster: a fault"),
    ({"allowed": False, "denied": True, "reason": SENTENCE.replace("proj_123", "proj_9")}, "not by this project's roster"),
    ({"allowed": False, "denied": True, "reason": SENTENCE.replace("proj_123", "proj_1234")}, "not by this project's roster"),
    ({"allowed": "yes", "denied": [], "reason": 7}, "does not ask together-authorizer"),
])
def test_a_stranger_must_be_denied_by_our_roster(cluster: Cluster, status: Thing, said: str) -> None:
    cluster.status = status
    code, found = cluster.findings()
    assert (code, found["kubernetes_asks"]["result"]) == (2, "failure") and said in found["kubernetes_asks"]["what"]


def test_rbac_is_not_asked_first(cluster: Cluster) -> None:
    """What everybody is granted: by us without a reason."""
    cluster.granted = {"allowed": True}
    assert cluster.findings()[1]["kubernetes_asks"]["result"] == "ok"
    cluster.granted["reason"] = 'RBAC: allowed by ClusterRoleBinding "system:basic-user"'
    code, found = cluster.findings()
    assert code == 2 and "asks RBAC before together-authorizer" in found["kubernetes_asks"]["what"]


@pytest.mark.parametrize("status, result, said", [
    ({"allowed": False, "evaluationError": "connection refused"}, "failure", "leaves users to RBAC"),
    ({"allowed": True, "reason": "RBAC: allowed by ClusterRoleBinding"}, "failure", "leaves users to RBAC"),
    ({"allowed": False, "denied": True, "reason": SENTENCE}, "information", "could not be tried: a review without a verb was answered"),
    (FAILED, "ok", "users are denied"),
])
def test_a_dead_authorizer_must_deny(cluster: Cluster, status: Thing, result: str, said: str) -> None:
    """failurePolicy, by a review that together-authorizer refuses as none."""
    cluster.unreadable = status
    one = cluster.findings()[1]["kubernetes_failure_policy"]
    assert one["result"] == result and said in one["what"], one


NOT_ALLOWED = ('Error from server (Forbidden): error when creating "STDIN": pods is forbidden: User "carol" cannot create resource "pods" in API '
               'group "" in the namespace "workloads"')
NO_DRY_RUN = ('Error from server (BadRequest): error when creating "STDIN": admission webhook "x.example.com" does not support dry run')
QUOTA = 'Error from server (Forbidden): error when creating "STDIN": pods "x" is forbidden: failed quota: all: must specify limits.cpu for: none'


@pytest.mark.parametrize("by, name", [("pod_security", "Pod Security"), ("policy", "together-workloads")])
@pytest.mark.parametrize("answer, result, said", [
    ("", "failure", "through"), (QUOTA, "failure", "through"), (QUOTA.replace("failed", "exceeded"), "failure", "through"),
    (NOT_ALLOWED, "information", 'could not be tried: ' + KUBECTL + ' failed: ' + NOT_ALLOWED), (NO_DRY_RUN, "information", "could not be tried"),
])
def test_labels_and_policy_must_act(cluster: Cluster, by: str, name: str, answer: str, result: str, said: str) -> None:
    """An API server with --disable-admission-plugins acts on none of them."""
    cluster.refusals[by] = answer
    code, found = cluster.findings()
    one = found["kubernetes_dry_run"]
    assert (code, one["result"]) == (2 if result == "failure" else 0, result) and one["what"].startswith("workloads: ")
    assert name in one["what"] and said in one["what"], one


def test_another_refusal_is_not_taken_for_ours(cluster: Cluster) -> None:
    cluster.refusals = {"pod_security": BY_POLICY, "policy": BY_POD_SECURITY}
    assert cluster.findings()[1]["kubernetes_dry_run"]["result"] == "information"


def test_it_asks_about_a_user_of_ours(cluster: Cluster) -> None:
    write_config("[kubernetes]\nnamespaces = workloads\nusername_prefix = corp:\n")
    assert "does not ask" in cluster.findings()[1]["kubernetes_asks"]["what"]


@pytest.mark.parametrize("thing, said", [
    (binding("view", "system:authenticated"), "ClusterRoleBinding some gives view to everybody"),
    (binding("view", "system:unauthenticated"), "gives view"),
    (binding("system:discovery", "system:authenticated", ns="default") | {"roleRef": {"name": "system:discovery", "kind": "Role"}},
     "in default gives system:discovery to everybody"),
    (binding("cluster-admin", "system:anonymous", "User"), "gives cluster-admin"),
    (binding("edit", "system:authenticated", ns="default"), "RoleBinding some in default gives edit"),
    (binding("view", "system:serviceaccounts"), "gives view to every service account"),
    (binding("edit", "system:serviceaccounts:workloads"), "gives edit to every service account of workloads"),
    (of_account("edit", "default", "workloads"), "gives edit to the service account default of workloads"),
    (of_account("edit", "default", "workloads", ns="elsewhere"), "in elsewhere gives edit to the service account default of workloads"),
    (of_account("view", "operator", "workloads"), "gives view to the service account operator of workloads"),
    (binding("view", "system:serviceaccount:workloads:default", "User"), "system:serviceaccount:workloads:default"),
])
def test_a_binding_that_lets_everybody_in(cluster: Cluster, thing: Thing, said: str) -> None:
    cluster.others.append(thing)
    code, found = cluster.findings()
    assert (code, found["kubernetes_rbac"]["result"]) == (2, "failure") and said in found["kubernetes_rbac"]["what"]


@pytest.mark.parametrize("name", ["some", "--all", "a$(echo more)", "it's; echo more", "`echo more`", "a b", "system:x"])
@pytest.mark.parametrize("ns", ["", "default"])
def test_what_it_says_to_delete_is_that_binding_alone(cluster: Cluster, name: str, ns: str) -> None:
    cluster.others.append(binding("view", "system:authenticated", ns=ns, name=name))
    fix = cluster.findings()[1]["kubernetes_rbac"]["fix"]
    words = subprocess.run(["/bin/sh", "-c", f"kubectl() {{ printf '%s\\n' \"$@\"; }}; {fix}"], capture_output=True, text=True, check=True).stdout
    where = ["--namespace", ns, "--", "rolebinding"] if ns else ["--", "clusterrolebinding"]
    assert words.splitlines() == ["delete", *where, name]


MEMBER = "together-member.db998cf93dc3d3b9"  # with the hash of the project
LABELS = {"app.kubernetes.io/managed-by": "togetherctl", "together/project": "proj_123"}


def left(kind: str, ns: str, name: str = MEMBER, labels: dict[str, str] | None = None) -> Thing:
    return {"kind": kind, "metadata": {"name": name, "namespace": ns, "labels": LABELS if labels is None else labels},
            "roleRef": {"kind": "Role", "name": MEMBER}, "subjects": [{"kind": "User", "name": "together:alice"}]}


def test_what_is_left_in_a_namespace_that_left_the_list(cluster: Cluster) -> None:
    cluster.others += [left("Role", "workloads"), left("RoleBinding", "workloads"),
                       left("Role", "before"), left("RoleBinding", "before"), left("RoleBinding", "before", MEMBER + ".2")]
    code, found = cluster.findings()
    one = found["kubernetes_left"]
    assert (code, one["result"]) == (2, "failure")
    assert one["what"] == (f"before is none of [kubernetes] namespaces, and has Role {MEMBER}, RoleBinding {MEMBER}, RoleBinding {MEMBER}.2")
    assert one["fix"] == f"kubectl delete --namespace before -- role/{MEMBER} rolebinding/{MEMBER} rolebinding/{MEMBER}.2"
    write_config("[kubernetes]\nnamespaces = workloads bef*\n")
    assert cluster.findings()[1]["kubernetes_left"]["result"] == "ok"


@pytest.mark.parametrize("thing", [
    left("RoleBinding", "before", labels=LABELS | {"together/project": "proj_9"}), left("RoleBinding", "before", labels={}),
    left("RoleBinding", "before", "theirs"), left("RoleBinding", "before", MEMBER + " --all"), left("ConfigMap", "before"),
])
def test_what_others_have_elsewhere_is_theirs(cluster: Cluster, thing: Thing) -> None:
    cluster.others.append(thing)
    assert cluster.findings()[1]["kubernetes_left"]["result"] == "ok"


def without(labels: str) -> Callable[[Cluster], None]:
    return lambda cluster: cluster.namespace["metadata"]["labels"].pop(labels)


@pytest.mark.parametrize("change, named", [
    (without("pod-security.kubernetes.io/enforce"), "pod-security.kubernetes.io/enforce=baseline"),
    (without("together"), "together=workloads"),
    (lambda cluster: cluster.namespace["metadata"]["labels"].update({"pod-security.kubernetes.io/enforce": "privileged"}), "baseline"),
    (lambda cluster: cluster.namespace["metadata"].pop("labels"), "together=workloads"),
])
def test_a_namespace_without_its_labels(cluster: Cluster, change: Callable[[Cluster], None], named: str) -> None:
    change(cluster)
    code, found = cluster.findings()
    one = found["kubernetes_namespaces"]
    assert (code, one["result"]) == (2, "failure") and named in one["what"] and one["fix"].startswith("kubectl label --overwrite namespace workloads ")


def priority_class(name: str, is_default: bool) -> Thing:
    return {"kind": "PriorityClass", "metadata": {"name": name}, "globalDefault": is_default, "value": 1000}


def test_a_priority_class_of_every_pod_must_be_let_in(cluster: Cluster) -> None:
    cluster.others += [priority_class("normal", True), priority_class("high", False)]
    for allowed, fixed in ((None, "normal"), ("high", "high normal"), ("abnormal it's", "abnormal it's normal")):
        cluster.namespace["metadata"]["annotations"] = {"together/priority-classes": allowed} if allowed else {}
        code, found = cluster.findings()
        one = found["kubernetes_namespaces"]
        assert (code, one["result"]) == (2, "failure") and "normal is every pod's" in one["what"]
        words = subprocess.run(["/bin/sh", "-c", f"kubectl() {{ printf '%s\n' \"$@\"; }}; {one['fix']}"], capture_output=True, text=True, check=True)
        assert words.stdout.splitlines() == ["annotate", "--overwrite", "namespace", "workloads", f"together/priority-classes={fixed}"]
        cluster.namespace["metadata"]["annotations"] = {"together/priority-classes": fixed}
        assert cluster.findings()[0] == 0


def test_who_may_see_no_priority_classes_is_told_the_rest(cluster: Cluster) -> None:
    cluster.hidden = ["priorityclasses"]
    code, found = cluster.findings()
    assert code == 0 and "could not be tried" in found["kubernetes_namespaces"]["what"]
    assert found["kubernetes_dry_run"]["result"] == "ok"


def test_every_namespace_of_a_pattern_counts(cluster: Cluster) -> None:
    write_config("[kubernetes]\nnamespaces = workloads team-*\n")
    cluster.others.append({"kind": "Namespace", "metadata": {"name": "team-a"}})
    assert "team-a is without" in cluster.findings()[1]["kubernetes_namespaces"]["what"]
    cluster.namespace = None
    cluster.others.pop()
    assert cluster.findings()[1]["kubernetes_namespaces"]["result"] == "warning"


def test_without_a_namespace_members_work_nowhere(cluster: Cluster) -> None:
    write_config()
    cluster.others.append({"kind": "Namespace", "metadata": {"name": "default"}})
    assert cluster.findings()[1]["kubernetes_namespaces"]["result"] == "warning"


def unbound(cluster: Cluster) -> None:
    cluster.bound = None


def audited(cluster: Cluster) -> None:
    cluster.bound["spec"]["validationActions"] = ["Audit"]


def of_another(cluster: Cluster) -> None:
    cluster.bound["spec"]["policyName"] = "another"


def missing(cluster: Cluster) -> None:
    cluster.policy = None


def warned(cluster: Cluster) -> None:
    cluster.bound["spec"]["validationActions"] = ["Deny", "Warn"]


def bound_elsewhere(cluster: Cluster) -> None:
    cluster.bound["spec"]["matchResources"]["namespaceSelector"]["matchLabels"] = {"together": "nothing"}


def bound_to_some(cluster: Cluster) -> None:
    cluster.bound["spec"]["matchResources"]["objectSelector"] = {"matchLabels": {"checked": "yes"}}


@pytest.mark.parametrize("change", [unbound, audited, of_another, missing, warned, bound_elsewhere, bound_to_some])
def test_the_admission_policy_must_be_there_and_deny(cluster: Cluster, change: Callable[[Cluster], None]) -> None:
    change(cluster)
    code, found = cluster.findings()
    assert (code, found["kubernetes_admission"]["result"]) == (2, "failure")


@pytest.mark.parametrize("change, named", [
    (lambda spec: spec.update(failurePolicy="Ignore"), "spec.failurePolicy"),
    (lambda spec: spec["validations"][1].update(expression="true"), "spec.validations[1].expression"),
    (lambda spec: spec["validations"].pop(), "spec.validations"),
    (lambda spec: spec["variables"][0].update(expression="null"), "spec.variables[0].expression"),
    (lambda spec: spec["matchConditions"].append({"name": "not-me", "expression": "false"}), "spec.matchConditions"),
    (lambda spec: spec["matchConstraints"]["resourceRules"][0].update(operations=["CREATE"]), "spec.matchConstraints.resourceRules[0].operations"),
    (lambda spec: spec["matchConstraints"]["resourceRules"][0].update(resourceNames=["x"]), "resourceRules[0].resourceNames"),
    (lambda spec: spec["matchConstraints"].update(excludeResourceRules=[{"resources": ["pods"]}]), "excludeResourceRules"),
    (lambda spec: spec["matchConstraints"].update(matchPolicy="Exact"), "matchPolicy"),
    (lambda spec: spec.update(paramKind={"kind": "ConfigMap"}), "spec.paramKind"),
])
def test_the_admission_policy_must_say_what_ours_does(cluster: Cluster, change: Callable[[Thing], None], named: str) -> None:
    change(cluster.policy["spec"])
    code, found = cluster.findings()
    assert (code, found["kubernetes_admission"]["result"]) == (2, "failure") and named in found["kubernetes_admission"]["what"]


def test_what_the_api_server_adds_changes_nothing(cluster: Cluster) -> None:
    cluster.policy["spec"]["matchConstraints"] |= {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
    cluster.policy["spec"]["matchConstraints"]["resourceRules"][0]["scope"] = "*"
    cluster.bound["spec"]["matchResources"] |= {"matchPolicy": "Equivalent", "objectSelector": {}}
    assert cluster.findings()[1]["kubernetes_admission"]["result"] == "ok"


def test_a_cluster_that_cannot_be_asked_is_no_good_news(cluster: Cluster) -> None:
    cluster.down = True
    code, found = cluster.findings()
    assert code == 2 and "refused" in found["kubernetes_asks"]["what"]
    assert {one["result"] for check, one in found.items() if check.startswith("kubernetes")} == {"failure"}
    assert cluster.findings("--accept", ",".join(found))[0] == 0


def test_without_kubectl_or_configuration(cluster: Cluster) -> None:
    run = ctl("doctor", "--kubernetes", "--kubectl", "kubectl")
    assert run.returncode == 2 and "absolute path" in run.stdout
    CONFIG.unlink()
    assert cluster.findings()[1]["configuration"]["result"] == "failure"
