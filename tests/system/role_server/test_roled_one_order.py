# SPDX-License-Identifier: Apache-2.0
"""Many at once. Whatever the order is, there is one: what was done, replayed in the order of the audit
trail by rules that are written apart from the server, gives each answer and what is there in the end."""

import itertools
import os
import random

from support.naive_roles import NaiveRoles
from support.roled import at_once

CLIENTS = 8
OPERATIONS = int(os.environ.get("TOGETHER_RACE_OPERATIONS", "4000"))
# A person may change rosters ten times a second: each client acts as several.
PEOPLE_OF_A_CLIENT = 3


class Crowd:
    """An organization whose Admins all change it at once."""

    def __init__(self, roled, seed):
        self.roled, self.seed = roled, seed
        self.model = NaiveRoles(roled.owner.id, roled.default_project)
        self.done, self.unexpected = {}, []  # by request id
        of_the_owners = [roled.owner] + [self._member(f"hand{i}", "admin") for i in range(PEOPLE_OF_A_CLIENT - 1)]
        self.acting = [of_the_owners] + [[self._member(f"admin{i}.{j}", "admin") for j in range(PEOPLE_OF_A_CLIENT)]
                                         for i in range(CLIENTS - 1)]
        self.admins = [roled.owner, *itertools.chain(*self.acting[1:])]
        self.people = self.admins + [self._member(f"user{i}", "member") for i in range(8)]
        self.passing = [self._member(f"passing{i}", "member") for i in range(12)]
        self.projects = [roled.create_project(f"q{i}") for i in range(3)]
        for project in self.projects:
            self.model.create_project(project, roled.owner.id)

    def _member(self, login, role):
        user = self.roled.add_user(login, role=role)
        self.model.add_member(user.id, role)
        return user

    def operation(self, chance, number):
        """Method, path, body, and what the model is asked to do. The Owner's client, whose people nobody
        changes, gives the others back what they take from each other: else soon nobody else could do anything."""
        project, organization = chance.choice(self.projects), f"/v1/organizations/{self.roled.organization}"
        user = chance.choice(self.admins[1:] if number == 0 else self.people + self.passing)
        member, listed = f"{organization}/members/{user.id}", self.roled.collaborators(project)
        role = "admin" if number == 0 else chance.choice(["admin", "member"])
        kind = chance.choices(["add", "role", "remove", "member_role", "suspend", "remove_member"], [8, 6, 5, 3, 3, 1])[0]
        if kind == "add":
            return ("POST", listed, {"user_id": user.id, "role": role},
                    lambda model: model.add_collaborator(project, user.id, role))
        if kind == "role":
            return ("PATCH", f"{listed}/{user.id}", {"role": role},
                    lambda model: model.set_collaborator_role(project, user.id, role))
        if kind == "remove":
            return "DELETE", f"{listed}/{user.id}", None, lambda model: model.remove_collaborator(project, user.id)
        if kind == "member_role":
            return "PATCH", member, {"role": role}, lambda model: model.change_member(user.id, role=role)
        if kind == "suspend":
            suspended = number > 0 and chance.choice([True, False])
            return ("PATCH", member, {"suspended": suspended},
                    lambda model: model.change_member(user.id, suspended=suspended))
        passing = chance.choice(self.passing)
        return ("DELETE", f"{organization}/members/{passing.id}", None,
                lambda model: model.remove_member(passing.id))

    def client(self, number):
        chance, connection = random.Random(f"{self.seed}.{number}"), self.roled.connect()
        for _ in range(OPERATIONS // CLIENTS):
            method, path, body, act = self.operation(chance, number)
            answer = self.roled.request(method, path, body, token=chance.choice(self.acting[number]), connection=connection)
            if answer.status < 300:
                self.done[answer.headers["x-request-id"]] = act
            elif answer.status not in (401, 403, 404, 409, 429):
                self.unexpected.append(answer)

    def replay(self):
        """Raises where the rules do not allow it in this order. Returns what was done."""
        expected, succeeded = {}, {}
        for record in self.roled.rows("SELECT seq, request_id, target, value_after FROM trail ORDER BY seq"):
            request = record["request_id"]
            if request not in self.done:
                continue
            if "had no Admin left" in (record["value_after"] or ""):
                succeeded.setdefault(request, set()).add(record["target"].split("/")[0])
            if request not in expected:
                self.done[request](self.model)
                expected[request] = self.model.successions
        assert succeeded == {request: projects for request, projects in expected.items() if projects}
        return expected


def test_what_eight_clients_do_is_what_the_trail_says_in_its_order(roled):
    seed = random.randrange(10**9)
    crowd = Crowd(roled, seed)
    at_once(*(lambda number=number: crowd.client(number) for number in range(CLIENTS)))
    assert crowd.unexpected == [], seed
    assert len(crowd.replay()) > 200, seed
    members = {row["user_id"]: {"role": row["role"], "suspended": row["suspended_at"] is not None}
               for row in roled.rows("SELECT user_id, role, suspended_at FROM members")}
    assert members == crowd.model.members, seed
    rows = roled.rows("SELECT project_id, user_id, role FROM collaborators")
    there = {project: {row["user_id"]: row["role"] for row in rows if row["project_id"] == project}
             for project in crowd.model.projects}
    assert there == crowd.model.projects, seed
    sequence = [row["seq"] for row in roled.rows("SELECT seq FROM trail ORDER BY seq")]
    assert sequence == list(range(1, len(sequence) + 1)), seed
