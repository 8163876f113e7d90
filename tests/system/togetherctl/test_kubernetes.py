# SPDX-License-Identifier: Apache-2.0
"""kubernetes rolebindings: the roster as RBAC objects, printed, and brought about through a kubectl of ours."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.ctl_node import (ETC, KUBECTL, PLAIN_ENVIRONMENT, PROJECT, ROSTER, SNAPSHOT, TOGETHERCTL, Run, admit, ctl, entry, refresh,
                              write_config, write_roster)
from support.waiting import wait_until

CLUSTER = Path("/run/cluster.json")
OURS = {"app.kubernetes.io/managed-by": "togetherctl", "together/project": PROJECT}
ANOTHERS = OURS | {"together/project": "proj_9"}
# The hash of the project; it is the same on every machine, or two nodes would undo what the other did.
MEMBER, ADMIN = "together-member.db998cf93dc3d3b9", "together-admin.db998cf93dc3d3b9"
NAMESPACES = "[kubernetes]\nnamespaces = default\n"
Objects = dict[tuple[str, str, str], dict[str, Any]]


def keyed(things: list[dict[str, Any]]) -> Objects:
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in things}


def printed(*arguments: str) -> Objects:
    run = ctl("kubernetes", "rolebindings", *arguments)
    assert run.returncode == 0, run.stderr
    return keyed(list(yaml.safe_load_all(run.stdout)))


def users(binding: dict[str, Any]) -> list[str]:
    assert all((one["kind"], one["apiGroup"]) == ("User", "rbac.authorization.k8s.io") for one in binding["subjects"])
    return [one["name"] for one in binding["subjects"]]


@pytest.fixture
def people() -> None:
    write_config(NAMESPACES)
    write_roster(entry("alice", "admin", 10001), entry("bob", uid=10002), entry("erin", uid=10005, external=True),
                 entry("carol", "janitor", 10003), entry("twin", uid=10006), entry("twin", uid=10007))
    refresh()


@pytest.fixture
def cluster() -> None:
    put()
    CLUSTER.with_suffix(".calls").write_text("")


def put(*things: dict[str, Any], down: bool = False, refusing: list[str] | None = None) -> None:
    """`refusing`: namespaces of which kubectl shows nothing."""
    objects = {"|".join(name): thing for name, thing in keyed(list(things)).items()}
    new = CLUSTER.with_suffix(".put")
    new.write_text(json.dumps({"objects": objects, "down": down, "refusing": refusing or []}))
    new.rename(CLUSTER)


def there() -> Objects:
    return keyed(list(json.loads(CLUSTER.read_text())["objects"].values()))


def apply(*arguments: str) -> Run:
    return ctl("kubernetes", "rolebindings", "--apply", "--kubectl", KUBECTL, *arguments,
               environment={"FAKE_CLUSTER": str(CLUSTER)})


def binding(name: str, ns: str = "", labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {"kind": "RoleBinding" if ns else "ClusterRoleBinding",
            "metadata": {"name": name, "labels": labels or {}} | ({"namespace": ns} if ns else {})}


def test_who_is_bound_to_what(people: None) -> None:
    objects = printed()
    assert set(objects) == {("ClusterRole", "", MEMBER), ("ClusterRoleBinding", "", MEMBER),
                            ("ClusterRoleBinding", "", ADMIN), ("Role", "default", MEMBER),
                            ("RoleBinding", "default", MEMBER)}
    assert users(objects["ClusterRoleBinding", "", ADMIN]) == ["together:alice"]
    assert objects["ClusterRoleBinding", "", ADMIN]["roleRef"]["name"] == "cluster-admin"
    for name in (("ClusterRoleBinding", "", MEMBER), ("RoleBinding", "default", MEMBER)):
        # Neither an unknown role nor an entry whose login is another's, too.
        assert users(objects[name]) == ["together:bob", "together:erin"]
        assert objects[name]["roleRef"]["name"] == MEMBER
    assert all(thing["metadata"]["labels"] == OURS for thing in objects.values())


def test_a_members_rules_are_the_tables(people: None) -> None:
    """Row by row what permissions --kubernetes says is a Member's, and nothing else."""
    write_config("[kubernetes]\nnamespaces = default team\n")
    table = json.loads(ctl("permissions", "--kubernetes", "--json").stdout)["kubernetes"]
    objects = printed()
    for name, places in ((("Role", "default", MEMBER), ["project's namespaces"]),
                         (("Role", "team", MEMBER), ["project's namespaces", "project's namespaces but default"]),
                         (("ClusterRole", "", MEMBER), ["cluster", "anywhere"])):
        expected = [{"apiGroups": [row["group"]], "resources": row["resources"].split(), "verbs": row["verbs"].split()}
                    for row in table if row["member"] and row["action"] and row["where"] in places]
        assert expected and objects[name]["rules"] == expected
    services = [rule["verbs"] for rule in objects["Role", "default", MEMBER]["rules"] if "services" in rule["resources"]]
    assert services == [["get", "list", "watch"]]  # among them the API server's own
    text = json.dumps([objects["Role", "team", MEMBER], objects["ClusterRole", "", MEMBER]])
    for more in ("*", "escalate", "bind", "impersonate", "rolebindings", "nodes/proxy", "serviceaccounts/token"):
        assert f'"{more}"' not in text


def test_namespaces_are_those_of_the_configuration(people: None) -> None:
    write_config("[kubernetes]\nnamespaces = default team\nusername_prefix = 'corp\"x\":\n")
    objects = printed()
    assert {ns for _, ns, _ in objects} == {"", "default", "team"}
    assert users(objects["RoleBinding", "team", MEMBER])[0] == "'corp\"x\":bob"
    assert {ns for _, ns, _ in printed("--namespace", "team")} == {"team"}
    for wrong in ("kube-system", "other"):
        run = ctl("kubernetes", "rolebindings", "--namespace", wrong)
        assert run.returncode == 2 and wrong in run.stderr and run.stdout == ""
    write_config("[kubernetes]\nnamespaces = team-*\n")
    run = ctl("kubernetes", "rolebindings")
    assert run.returncode == 2 and "team-*" in run.stderr
    assert {ns for _, ns, _ in printed("--namespace", "team-a")} == {"team-a"}


def test_a_namespace_that_yaml_takes_for_something_else_is_a_text(people: None) -> None:
    names = ["on", "no", "null", "123", "1e3", "true"]
    write_config(f"[kubernetes]\nnamespaces = {' '.join(names)}\n")
    assert {thing["metadata"].get("namespace", "") for thing in printed().values()} == {"", *names}


def test_thousands_have_several_bindings() -> None:
    write_config(NAMESPACES)
    write_roster(*(entry(f"u{number:05}", uid=20000 + number) for number in range(2500)))
    refresh()
    objects = printed()
    names = [MEMBER, MEMBER + ".2", MEMBER + ".3"]
    bound = [users(objects["RoleBinding", "default", name]) for name in names]
    assert [len(one) for one in bound] == [1000, 1000, 500]
    assert sum(bound, []) == [f"together:u{number:05}" for number in range(2500)]


def test_where_nobody_can_tell_nothing_is_changed(people: None, cluster: None) -> None:
    assert apply().returncode == 0
    before = there()
    SNAPSHOT.unlink()
    for run in (apply(), ctl("kubernetes", "rolebindings")):
        assert run.returncode == 2 and run.stdout == "" and run.stderr
    assert there() == before


def test_an_old_roster_changes_nothing(people: None, cluster: None) -> None:
    assert apply().returncode == 0
    before = there()
    write_config(NAMESPACES, roster__fresh_for="1s", roster__recheck_after="1s", roster__local_fault_for="1s", roster__stale_for="1s")
    # In the very moment in which it becomes so, it is the gate that says it.
    wait_until(lambda: (tried := apply()).returncode == 2 and "stale_for" in tried.stderr, "the roster to be too old")
    assert there() == before


def test_who_only_observes_changes_nothing(people: None, cluster: None) -> None:
    write_config(NAMESPACES, gate__mode="observe")
    run = apply()
    assert run.returncode == 2 and "observe" in run.stderr and there() == {}
    assert CLUSTER.with_suffix(".calls").read_text() == ""
    assert printed()


def test_a_lockdown_lets_nobody_in(people: None, cluster: None) -> None:
    assert apply().returncode == 0
    (ETC / "lockdown").write_text("incident 7\n")
    assert apply().returncode == 0
    assert [name for name in there() if name[0].endswith("Binding")] == []


@pytest.mark.parametrize("roster", ["missing", "damaged", "old"])
def test_a_lockdown_needs_no_roster(people: None, cluster: None, roster: str) -> None:
    """As for the gate, whose row of it stands before those of the roster, and before admissions."""
    assert apply().returncode == 0
    if roster == "missing":
        SNAPSHOT.unlink()
    elif roster == "damaged":
        SNAPSHOT.write_bytes(b"no roster")
    else:
        write_config(NAMESPACES, roster__fresh_for="1s", roster__recheck_after="1s", roster__local_fault_for="1s", roster__stale_for="1s")
    wait_until(lambda: apply().returncode == 2, "a roster that decides nothing")
    assert [name for name in there() if name[0].endswith("Binding")]
    admit("alice", "2099-01-01T00:00:00Z")
    (ETC / "lockdown").write_text("incident 7\n")
    run = apply()
    assert run.returncode == 0, run.stderr
    assert [name for name in there() if name[0].endswith("Binding")] == []


def test_one_namespace_that_cannot_be_listed_stops_itself_alone(people: None, cluster: None) -> None:
    write_config("[kubernetes]\nnamespaces = default huge\n")
    assert apply().returncode == 0
    write_roster(entry("alice", "admin", 10001), entry("erin", uid=10005), revision=8)
    refresh()
    put(*there().values(), binding(MEMBER + ".2", "default", OURS), refusing=["huge"])
    run = apply()
    assert run.returncode == 2 and "huge is too large" in run.stderr
    assert f"RoleBinding {MEMBER}.2 in default removed" in run.stderr
    assert users(there()["RoleBinding", "default", MEMBER]) == ["together:erin"]
    assert users(there()["ClusterRoleBinding", "", MEMBER]) == ["together:erin"]


def test_what_others_keep_there_is_not_read(people: None, cluster: None) -> None:
    """More than togetherctl takes of kubectl."""
    theirs = binding("theirs", "default") | {"subjects": "x" * (65 * 1024 * 1024)}
    put(theirs)
    run = apply()
    assert run.returncode == 0, run.stderr
    assert set(there()) == set(printed()) | set(keyed([theirs]))


def test_two_projects_share_a_cluster(people: None, cluster: None) -> None:
    assert apply().returncode == 0
    first = there()
    ROSTER.write_text(ROSTER.read_text().replace(PROJECT, "proj_9"))
    write_config(NAMESPACES, api__project="proj_9")
    refresh()
    assert apply().returncode == 0
    assert len(there()) == 2 * len(first) and first.items() <= there().items()
    (ETC / "lockdown").write_text("incident 7\n")
    assert apply().returncode == 0
    assert {name for name in there() if name[0].endswith("Binding")} == {name for name in first if name[0].endswith("Binding")}


def test_what_is_ours_and_gone_is_removed_and_nothing_else_touched(people: None, cluster: None) -> None:
    others = [binding("cluster-admin"), binding("together-friends"), binding("edit", "default", {"app.kubernetes.io/managed-by": "Helm"}),
              binding(MEMBER, "elsewhere", OURS)]
    put(*others, binding(MEMBER + ".2", labels=OURS), binding(MEMBER + ".2", "default", OURS))
    run = apply()
    assert run.returncode == 0 and f"ClusterRoleBinding {MEMBER}.2 removed" in run.stdout
    assert f"RoleBinding {MEMBER}.2 in default removed" in run.stdout
    assert set(there()) == set(printed()) | set(keyed(others))
    assert all(there()[name] == thing for name, thing in keyed(others).items())


def test_what_a_finalizer_keeps_is_deleted_also_where_it_may_not_be_emptied(people: None, cluster: None) -> None:
    """Whoever keeps it may let go then; else nobody ever would."""
    held = binding(MEMBER + ".2", "default", OURS)
    held["metadata"]["finalizers"] = ["example.com/backup"]
    put(held)
    run = apply()
    assert run.returncode == 2 and 'webhook "policy" denied' in run.stderr
    assert ("RoleBinding", "default", MEMBER + ".2") not in there()


@pytest.mark.parametrize("labels", [ANOTHERS, {"app.kubernetes.io/managed-by": "togetherctl"}])
def test_another_projects_objects_stay_as_they_are(people: None, cluster: None, labels: dict[str, str]) -> None:
    others = [binding(ADMIN, labels=labels), binding(MEMBER + ".2", "default", labels)]
    put(*others)
    run = apply()
    assert run.returncode == 2 and f"ClusterRoleBinding {ADMIN} is somebody else's" in run.stderr
    assert there() == printed() | keyed(others)


def test_every_project_has_a_label_of_its_own(people: None) -> None:
    roster, labels = ROSTER.read_text(), set()
    projects = [PROJECT, "proj_-", "proj__", "proj_" + "a" * 58, *("proj_" + "a" * 63 + end for end in "ab_-")]
    for project in projects:
        ROSTER.write_text(roster.replace(PROJECT, project))
        write_config(NAMESPACES, api__project=project)
        refresh()
        labels |= {thing["metadata"]["labels"]["together/project"] for thing in printed().values()}
    assert len(labels) == len(projects) and {PROJECT, "proj_" + "a" * 58} < labels
    assert all(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", label) for label in labels)


def test_one_namespace_leaves_the_rest_alone(people: None, cluster: None) -> None:
    write_config("[kubernetes]\nnamespaces = default team\n")
    assert apply().returncode == 0
    write_roster(entry("bob", uid=10002))
    refresh()
    assert apply("--namespace", "team").returncode == 0
    assert users(there()["RoleBinding", "team", MEMBER]) == ["together:bob"]
    assert users(there()["RoleBinding", "default", MEMBER]) == ["together:bob", "together:erin"]
    assert ("ClusterRoleBinding", "", ADMIN) in there()


def test_somebody_elses_object_of_our_name_stops_itself_alone(people: None, cluster: None) -> None:
    theirs = binding(MEMBER, "default", {"app.kubernetes.io/managed-by": "Helm"})
    put(theirs, binding(MEMBER + ".2", labels=OURS))
    run = apply()
    assert run.returncode == 2 and f"RoleBinding {MEMBER} in default is somebody else's" in run.stderr
    assert f"ClusterRoleBinding {MEMBER}.2 removed" in run.stderr
    assert there() == printed() | keyed([theirs])


def test_nobody_is_bound_to_somebody_elses_role(people: None, cluster: None) -> None:
    assert apply().returncode == 0
    theirs = {"kind": "Role", "metadata": {"name": MEMBER, "namespace": "default"}}
    put(*there().values(), theirs)
    run = apply()
    assert run.returncode == 2 and f"Role {MEMBER} in default is somebody else's" in run.stderr
    assert there() == {name: thing for name, thing in printed().items() if name[1] == ""} | keyed([theirs])


HOSTILE = ["x\nClusterRoleBinding||cluster-admin|togetherctl\ny", "x\nnamespaces||--all|togetherctl\ny", "--all", "-2",
           MEMBER + ".2\n", MEMBER + ".", MEMBER + ".2x", "together-members",
           "together-member", "together-member." + PROJECT, MEMBER[:-1], MEMBER + "0", ADMIN + " --all"]


@pytest.mark.parametrize("labels", [{}, OURS])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_or_label_of_somebody_elses_has_anything_removed(people: None, cluster: None, name: str, labels: dict[str, str]) -> None:
    others = [binding("cluster-admin", labels=labels), binding(name, labels=labels), binding(name, "default", labels),
              {"kind": "Role", "metadata": {"name": name, "namespace": "default", "labels": labels}}]
    put(*others)
    run = apply()
    assert run.returncode == 0 and "removed" not in run.stdout, run
    assert "delete" not in CLUSTER.with_suffix(".calls").read_text()
    assert there() == printed() | keyed(others)


def test_kinds_of_others_with_our_label_and_name_stay(people: None, cluster: None) -> None:
    theirs = {"kind": "Namespace", "metadata": {"name": MEMBER + ".2", "labels": OURS}}
    put(theirs)
    assert apply().returncode == 0
    assert there() == printed() | keyed([theirs])


def test_what_kubectl_says_is_passed_on(people: None, cluster: None) -> None:
    put(down=True)
    run = apply()
    assert run.returncode == 2 and "connection to the server was refused" in run.stderr


def test_watch_applies_each_change(people: None, cluster: None) -> None:
    put(down=True)
    process = subprocess.Popen(
        [TOGETHERCTL, "kubernetes", "rolebindings", "--apply", "--watch", "--kubectl", KUBECTL],
        env=PLAIN_ENVIRONMENT | {"FAKE_CLUSTER": str(CLUSTER)}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr and "refused" in process.stderr.readline()
        put()  # it comes up again
        wait_until(lambda: ("RoleBinding", "default", MEMBER) in there(), "the first one")
        write_roster(entry("alice", "admin", 10001), entry("erin", uid=10005), revision=8)
        refresh()
        wait_until(lambda: users(there()["RoleBinding", "default", MEMBER]) == ["together:erin"], "bob to be out")
        (ETC / "lockdown").write_text("incident 7\n")
        wait_until(lambda: not [name for name in there() if name[0].endswith("Binding")], "nobody to be bound")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.mark.parametrize("slip", ["[metrics]\ntextfile = relative\n", "[accounts]\nenabeld = yes\n", '[volume "data"]\npath = relative\n'])
def test_a_slip_in_a_section_of_others_leaves_nobody_bound(people: None, cluster: None, slip: str) -> None:
    assert apply().returncode == 0
    write_roster(entry("alice", "admin", 10001), entry("erin", uid=10005), revision=8)
    refresh()
    with (ETC / "together.conf").open("a") as config:
        config.write(slip)
    assert apply().returncode == 0
    assert users(there()["RoleBinding", "default", MEMBER]) == ["together:erin"]
    (ETC / "lockdown").write_text("incident 7\n")
    assert apply().returncode == 0
    assert not [name for name in there() if name[0].endswith("Binding")]


@pytest.mark.parametrize("mode, owner", [(0o775, 0), (0o757, 0), (0o755, 10001)])
def test_a_kubectl_of_somebody_elses_is_not_run(people: None, cluster: None, mode: int, owner: int) -> None:
    """It would act with the rights of whoever calls."""
    theirs = Path("/run/kubectl")
    theirs.write_text("#!/bin/sh\ntouch /run/was-run\n")
    theirs.chmod(mode)
    os.chown(theirs, owner, 0)
    for verb in (["kubernetes", "rolebindings", "--apply"], ["doctor", "--kubernetes"]):
        run = ctl(*verb, "--kubectl", str(theirs))
        assert run.returncode == 2 and "is no program that root alone can write" in run.stdout + run.stderr
    assert not Path("/run/was-run").exists()


def the_users(path: Path) -> None:
    os.chown(path, 10001, 10001, follow_symlinks=False)


# What is wrong with the way to a file in /run/way/in/it.
WAYS: dict[str, tuple[Callable[[Path], None], str]] = {
    "anybody writes its folder": (lambda way: (way / "in").chmod(0o777), "can be written by others"),
    "a group writes a folder above": (lambda way: way.chmod(0o775), "can be written by others"),
    "its folder is a user's": (lambda way: the_users(way / "in"), "belongs neither to root nor to you"),
    "a link to its folder is a user's": (lambda way: the_users(way / "link"), "link belongs neither to root nor to you"),
    "it is linked from a user's folder": (lambda way: the_users(way / "links"), "links belongs neither to root nor to you"),
}


@pytest.fixture
def way() -> Iterator[Path]:
    """Folders of root's, and two links on the way to a file in them."""
    way = Path("/run/way")
    (way / "in").mkdir(parents=True)
    (way / "links").mkdir()
    (way / "link").symlink_to("links/on")
    (way / "links" / "on").symlink_to("/run/way/in")
    yield way
    shutil.rmtree(way)


@pytest.mark.parametrize("wrong", WAYS)
def test_a_kubectl_that_others_could_exchange_is_not_run(people: None, cluster: None, way: Path, wrong: str) -> None:
    shutil.copy(KUBECTL, way / "in" / "kubectl")
    theirs = str(way / "link" / "kubectl")
    verbs = (["kubernetes", "rolebindings", "--apply"], ["doctor", "--kubernetes"])
    assert ctl(*verbs[0], "--kubectl", theirs, environment={"FAKE_CLUSTER": str(CLUSTER)}).returncode == 0
    CLUSTER.with_suffix(".calls").write_text("")
    spoil, said = WAYS[wrong]
    spoil(way)
    for verb in verbs:
        run = ctl(*verb, "--kubectl", theirs, environment={"FAKE_CLUSTER": str(CLUSTER)})
        assert run.returncode == 2 and f"{theirs} is no program that root alone can write: " in run.stdout + run.stderr
        assert said in run.stdout + run.stderr
    assert CLUSTER.with_suffix(".calls").read_text() == ""


@pytest.mark.parametrize("wrong", WAYS)
def test_a_kubeconfig_that_others_could_exchange_is_not_used_by_root(people: None, cluster: None, way: Path, wrong: str) -> None:
    """It can name a program that kubectl runs."""
    theirs = way / "link" / "config"
    theirs.touch(mode=0o600)
    (way / ".kube").symlink_to("link")
    spoil, said = WAYS[wrong]
    spoil(way)
    for environment in ({"KUBECONFIG": f"/nowhere/config:{theirs}"}, {"HOME": str(way)}):
        called = environment | {"FAKE_CLUSTER": str(CLUSTER)}
        run = ctl("kubernetes", "rolebindings", "--apply", "--kubectl", KUBECTL, environment=called)
        assert run.returncode == 2 and "a kubeconfig of somebody else's" in run.stderr and said in run.stderr
    assert CLUSTER.with_suffix(".calls").read_text() == ""


@pytest.mark.parametrize("absent", ["config", "folder/config"])
def test_a_kubeconfig_that_anybody_could_make_is_not_used_by_root(people: None, cluster: None, way: Path, absent: str) -> None:
    """In a sticky folder, too: there nobody moves what is not theirs, and anybody makes what is not there."""
    (way / "in").chmod(0o1777)
    (way / "links" / "dangling").symlink_to(way / "in" / absent)
    for path in (way / "in" / absent, way / "links" / "dangling"):
        called = {"KUBECONFIG": str(path), "FAKE_CLUSTER": str(CLUSTER)}
        run = ctl("kubernetes", "rolebindings", "--apply", "--kubectl", KUBECTL, environment=called)
        assert run.returncode == 2 and f"{way / 'in'} can be written by others" in run.stderr
    assert CLUSTER.with_suffix(".calls").read_text() == ""


def test_whoever_called_sudo_has_a_kubeconfig_of_their_own(people: None, cluster: None, way: Path) -> None:
    config = way / "in" / "config"
    config.touch(mode=0o600)
    for path in (config, way / "in"):
        the_users(path)
    for uid, status in (("10001", 0), ("10002", 2), ("", 2)):
        run = ctl("kubernetes", "rolebindings", "--apply", "--kubectl", KUBECTL,
                  environment={"KUBECONFIG": str(config), "SUDO_UID": uid, "FAKE_CLUSTER": str(CLUSTER)})
        assert run.returncode == status, run


@pytest.mark.parametrize("arguments, said", [
    ([], "rolebindings"), (["roles"], "rolebindings"), (["rolebindings", "--watch"], "--apply"),
    (["rolebindings", "--json"], "YAML"), (["rolebindings", "--apply", "--kubectl", "kubectl"], "absolute"),
    (["rolebindings", "--apply", "--kubectl", "/nowhere/kubectl"], "/nowhere/kubectl"),
])
def test_wrong_usage(people: None, arguments: list[str], said: str) -> None:
    run = ctl("kubernetes", *arguments)
    assert run.returncode == 2 and said in run.stderr
