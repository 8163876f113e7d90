# SPDX-License-Identifier: Apache-2.0
"""permissions, compared with a table that was written by hand from the platform's pages."""

from support.ctl_node import CONFIG, PLAIN_USER, ctl, ctl_json
from support.roled import ROOT

# Row by row: action, Admin, Member.
ORGANIZATION = """
organization.read yes yes
organization.write yes no
billing.read yes yes
billing.write yes no
projects.read yes yes
projects.create yes no
members.read yes yes
members.invite yes no
members.remove yes no
members.manage_roles yes no
"""
PROJECT = """
project.read yes yes
project.write yes no
costs.read yes yes
api_keys.read yes yes
api_keys.create yes yes
api_keys.revoke yes yes
collaborators.read yes yes
collaborators.add yes no
collaborators.remove yes no
collaborators.manage_roles yes no
clusters.create yes no
clusters.delete yes no
clusters.scale yes no
clusters.modify yes no
volumes.manage yes no
clusters.read yes yes
volumes.read yes yes
ssh.login yes yes
kubernetes.run yes yes
kubernetes.dashboard yes yes
slurm.submit yes yes
volumes.use yes yes
fine_tuning.use yes yes
endpoints.use yes yes
inference.use yes yes
products.use yes yes
"""


def rows(table: str, level: str) -> list[tuple[str, str, str, str]]:
    return [(action, level, admin, member)
            for action, admin, member in (line.split() for line in table.strip().splitlines())]


EXPECTED = rows(ORGANIZATION, "organization") + rows(PROJECT, "project")


def test_the_text() -> None:
    run = ctl("permissions")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0].split() == ["ACTION", "ROLE", "IN", "THE", "ADMIN", "MEMBER", "MEANING"]
    assert [tuple(line.split()[:4]) for line in lines[1:]] == EXPECTED
    assert all(len(line.split()) > 4 for line in lines[1:])


def test_the_json() -> None:
    word = {True: "yes", False: "no"}
    assert [(row["action"], row["level"], word[row["admin"]], word[row["member"]])
            for row in ctl_json("permissions")["permissions"]] == EXPECTED


def test_it_needs_no_configuration_and_no_root() -> None:
    CONFIG.unlink()
    assert ctl("permissions", user=PLAIN_USER).returncode == 0


def test_check_knows_the_projects_actions_and_no_others(roster: None) -> None:
    for action, level, admin, member in EXPECTED:
        for login, permitted in (("alice", admin), ("bob", member)):
            status = 2 if level == "organization" else 0 if permitted == "yes" else 1
            assert ctl("check", login, "--action", action).returncode == status, (login, action)


def kubernetes_row(row: dict) -> str:
    action = f"`{row['action']}`" if row["action"] else "whoever is authenticated"
    group = "" if row["where"] == "path" else f"`{row['group'] or 'core'}`"
    return (f"| {action} | yes | {'yes' if row['member'] else 'no'} | {row['where']} | {group} | "
            f"`{row['resources']}` | `{row['verbs']}` |")


def test_the_document_has_kubernetes_row_by_row() -> None:
    document = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    rows = [kubernetes_row(row) for row in ctl_json("permissions", "--kubernetes")["kubernetes"]]
    assert len(rows) > 30
    assert [line for line in document.splitlines() if line.startswith("| ") and line.count("|") == 8][2:] == rows


def test_the_text_has_kubernetes_row_by_row() -> None:
    rows = ctl_json("permissions", "--kubernetes")["kubernetes"]
    lines = ctl("permissions", "--kubernetes").stdout.splitlines()
    assert lines[-1] == "What is in no row is an Admin's."
    assert len(lines) == len(rows) + 3
    for line, row in zip(lines[1:], rows):
        assert line.split()[0] == (row["action"] or "-")
        assert line.endswith(row["verbs"]) and row["resources"] in line and row["where"] in line
