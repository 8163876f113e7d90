# SPDX-License-Identifier: Apache-2.0
"""A long walk of random requests, each compared with what the rules say (tests/support/naive_roles.py, which
is written apart from the server): the status, the code of a refusal, and all rosters after each. Every 50
steps everybody asks everything. With the data in PostgreSQL two servers answer in turns.

A failure names the seed and the step: TOGETHER_WALK_SEED walks that way again, TOGETHER_WALK_STEPS farther.
"""

import collections
import copy
import itertools
import os
import random

import pytest
import yaml

from support.naive_roles import ADMINS_ONLY, NaiveRoles, Refused
from support.roled import ON_POSTGRESQL, ROOT, Roled
from support.ssh_keys import ed25519
from support.waiting import wait_until

STEPS = int(os.environ.get("TOGETHER_WALK_STEPS", "1000"))
SEED = int(os.environ.get("TOGETHER_WALK_SEED", "0"))
EVERYTHING_EACH = 50
DRY_RUN_EACH = 12
MOST_PEOPLE, MOST_PROJECTS = 12, 4
# A key may change rosters ten times a second. The Owners' make most changes.
KEYS_OF_AN_OWNER, KEYS_OF_OTHERS = 40, 3
SCOPES = ["project.read", "collaborators.read", "authorize", "costs.read", "inference.use"]
STATUS = {"not_found": 404, "invalid_uid": 400, "forbidden": 403}  # of codes; the others are 409

Person = collections.namedtuple("Person", "id login email tokens")
Key = collections.namedtuple("Key", "kind project token")
NOBODY = Key("none", None, None)
# What is sent, whether its sender may (a name of Model.may's, with what it is about), and what comes of it.
Act = collections.namedtuple("Act", "method path body action where status do")


class Model:
    """All organizations, and what belongs to people everywhere."""

    def __init__(self):
        self.organizations = {}
        self.gone = set()  # who was nowhere once: their tokens ended then
        self.ssh_keys = collections.defaultdict(dict)  # id -> public key, by person
        self.numbers = collections.defaultdict(dict)  # uid or gid -> whose, by organization
        self.groups, self.names = {}, {}  # of projects
        self.old_groups = set()  # with their organization
        self.api_keys = collections.defaultdict(set)  # ids, by project

    def of(self, project):
        return next(id for id, one in self.organizations.items() if project in one.projects)

    def roles(self, project):
        return self.organizations[self.of(project)]

    def projects(self):
        return [project for one in self.organizations.values() for project in one.projects]

    def may(self, actor, action, where):
        """As NaiveRoles.may, or "unknown" whom nobody knows. `where`: an organization's id or a project's."""
        if actor is NOBODY or getattr(actor, "id", None) in self.gone:
            return "unknown"
        if action == "own profile":
            return "allowed" if isinstance(actor, Person) else "denied"
        in_project = where not in self.organizations
        if isinstance(actor, Key):
            if actor.project != where:
                return "hidden"
            allowed = {"node": ["collaborators.read"], "project": SCOPES, "narrow": ["inference.use"]}[actor.kind]
            return "allowed" if action in allowed else "denied"
        roles = self.roles(where) if in_project else self.organizations[where]
        if action == "join":
            if roles.organization_role(actor.id) == "admin":
                return "allowed"
            action = "collaborators.add"
        return roles.may(actor.id, action, where if in_project else None)

    def uid(self, organization, user):
        return next((number for number, whose in self.numbers[organization].items() if whose == user), None)

    def roster(self, project):
        organization = self.of(project)
        return {user: {**one, "uid": self.uid(organization, user)}
                for user, one in self.roles(project).roster(project).items()}

    def told(self, project):
        """All that nodes are told, and so what its revision counts."""
        roster = self.roster(project)
        return self.groups[project], roster, {user: sorted(self.ssh_keys[user].values()) for user in roster}

    # --- what is done -----------------------------------------------------------------------------

    def settle(self, before):
        """Whoever has become nobody is never heard again."""
        for user in {user for one in before.organizations.values() for user in
                     [*one.members, *itertools.chain(*one.projects.values())]}:
            if not any(one.takes_part(user) for one in self.organizations.values()):
                self.gone.add(user)

    def set_uid(self, organization, user, uid, by):
        if user not in self.organizations[organization].members:
            raise Refused("not_found")
        has = self.uid(organization, user)
        if has == uid:
            return
        if user == self.organizations[organization].owner != by:
            raise Refused("forbidden")
        if has is not None:
            raise Refused("uid_already_set")
        if uid in self.numbers[organization]:
            raise Refused("uid_taken")
        self.numbers[organization][uid] = user

    def name_project(self, organization, project, name=None, group=None):
        others = {self.names[one] for one in self.organizations[organization].projects if one in self.names
                  and one != project}
        if name in others:
            raise Refused("project_name_taken")
        if group and group != self.groups.get(project):
            if (organization, group) in self.old_groups:
                raise Refused("group_taken")
            self.old_groups.discard((organization, self.groups.get(project)))
            self.old_groups.add((organization, group))
            self.groups[project] = group
        self.names[project] = name or self.names.get(project)

    def create_project(self, organization, project, name, group, creator, gids=()):
        self.name_project(organization, project, name, group)
        self.organizations[organization].create_project(project, creator)
        self.numbers[organization].update({gid: project for gid in gids})

    def delete_person(self, user):
        if any(one.is_suspended(user) for one in self.organizations.values()):
            raise Refused("suspended")
        if any(one.owner == user for one in self.organizations.values()):
            raise Refused("owner")
        for one in self.organizations.values():
            one.remove(user)

    def has_a_role(self, user):
        return any(one.organization_role(user) or any(one.role(project, user) for project in one.projects)
                   for one in self.organizations.values())

    def add_ssh_key(self, user, id, text):
        if any(one.is_suspended(user) for one in self.organizations.values()) and not self.has_a_role(user):
            raise Refused("suspended")
        if text in self.ssh_keys[user].values():
            raise Refused("ssh_key_taken")
        self.ssh_keys[user][id] = text


class Walk:
    def __init__(self, servers, seed):
        self.servers, self.seed = servers, seed
        self.turns = itertools.cycle(servers)
        self.connections = {server: server.connect() for server in servers}
        self.chance = random.Random(seed)
        self.serial = itertools.count(1)
        self.history = collections.deque(maxlen=12)
        self.done, self.seen = set(), 0  # ids of requests that changed something; of the trail's records
        self.model = Model()
        self.people, self.node_keys, self.versions = {}, {}, {}
        self.keys, self.kept = [NOBODY], set()  # ids of those that ask
        self.spare_ssh_keys = [ed25519() for _ in range(4)]
        self.found(servers[0])

    # --- requests ----------------------------------------------------------------------------------

    def ask(self, method, path, body=None, actor=NOBODY, **headers):
        """Of each server in turns: what one has answered, the other must know."""
        def once():
            server = next(self.turns)
            tokens = getattr(actor, "tokens", None)
            token = self.chance.choice(tokens) if tokens else getattr(actor, "token", None)
            answer = server.request(method, path, body, token=token, headers=headers,
                                    connection=self.connections[server])
            return answer if answer.status != 429 else None
        return wait_until(once, "an answer within the rate limits")

    def make(self, method, path, body=None, actor=NOBODY):
        answer = self.ask(method, path, body, actor)
        assert answer.status in (200, 201), answer
        self.done.add(answer.headers["x-request-id"])
        return answer.json

    # --- the beginning -------------------------------------------------------------------------------

    def found(self, server):
        here = {"organization": server.organization, "project": server.default_project, "owner": server.owner.id,
                "token": server.owner.token, "login": "ann"}
        made = server.command("organization add", "--organization", "Elsewhere", "--owner", "eve@example.com",
                              "--login", "eve")
        there = {"organization": made["organization_id"], "project": made["default_project_id"],
                 "owner": made["user_id"], "token": made["token"], "login": "eve"}
        self.seen = len(server.rows("SELECT seq FROM trail"))
        for one in (here, there):
            self.model.organizations[one["organization"]] = NaiveRoles(one["owner"], one["project"])
            owner = self.know(one["owner"], one["login"], one["token"], KEYS_OF_AN_OWNER)
            self.know_project(one["project"], owner)
            for _ in range(4):
                self.newcomer(one["organization"], owner)
        default = here["project"]
        for kind, scopes in (("project", SCOPES), ("narrow", ["inference.use"])):
            made = self.make("POST", f"/v1/projects/{default}/api_keys", {"name": kind, "scopes": scopes},
                             self.people[here["owner"]])
            self.model.api_keys[default].add(made["id"])
            self.kept.add(made["id"])
            self.keys.append(Key(kind, default, made["token"]))
        self.keys.append(Key("node", default, self.node_keys[default]))

    def know(self, user, login, token, keys):
        person = Person(user, login, f"{login}@example.com", [token])
        for number in range(keys - 1):
            person.tokens.append(self.make("POST", "/v1/users/me/tokens", {"name": f"k{number}"}, person)["token"])
        self.people[user] = person
        return person

    def know_project(self, project, admin):
        about = self.ask("GET", f"/v1/projects/{project}", actor=admin).json
        model, organization = self.model, about["organization_id"]
        model.names[project], model.groups[project] = about["name"], about["group"]
        model.old_groups.add((organization, about["group"]))
        model.numbers[organization].update({about["gid"]: project, about["admin_gid"]: project})
        self.node_keys[project] = self.make("POST", f"/v1/projects/{project}/node_keys", {"name": "n"}, admin)["token"]
        self.read_roster(project)

    def newcomer(self, organization, admin):
        login = f"w{next(self.serial)}"
        invitation = self.make("POST", f"/v1/organizations/{organization}/invitations",
                               {"email": f"{login}@example.com"}, admin)
        made = self.make("POST", "/v1/invitations/accept", {"token": invitation["token"], "login": login})
        before = copy.deepcopy(self.model)
        self.model.organizations[organization].add_member(made["user"]["id"])
        self.know(made["user"]["id"], login, made["token"], KEYS_OF_OTHERS)
        self.compare_rosters(before)

    # --- one step --------------------------------------------------------------------------------------

    def alive(self):
        return [person for person in self.people.values() if person.id not in self.model.gone]

    def actor(self, organization, project):
        """Mostly somebody who may do something, else hardly anything is ever done."""
        roles, kind = self.model.organizations[organization], self.chance.random()
        if kind < 0.3:
            return self.people[roles.owner]
        if kind < 0.6:
            admins = [user for user in roles.projects[project] if roles.role(project, user) == "admin"]
            return self.people[self.chance.choice(admins)]
        if kind < 0.9:
            return self.chance.choice(self.alive())
        return self.chance.choice([*self.keys, *self.people.values()])

    def act(self):
        chance, model = self.chance, self.model
        organization = chance.choice(list(model.organizations))
        roles = model.organizations[organization]
        project = chance.choice(list(roles.projects))
        someone = chance.choice([chance.choice(self.alive()).id, chance.choice(list(roles.projects[project]))])
        role, word = chance.choice(["admin", "member"]), chance.choice("abcdef")
        above, here = f"/v1/organizations/{organization}", f"/v1/projects/{project}"
        there, member = f"{here}/collaborators/{someone}", f"{above}/members/{someone}"
        actor = self.actor(organization, project)
        me = getattr(actor, "id", None)
        uid = 20000 + 7 * list(self.people).index(chance.choice(list(self.people)))
        key = chance.choice(self.spare_ssh_keys)
        suspended, externals = chance.random() < 0.4, chance.random() < 0.8
        api_key = min(model.api_keys[project] - self.kept, default="key_none")
        own_ssh_key = next(iter(model.ssh_keys[me]), "key_none")

        def here_in(after):
            return after.roles(project)

        def leave(after, _):
            if me is None:  # a key of the project, which is nobody's place in it
                raise Refused("forbidden")
            here_in(after).remove_collaborator(project, me)

        def drop_api_key(after, _):
            if api_key not in after.api_keys[project]:
                raise Refused("not_found")
            after.api_keys[project].discard(api_key)

        def drop_ssh_key(after, _):
            if after.ssh_keys[me].pop(own_ssh_key, None) is None:
                raise Refused("not_found")

        def rename(after, _):
            after.name_project(organization, project, **names)

        names = {"name": f"name {word}"} if chance.random() < 0.5 else {"group": f"p-{word}"}
        new = {"name": f"name {word}", "group": f"p-new-{chance.randrange(300)}"}
        acts = [
            (8, Act("POST", f"{here}/collaborators", {"user_id": someone, "role": role}, "collaborators.add", project,
                    201, lambda after, _: here_in(after).add_collaborator(project, someone, role))),
            (7, Act("PATCH", there, {"role": role}, "collaborators.manage_roles", project, 200,
                    lambda after, _: here_in(after).set_collaborator_role(project, someone, role))),
            (6, Act("DELETE", there, None, "collaborators.remove", project, 204,
                    lambda after, _: here_in(after).remove_collaborator(project, someone))),
            (4, Act("POST", f"{here}/join", {}, "join", project, 201,
                    lambda after, _: here_in(after).add_collaborator(project, me))),
            (3, Act("POST", f"{here}/leave", {}, "project.read", project, 204, leave)),
            (6, Act("PATCH", member, {"role": role}, "members.manage_roles", organization, 200,
                    lambda after, _: after.organizations[organization].change_member(someone, role=role))),
            (5, Act("PATCH", member, {"suspended": suspended}, "members.manage_roles", organization, 200,
                    lambda after, _: after.organizations[organization].change_member(someone, suspended=suspended))),
            (3, Act("PATCH", member, {"uid": uid}, "members.manage_roles", organization, 200,
                    lambda after, _: after.set_uid(organization, someone, uid, me))),
            (3, Act("DELETE", member, None, "members.remove", organization, 200,
                    lambda after, _: after.organizations[organization].remove_member(someone))),
            (1, Act("POST", f"{above}/leave", {}, "leave", organization, 200,
                    lambda after, _: after.organizations[organization].leave(me))),
            (2, Act("PATCH", above, {"external_collaborators": externals}, "organization.write", organization, 200,
                    lambda after, _: setattr(after.organizations[organization], "externals", externals))),
            (1, Act("PATCH", f"{above}/billing", {"contact_email": "pay@example.com"}, "billing.write", organization,
                    200, lambda after, _: None)),
            (4, Act("POST", f"{above}/projects", new, "projects.create", organization, 201,
                    lambda after, made: after.create_project(
                        organization, made.get("id", "?"), new["name"], new["group"], me,
                        [made[gid] for gid in ("gid", "admin_gid") if gid in made]))),
            (2, Act("PATCH", here, names, "project.write", project, 200, rename)),
            (2, Act("DELETE", here, None, "project.write", project, 204,
                    lambda after, _: here_in(after).remove_project(project))),
            (3, Act("POST", "/v1/users/me/ssh_keys", {"public_key": key, "name": "k"}, "own profile", None, 201,
                    lambda after, made: after.add_ssh_key(me, made.get("id", "?"), key))),
            (2, Act("DELETE", f"/v1/users/me/ssh_keys/{own_ssh_key}", None, "own profile", None, 204, drop_ssh_key)),
            (2, Act("POST", f"{here}/api_keys", {"name": word, "scopes": ["costs.read"]}, "api_keys.create", project,
                    201, lambda after, made: after.api_keys[project].add(made.get("id", "?")))),
            (3, Act("DELETE", f"{here}/api_keys/{api_key}", None, "api_keys.revoke", project, 204, drop_api_key)),
            (1, Act("DELETE", "/v1/users/me", None, "own profile", None, 200,
                    lambda after, _: after.delete_person(me))),
        ]
        return actor, chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]

    def expectation(self, actor, act):
        """Status, code of a refusal or None, and the model behind it."""
        action, model = act.action, self.model
        verdict = model.may(actor, "own profile" if action == "leave" else action, act.where)
        if verdict != "allowed":
            return {"unknown": 401, "hidden": 404}.get(verdict, 403), None, model
        after = copy.deepcopy(model)
        try:
            act.do(after, {})
        except Refused as refused:
            return STATUS.get(refused.code, 409), refused.code, model
        return act.status, None, after

    def step(self, number):
        if len(self.alive()) < MOST_PEOPLE - 2 or number % 40 == 0 and len(self.alive()) < MOST_PEOPLE:
            organization = self.chance.choice(list(self.model.organizations))
            return self.newcomer(organization, self.people[self.model.organizations[organization].owner])
        if self.chance.random() < 0.06 and self.rejoin():
            return None
        actor, act = self.act()
        if act.action == "projects.create" and len(self.model.organizations[act.where].projects) >= MOST_PROJECTS:
            return None
        self.play(actor, act, self.chance.randrange(DRY_RUN_EACH) == 0)
        return None

    def play(self, actor, act, dry_run):
        status, code, _ = self.expectation(actor, act)
        path = act.path + ("?dry_run=true" if dry_run else "")
        self.history.append(f"{getattr(actor, 'login', actor)} {act.method} {path} {act.body} -> {status} {code or ''}")
        answer = self.ask(act.method, path, act.body, actor)
        succeeds = status < 300
        assert answer.status == (200 if succeeds and dry_run else status), answer
        assert code is None or answer.code == code, answer
        before = self.model
        if succeeds and dry_run:
            assert answer.json["status"] == status, answer
        elif succeeds:
            self.model = copy.deepcopy(before)
            act.do(self.model, answer.json or {})
            self.model.settle(before)
            self.done.add(answer.headers["x-request-id"])
        self.compare_rosters(before)

    def rejoin(self):
        """Somebody who has an account accepts an invitation. False where all are in it."""
        organization = self.chance.choice(list(self.model.organizations))
        roles = self.model.organizations[organization]
        others = [person for person in self.alive() if person.id not in roles.members]
        if not others:
            return False
        person, role = self.chance.choice(others), self.chance.choice(["admin", "member"])
        self.history.append(f"{person.login} joins {organization} as {role}")
        invitation = self.make("POST", f"/v1/organizations/{organization}/invitations",
                               {"email": person.email, "role": role}, self.people[roles.owner])
        before = copy.deepcopy(self.model)
        roles.add_member(person.id, role)
        self.make("POST", "/v1/invitations/accept", {"token": invitation["token"]}, person)
        self.compare_rosters(before)
        return True

    # --- after each ----------------------------------------------------------------------------------------

    def read_roster(self, project):
        answer = self.ask("GET", f"/v1/projects/{project}/collaborators?limit=1000",
                          actor=Key("node", project, self.node_keys[project]))
        self.versions[project] = answer.json["revision"], answer.headers["etag"]
        return {one["user_id"]: {name: one[name] for name in ("role", "external", "uid")} for one in answer.json["data"]}

    def compare_rosters(self, before):
        """Each has a new revision, one higher, where it is another one, and else the same."""
        model = self.model
        for project in model.projects():
            if project not in self.node_keys:
                # Whoever made it may have gone from it since, but not yet.
                creator, = model.roles(project).projects[project]
                self.know_project(project, self.people[creator])
            elif project in before.groups and before.told(project) != model.told(project):
                revision, _ = self.versions[project]
                assert self.read_roster(project) == model.roster(project), project
                assert self.versions[project][0] == revision + 1, project
            else:
                answer = self.ask("GET", f"/v1/projects/{project}/collaborators?limit=1000",
                                  actor=Key("node", project, self.node_keys[project]),
                                  **{"If-None-Match": self.versions[project][1]})
                assert answer.status == 304, answer
            assert "admin" in {one["role"] for one in model.roster(project).values()}, project
        for roles in model.organizations.values():
            assert roles.members[roles.owner] == {"role": "admin", "suspended": False}

    # --- everybody asks everything ------------------------------------------------------------------------

    def compare_everything(self):
        for project in self.model.projects():
            assert self.read_roster(project) == self.model.roster(project), project
        asked, gone = set(), [self.people[user] for user in self.people if user in self.model.gone][-1:]
        for actor in [*self.alive(), *gone, *self.keys]:
            organization = self.chance.choice(list(self.model.organizations))
            project = self.chance.choice(list(self.model.organizations[organization].projects))
            for question in self.questions(actor, organization, project):
                self.compare_answer(actor, *question)
                asked.add(question[0])
        assert asked == all_get_routes()
        self.compare_trail()
        checked = self.servers[0].run("check")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def questions(self, actor, organization, project):
        """The route, what it stands for, what has to be allowed and where, and what is in the answer."""
        model, roles, me = self.model, self.model.organizations[organization], getattr(actor, "id", None)
        someone = self.chance.choice(self.alive()).id
        ids = {"org": organization, "proj": project, "user": someone, "inv": "inv_none", "key": "key_none"}
        mine = {"key": "key_" + actor.tokens[0][4:16]} if isinstance(actor, Person) else {}
        my_ssh_key = next(iter(model.ssh_keys[me]), None)
        members, projects = roles.members, roles.projects
        places = {id: one.organization_role(me) for id, one in model.organizations.items() if one.organization_role(me)}
        taking_part = {id: model.roles(id).role(id, me) for id in model.projects() if model.roles(id).role(id, me)}
        api_keys = model.api_keys[project]
        above, here = "/v1/organizations/{org}", "/v1/projects/{proj}"

        def by(field, *names):
            return lambda answer: {one[field]: tuple(one[name] for name in names) for one in answer["data"]}

        yield "/healthz", ids, "nothing", None, None
        yield "/readyz", ids, "nothing", None, None
        yield "/v1/whoami", ids, "any key", None, None
        yield "/v1/permissions", ids, "any key", None, (
            lambda answer: {one["action"] for one in answer["data"] if not one["member"]}, ADMINS_ONLY)
        yield "/v1/users/me", ids, "own profile", None, (lambda answer: answer["id"], me)
        yield "/v1/users/me/organizations", ids, "own profile", None, (
            by("id", "role"), {id: (role,) for id, role in places.items()})
        yield "/v1/users/me/projects", ids, "own profile", None, (
            by("id", "role"), {id: (role,) for id, role in taking_part.items()})
        yield "/v1/users/me/tokens", ids, "own profile", None, (
            lambda answer: len(answer["data"]), len(getattr(actor, "tokens", [])))
        yield "/v1/users/me/tokens/{key}", {**ids, **mine}, "own profile", None, None
        yield "/v1/users/me/ssh_keys", ids, "own profile", None, (by("id"), {id: () for id in model.ssh_keys[me]})
        yield ("/v1/users/me/ssh_keys/{key}", {**ids, "key": my_ssh_key or "key_none"}, "own profile", None,
               None if my_ssh_key else 404)
        yield above, ids, "organization.read", organization, None
        yield f"{above}/billing", ids, "billing.read", organization, None
        yield f"{above}/members", ids, "members.read", organization, (
            by("user_id", "role", "suspended", "owner", "uid"),
            {id: (one["role"], one["suspended"], id == roles.owner, model.uid(organization, id))
             for id, one in members.items()})
        yield f"{above}/members/{{user}}", ids, "members.read", organization, None if someone in members else 404
        yield f"{above}/invitations", ids, "members.invite", organization, (by("id"), {})
        yield f"{above}/invitations/{{inv}}", ids, "members.invite", organization, 404
        yield f"{above}/projects", ids, "projects.read", organization, (
            by("id", "name", "group"), {id: (model.names[id], model.groups[id]) for id in projects})
        yield f"{above}/audit", ids, "organization.write", organization, None
        yield here, ids, "project.read", project, (
            lambda answer: (answer["name"], answer["group"]), (model.names[project], model.groups[project]))
        yield f"{here}/collaborators", ids, "collaborators.read", project, (
            by("user_id", "role", "external", "uid"),
            {id: (one["role"], one["external"], one["uid"]) for id, one in model.roster(project).items()})
        yield (f"{here}/collaborators/{{user}}", ids, "collaborators.read", project,
               None if roles.role(project, someone) else 404)
        yield f"{here}/invitations", ids, "collaborators.add", project, (by("id"), {})
        yield f"{here}/invitations/{{inv}}", ids, "collaborators.add", project, 404
        yield f"{here}/api_keys", ids, "api_keys.read", project, (by("id"), {id: () for id in api_keys})
        yield (f"{here}/api_keys/{{key}}", {**ids, "key": min(api_keys, default="key_none")}, "api_keys.read", project,
               None if api_keys else 404)
        yield f"{here}/node_keys", ids, "project.write", project, (lambda answer: len(answer["data"]), 1)
        yield (f"{here}/node_keys/{{key}}", {**ids, "key": "key_" + self.node_keys[project][4:16]}, "project.write",
               project, None)
        yield f"{here}/nodes", ids, "project.read", project, None
        yield f"{here}/access_review", ids, "project.write", project, (
            by("user_id", "role"), {id: (one["role"],) for id, one in model.roster(project).items()})
        action = self.chance.choice(["inference.use", "clusters.scale", "ssh.login", "costs.read"])
        yield f"{here}/authorize/{{action}}", {**ids, "action": action}, action, project, 204

    def compare_answer(self, actor, path, ids, action, where, expected):
        verdict = self.model.may(actor, action, where) if action not in ("nothing", "any key") else "allowed"
        if action == "any key":
            verdict = "unknown" if self.model.may(actor, "own profile", None) == "unknown" else "allowed"
        if path.endswith("{action}") and isinstance(actor, Person) and verdict == "allowed":
            verdict = "denied"  # their tokens are for the API
        status = {"allowed": 200, "name": 200, "unknown": 401, "hidden": 404}.get(verdict, 403)
        if isinstance(expected, int) and verdict == "allowed":
            status = expected
        answer = self.ask("GET", path.format(**ids), actor=actor)
        asked = f"{getattr(actor, 'login', actor)} GET {path.format(**ids)}"
        assert answer.status == status, (asked, answer)
        if verdict == "name":
            assert set(answer.json) == {"object", "id", "name"}, asked
        elif answer.status == 200 and isinstance(expected, tuple):
            found, right = expected
            assert found(answer.json) == right, asked

    def compare_trail(self):
        """Each change that was answered and no other is in it, without gaps; refusals beside them."""
        rows = self.servers[0].rows(f"SELECT seq, request_id, outcome FROM trail WHERE seq > {self.seen} ORDER BY seq")
        assert [row["seq"] for row in rows] == list(range(self.seen + 1, self.seen + 1 + len(rows)))
        self.seen += len(rows)
        recorded = {row["request_id"] for row in rows if row["outcome"] == "allowed"}
        assert recorded <= self.done, "a change that nobody was told of"
        self.done = set()
        assert recorded

    def run(self):
        number = 0
        try:
            self.compare_everything()
            for number in range(1, STEPS + 1):
                self.step(number)
                if number % EVERYTHING_EACH == 0:
                    self.compare_everything()
        except AssertionError as error:
            told = "\n".join(self.history)
            raise AssertionError(f"step {number} of TOGETHER_WALK_SEED={self.seed}: {error}\n{told}") from error


def all_get_routes():
    with open(ROOT / "docs" / "role-api.openapi.yaml", encoding="utf-8") as file:
        paths = yaml.safe_load(file)["paths"]
    return {path for path, methods in paths.items() if "get" in methods}


@pytest.fixture
def servers(roled, tmp_path):
    """One, or two on the same database."""
    if not ON_POSTGRESQL:
        yield [roled]
        return
    other = Roled(tmp_path / "other", init=False, db=roled.db)
    other.directory.mkdir()
    with other:
        yield [roled, other]


@pytest.mark.parametrize("seed", [SEED] if SEED else [1, 2, 3])
def test_a_walk_of_random_requests_goes_by_the_rules(servers, seed):
    Walk(servers, seed).run()
    checked = servers[0].run("check")  # its access history among the rest
    assert checked.returncode == 0, checked.stdout
