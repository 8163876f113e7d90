# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route by everybody, from the tables of the platform.

The expectations are written out here and not taken from /v1/permissions: a wrong table must show. What is
allowed is carried out, and is seen in the database; what is refused leaves nothing there.
"""

import http.client
import re

import pytest

from support.roled import ROOT, Roled
from support.ssh_keys import ed25519

# owner     Owner of the organization, Admin of the project
# admin     Admin of the organization, in the project          admin-    … not in it
# member    Member of the organization, Member of the project  member-   … not in it
# promo     Member of the organization, Admin of the project
# ext       external collaborator, Member of the project       extadm    … Admin of it
# susp      Member of both, suspended
# exp       external collaborator whose time is over
# gone      removed from the organization, and nowhere else
# str       Member of another organization
# key       project API key with all scopes                    key-      … with inference.use alone
# node      node key of the project
# aud       token of another promoted Member's that is for the project's cluster and services
# none      no key at all
EVERYBODY = ("owner admin admin- member member- promo ext extadm susp exp gone str key key- node aud none").split()
PEOPLE = EVERYBODY[:12]

# + allowed, carried out, with the status named    n of the organization the name alone
# 200 where AuthZEN has what is wrong with one question in its answer, as a denial
# - 403   ? 404, as if it were not there   x 401   ! 409, an invariant   or another status
EXPECTED = """
                                                              owner admin admin- member member- promo ext extadm susp exp gone str key key- node aud none
GET    /healthz                                          200  +     +     +      +      +       +     +   +      +    +   +    +   +   +    +    +   +
GET    /readyz                                           200  +     +     +      +      +       +     +   +      +    +   +    +   +   +    +    +   +
GET    /v1/whoami                                        200  +     +     +      +      +       +     +   +      +    +   x    +   +   +    +    -   x
GET    /v1/permissions                                   200  +     +     +      +      +       +     +   +      +    +   x    +   +   +    +    -   x
POST   /v1/authorize about-oneself                       200  +     +     +      +      +       +     +   +      +    ?   x    ?   400 400  400  -   x
POST   /v1/authorize about-another                       200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    -    -   x
POST   /access/v1/evaluation                            200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    -    -   x
POST   /access/v1/evaluations                           200  +     +     -      +      -       +     +   +      -    200 x    200 +   -    -    -   x
POST   /v1/kubernetes/tokenreviews                       200  -     -     -      -      -       -     -   -      -    -   x    -   -   -    +    -   x

GET    /v1/users/me                                      200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
PATCH  /v1/users/me                                      200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
DELETE /v1/users/me                                      200  !     +     +      +      +       +     +   +      !    +   x    +   -   -    -    -   x
GET    /v1/users/me/organizations                        200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
GET    /v1/users/me/projects                             200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
GET    /v1/users/me/tokens                               200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
POST   /v1/users/me/tokens                               201  +     +     +      +      +       +     +   +      !    +   x    +   -   -    -    -   x
GET    /v1/users/me/tokens/{key}                         200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
DELETE /v1/users/me/tokens/{key}                         204  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
GET    /v1/users/me/ssh_keys                             200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
POST   /v1/users/me/ssh_keys                             201  +     +     +      +      +       +     +   +      !    +   x    +   -   -    -    -   x
GET    /v1/users/me/ssh_keys/{key}                       200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
DELETE /v1/users/me/ssh_keys/{key}                       204  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   x
POST   /v1/invitations/accept                            200  +     +     +      +      +       +     +   +      +    +   x    +   -   -    -    -   201

GET    /v1/organizations/{org}                           200  +     +     +      +      +       +     n   n      -    ?   x    ?   ?   ?    ?    -   x
PATCH  /v1/organizations/{org}                           200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/billing                   200  +     +     +      +      +       +     -   -      -    ?   x    ?   ?   ?    ?    -   x
PATCH  /v1/organizations/{org}/billing                   200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/members                   200  +     +     +      +      +       +     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/members/{user}            200  +     +     +      +      +       +     -   -      -    ?   x    ?   ?   ?    ?    -   x
PATCH  /v1/organizations/{org}/members/{user}            200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
DELETE /v1/organizations/{org}/members/{user}            200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
POST   /v1/organizations/{org}/leave                     200  !     +     +      +      +       +     ?   ?      !    ?   x    ?   -   -    -    -   x
GET    /v1/organizations/{org}/invitations               200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
POST   /v1/organizations/{org}/invitations               201  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/invitations/{inv}         200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
DELETE /v1/organizations/{org}/invitations/{inv}         204  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/projects                  200  +     +     +      +      +       +     -   -      -    ?   x    ?   ?   ?    ?    -   x
POST   /v1/organizations/{org}/projects                  201  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x
GET    /v1/organizations/{org}/audit                     200  +     +     +      -      -       -     -   -      -    ?   x    ?   ?   ?    ?    -   x

GET    /v1/projects/{proj}                               200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    -    -   x
GET    /v1/projects/{proj}/nodes                         200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    -    -   x
PATCH  /v1/projects/{proj}                               200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
DELETE /v1/projects/{proj}                               204  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
POST   /v1/projects/{proj}/join                          201  !     !     +      -      -       !     -   !      -    ?   x    ?   -   -    -    -   x
POST   /v1/projects/{proj}/leave                         204  +     +     -      +      -       +     +   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/collaborators                 200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    +    -   x
POST   /v1/projects/{proj}/collaborators                 201  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/collaborators/{user}          200  +     +     -      +      -       +     +   +      -    ?   x    ?   +   -    +    -   x
PATCH  /v1/projects/{proj}/collaborators/{user}          200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
DELETE /v1/projects/{proj}/collaborators/{user}          204  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/invitations                   200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/invitations/{inv}             200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
DELETE /v1/projects/{proj}/invitations/{inv}             204  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/api_keys                      200  +     +     -      +      -       +     +   +      -    ?   x    ?   -   -    -    -   x
POST   /v1/projects/{proj}/api_keys                      201  +     +     -      +      -       +     +   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/api_keys/{key}                200  +     +     -      +      -       +     +   +      -    ?   x    ?   -   -    -    -   x
DELETE /v1/projects/{proj}/api_keys/{key}                204  +     +     -      +      -       +     +   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/node_keys                     200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
POST   /v1/projects/{proj}/last_seen                     204  -     -     -      -      -       -     -   -      -    ?   x    ?   -   -    +    -   x
POST   /v1/projects/{proj}/node_keys                     201  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/node_keys/{key}               200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
DELETE /v1/projects/{proj}/node_keys/{key}               204  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/access_review                 200  +     +     -      -      -       +     -   +      -    ?   x    ?   -   -    -    -   x
GET    /v1/projects/{proj}/authorize/{action} inference.use  204  - -     -      -      -       -     -   -      -    ?   x    ?   +   +    -    +   x
GET    /v1/projects/{proj}/authorize/{action} costs.read     204  - -     -      -      -       -     -   -      -    ?   x    ?   +   -    -    +   x
GET    /v1/projects/{proj}/authorize/{action} collaborators.read 204 - -     -      -      -       -     -   -      -    ?   x    ?   +   -    -    +   x
GET    /v1/projects/{proj}/authorize/{action} clusters.scale 204  - -     -      -      -       -     -   -      -    ?   x    ?   -   -    -    +   x
"""
STATUS = {"-": 403, "?": 404, "x": 401, "!": 409, "n": 200}


class Row:
    def __init__(self, line):
        words = line.split()
        self.method, self.path = words[:2]
        cells = words[-len(EVERYBODY):]
        self.variant = " ".join(words[2:-len(EVERYBODY) - 1])
        self.success = int(words[-len(EVERYBODY) - 1])
        self.expected = dict(zip(EVERYBODY, cells))

    @property
    def name(self):
        return f"{self.method} {self.path} {self.variant}".strip()

    def status(self, who):
        cell = self.expected[who]
        return self.success if cell == "+" else int(STATUS.get(cell, cell))


ROWS = [Row(line) for line in EXPECTED.strip().splitlines()[1:] if line]


class World:
    """One organization with somebody in each position. It is made once; each route has its own copy."""

    def __init__(self, directory):
        self.serial = 0
        self.directory = directory
        self.roled = roled = Roled(directory).start()
        self.project = roled.create_project("cluster")
        self.other = roled.create_project("other")
        self.people = {"owner": roled.owner}
        for name, role in (("admin", "admin"), ("admin-", "admin"), ("member", "member"), ("member-", "member"),
                           ("promo", "member"), ("susp", "member"), ("gone", "member"), ("keeper", "member")):
            self.people[name] = roled.add_user("p." + name.replace("-", ".out"), role=role)
        roled.allow_externals()
        with roled.elsewhere():
            for name in ("ext", "extadm", "exp", "str"):
                self.people[name] = roled.add_user(name)
        with roled.elsewhere("Third", "tom@example.com") as self.third:
            self.host = roled.add_user("host", role="admin")
        for name in ("admin", "member", "susp", "gone", "ext", "exp"):
            roled.add_collaborator(self.project, self.people[name])
        for name in ("promo", "extadm", "keeper"):
            roled.add_collaborator(self.project, self.people[name], role="admin")
        self.ssh_keys = {}
        for name in (*PEOPLE, "keeper"):
            made = roled.make("POST", "/v1/users/me/ssh_keys", {"public_key": ed25519()}, token=self.people[name])
            self.ssh_keys[name] = made["id"]
        roled.change_member(self.people["susp"], suspended=True)
        roled.make("DELETE", roled.member(self.people["gone"]))
        self.make_keys()
        roled.stop()
        roled.execute(f"UPDATE collaborators SET until = 1000000000 WHERE user_id = '{self.people['exp'].id}'"
                      f" AND project_id = '{self.project}'")

    def make_keys(self):
        roled = self.roled
        every = ["project.read", "collaborators.read", "authorize", "costs.read", "inference.use", "fine_tuning.use",
                 "endpoints.use", "products.use"]
        api_keys = f"/v1/projects/{self.project}/api_keys"
        self.key = roled.make("POST", api_keys, {"name": "all", "scopes": every})
        narrow = roled.make("POST", api_keys, {"name": "narrow", "scopes": ["inference.use"]})
        node = roled.make("POST", f"/v1/projects/{self.project}/node_keys", {"name": "nodes"})
        self.node_key = node["id"]
        self.tokens = {name: user.token for name, user in self.people.items()} | {
            "key": self.key["token"], "key-": narrow["token"], "node": node["token"],
            "aud": roled.token_for(self.project, self.people["keeper"]), "none": None}
        self.invitation = roled.make("POST", f"{roled.settings}/invitations", {"email": "invited@example.com"})["id"]
        self.project_invitation = roled.make("POST", roled.collaborators(self.project),
                                             {"email": "asked@example.com"})["id"]

    def copy(self, directory):
        """The same world on a server of its own."""
        made = object.__new__(World)
        made.__dict__.update(self.__dict__)
        made.roled = Roled(directory, init=False, db=self.roled.copied_to(directory))
        for name in ("organization", "default_project", "owner"):
            setattr(made.roled, name, getattr(self.roled, name))
        made.roled.start()
        return made

    def new(self, prefix):
        self.serial += 1
        return f"{prefix}{self.serial}"

    def finds(self, query, *ids):
        """Whether there is such a row; each ? stands for an id."""
        return bool(self.roled.rows(query.replace("?", "'{}'").format(*ids)))

    def person(self, who):
        """Whoever it is; for a key somebody whose things it must not get at."""
        return self.people[who if who in PEOPLE else "keeper"]

    def make(self, method, path, body=None, **kwargs):
        return self.roled.make(method, path.format(org=self.roled.organization, proj=self.project), body, **kwargs)

    def stranger(self):
        """Somebody of another organization, whose id the project has been told."""
        home, self.roled.organization = self.roled.organization, self.third
        user = self.roled.add_user(self.new("t"))
        self.roled.organization = home
        return user.id

    def newcomer(self, role="member"):
        return self.roled.add_user(self.new("u"), role=role).id

    def collaborator(self):
        user = self.newcomer()
        self.make("POST", "/v1/projects/{proj}/collaborators", {"user_id": user})
        return user


class Act:
    """What is sent, and a query that finds a row once it has been done."""

    def __init__(self, body, done, *values, **ids):
        self.body, self.done, self.values, self.ids = body, done, values, ids


NOT_THERE = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {})"
REVOKED = "SELECT 1 FROM api_keys WHERE id = ? AND revoked_at IS NOT NULL"
REVOKED_INVITATION = "SELECT 1 FROM invitations WHERE id = ? AND revoked_at IS NOT NULL"
KEY_NAMED = "SELECT 1 FROM api_keys WHERE name = ?"


def accept(world, who):
    address = f"{world.people[who].login}@example.com" if who in PEOPLE else f"{world.new('n')}@example.com"
    made = world.roled.make("POST", f"/v1/organizations/{world.third}/invitations", {"email": address},
                            token=world.host)
    return Act({"token": made["token"]}, "SELECT 1 FROM invitations WHERE id = ? AND used_at IS NOT NULL", made["id"])


def own_token(world, who):
    if who in PEOPLE and who != "gone":
        if who == "susp":  # who had it before
            world.roled.change_member(world.people[who], suspended=False)
        key = world.roled.make("POST", "/v1/users/me/tokens", {"name": "x"}, token=world.people[who])["id"]
        if who == "susp":
            world.roled.change_member(world.people[who], suspended=True)
    else:
        key = "key_" + world.people["keeper"].token[4:16]
    return Act(None, REVOKED, key, key=key)


def review(world, who):
    return Act({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "x"}}, None)


def seen(world, who):
    return Act({"data": [{"user_id": world.people["keeper"].id, "door": "ssh", "seen_at": 1}]}, None)


def named(prefix, done, **more):
    def act(world, who):
        name = world.new(prefix)
        return Act({"name": name, **more}, done, name)
    return act


def add_ssh_key(world, who):
    name = world.new("laptop ")
    return Act({"public_key": ed25519(), "name": name}, "SELECT 1 FROM ssh_keys WHERE name = ?", name)


def remove_ssh_key(world, who):
    key = world.ssh_keys[who if who in PEOPLE else "keeper"]
    return Act(None, NOT_THERE.format("ssh_keys", "id = ?"), key, key=key)


def with_address(field, done):
    def act(world, who):
        address = f"{world.new('b')}@example.com"
        return Act({field: address}, done, address)
    return act


def change_member(world, who):
    user = world.newcomer()
    return Act({"role": "admin"}, "SELECT 1 FROM members WHERE user_id = ? AND role = 'admin'", user, user=user)


def remove_member(world, who):
    user = world.newcomer()
    return Act(None, NOT_THERE.format("members", "user_id = ?"), user, user=user)


def leave_organization(world, who):
    return left(world, "members", "user_id = ? AND organization_id = ?", world.person(who).id, world.roled.organization)


def revoke_invitation(path, **body):
    def act(world, who):
        made = world.make("POST", path, {"email": f"{world.new('i')}@example.com"})
        return Act(None, REVOKED_INVITATION, made["id"], inv=made["id"])
    return act


def join(world, who):
    done = "SELECT 1 FROM collaborators WHERE user_id = ? AND project_id = ?"
    user = world.people["admin-"]
    return Act({}, done if who == "admin-" else None, user.id, world.project)


def leave(world, who):
    return left(world, "collaborators", "user_id = ? AND project_id = ?", world.person(who).id, world.project)


def left(world, table, where, *values):
    was_there = world.finds(f"SELECT 1 FROM {table} WHERE {where}", *values)
    return Act({}, NOT_THERE.format(table, where) if was_there else None, *values)


def add_collaborator(world, who):
    user = world.stranger()
    return Act({"user_id": user}, "SELECT 1 FROM collaborators WHERE user_id = ? AND project_id = ?", user,
               world.project)


def promote(world, who):
    user = world.collaborator()
    return Act({"role": "admin"}, "SELECT 1 FROM effective_roles WHERE user_id = ? AND role = 'admin'", user, user=user)


def remove_collaborator(world, who):
    user = world.collaborator()
    return Act(None, NOT_THERE.format("collaborators", "user_id = ? AND project_id = ?"), user, world.project,
               user=user)


def revoke(path, **body):
    def act(world, who):
        key = world.make("POST", path, {"name": "x", **body})["id"]
        return Act(None, REVOKED, key, key=key)
    return act


def ask(world, who):
    return Act({"project_id": world.project, "action": "ssh.login"}, None)


def ask_about_another(world, who):
    return Act({"project_id": world.project, "action": "ssh.login", "login": "p.keeper"}, None)


def evaluation():
    return {"subject": {"type": "user", "id": "p.keeper"}, "action": {"name": "ssh.login"}}


def evaluate(world, who):
    return Act({**evaluation(), "resource": {"type": "project", "id": world.project}}, None)


def evaluate_many(world, who):
    return Act({"evaluations": [evaluation()], "resource": {"type": "project", "id": world.project}}, None)


def delete_me(world, who):
    return Act(None, "SELECT 1 FROM users WHERE id = ? AND deleted_at IS NOT NULL", world.person(who).id)


def delete_project(world, who):
    return Act(None, "SELECT 1 FROM projects WHERE id = ? AND deleted_at IS NOT NULL", world.project)


ORGANIZATION, PROJECT = "/v1/organizations/{org}", "/v1/projects/{proj}"
ACTS = {
    "POST /v1/authorize about-oneself": ask,
    "POST /v1/authorize about-another": ask_about_another,
    "POST /access/v1/evaluation": evaluate,
    "POST /access/v1/evaluations": evaluate_many,
    "POST /v1/kubernetes/tokenreviews": review,
    "PATCH /v1/users/me": named("Name ", "SELECT 1 FROM users WHERE name = ?"),
    "DELETE /v1/users/me": delete_me,
    "POST /v1/users/me/tokens": named("token ", KEY_NAMED),
    "DELETE /v1/users/me/tokens/{key}": own_token,
    "POST /v1/users/me/ssh_keys": add_ssh_key,
    "DELETE /v1/users/me/ssh_keys/{key}": remove_ssh_key,
    "POST /v1/invitations/accept": accept,
    f"PATCH {ORGANIZATION}": named("Acme ", "SELECT 1 FROM organizations WHERE name = ?"),
    f"PATCH {ORGANIZATION}/billing": with_address("contact_email",
                                                  "SELECT 1 FROM organizations WHERE billing_email = ?"),
    f"PATCH {ORGANIZATION}/members/{{user}}": change_member,
    f"DELETE {ORGANIZATION}/members/{{user}}": remove_member,
    f"POST {ORGANIZATION}/leave": leave_organization,
    f"POST {ORGANIZATION}/invitations": with_address("email", "SELECT 1 FROM invitations WHERE email = ?"),
    f"DELETE {ORGANIZATION}/invitations/{{inv}}": revoke_invitation(f"{ORGANIZATION}/invitations"),
    f"POST {ORGANIZATION}/projects": named("project ", "SELECT 1 FROM projects WHERE name = ?"),
    f"PATCH {PROJECT}": named("cluster ", "SELECT 1 FROM projects WHERE name = ?"),
    f"DELETE {PROJECT}": delete_project,
    f"POST {PROJECT}/join": join,
    f"POST {PROJECT}/leave": leave,
    f"POST {PROJECT}/collaborators": add_collaborator,
    f"PATCH {PROJECT}/collaborators/{{user}}": promote,
    f"DELETE {PROJECT}/collaborators/{{user}}": remove_collaborator,
    f"DELETE {PROJECT}/invitations/{{inv}}": revoke_invitation(f"{PROJECT}/collaborators"),
    f"POST {PROJECT}/api_keys": named("app ", KEY_NAMED, scopes=["inference.use"]),
    f"DELETE {PROJECT}/api_keys/{{key}}": revoke(f"{PROJECT}/api_keys", scopes=["inference.use"]),
    f"POST {PROJECT}/last_seen": seen,
    f"POST {PROJECT}/node_keys": named("rack ", KEY_NAMED),
    f"DELETE {PROJECT}/node_keys/{{key}}": revoke(f"{PROJECT}/node_keys"),
}
# After which the world is another one for whoever comes next.
RUINOUS = {f"DELETE {PROJECT}"}


def ids_of(world, row, who):
    person = world.person(who)
    keys = {f"{PROJECT}/api_keys/{{key}}": world.key["id"], f"{PROJECT}/node_keys/{{key}}": world.node_key,
            "/v1/users/me/tokens/{key}": "key_" + person.token[4:16],
            "/v1/users/me/ssh_keys/{key}": world.ssh_keys[who if who in PEOPLE else "keeper"]}
    in_project = row.path.startswith(PROJECT)
    return {"org": world.roled.organization, "proj": world.project, "user": world.people["keeper"].id,
            "key": keys.get(row.path), "inv": world.project_invitation if in_project else world.invitation,
            "action": row.variant}


def try_it(world, row, who):
    """What is wrong with the answer, or with what came of it."""
    act = ACTS[row.name](world, who) if row.method != "GET" else Act(None, None)
    path = row.path.format(**{**ids_of(world, row, who), **act.ids})
    answer = world.roled.request(row.method, path, act.body, token=world.tokens[who])
    if answer.status != row.status(who):
        return f"{who}: {answer} instead of {row.status(who)}"
    if row.expected[who] == "n" and set(answer.json) != {"object", "id", "name"}:
        return f"{who}: sees more than the name: {answer}"
    done = act.done and world.finds(act.done, *act.values)
    if act.done and done != (answer.status < 300):
        return f"{who}: {answer}, and it was {'' if done else 'not '}done"
    return None


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_each_route_by_everybody(original, tmp_path, row):
    world, wrong = original.copy(tmp_path), []
    for who in EVERYBODY:
        wrong.append(try_it(world, row, who))
        if row.name in RUINOUS and row.expected[who] == "+":
            world.roled.stop()
            (tmp_path / who).mkdir()
            world = original.copy(tmp_path / who)
    log = world.roled.log_text()
    world.roled.stop()
    assert [one for one in wrong if one] == [] and "database:" not in log, log


def test_each_route_has_a_row_and_each_row_a_route():
    """From the source, since a server cannot be asked for all of its routes."""
    source = (ROOT / "role_server" / "api" / "router.cpp").read_text(encoding="utf-8")
    paths = dict(re.findall(r'constexpr std::string_view (\w+) = "(/[^"]+)";', source))
    table = source[source.index("to_array<Route>"):source.index("void keep(")]
    routes = set()
    for method, makers in (("GET", "probed|plain|mine|list_of_mine|get|list"), ("", "asked|write_mine|write"), ("POST", "told")):
        for first, second in re.findall(rf'\b(?:{makers})\(\s*("[^"]+"|\w+),\s*("[^"]+"|\w+)', table):
            verb, path = (method, first) if method else (first.strip('"'), second)
            routes.add(f"{verb} {paths.get(path, path.strip(chr(34)))}")
    for verb, path in re.findall(r'\{"([A-Z]+)",\s*("[^"]+"|\w+),', table):
        routes.add(f"{verb} {paths.get(path, path.strip(chr(34)))}")
    assert routes == {f"{row.method} {row.path}" for row in ROWS}
    assert len(routes) == len(re.findall(r"\b(?:probed|asked|plain|mine|list_of_mine|write_mine|get|list|write|told)\(|\{\"[A-Z]+\",", table))


# --- what the answers say beside their status -------------------------------------------------


@pytest.fixture(scope="module")
def world(original, tmp_path_factory):
    world = original.copy(tmp_path_factory.mktemp("answers"))
    yield world
    world.roled.stop()


def test_a_denial_says_which_role_would_do_and_whom_to_ask(world):
    error = world.roled.post(world.roled.collaborators(world.project), {}, token=world.people["member"]).json["error"]
    assert error["type"] == "permission_error" and error["allowed_roles"] == ["admin"]
    assert "collaborators.add" in error["message"]
    assert "needs an Admin of the project; you are Member" in error["message"]
    admins = {"ann", "p.admin", "p.promo", "extadm", "p.keeper"}
    assert len(error["ask"]) == 3 and set(error["ask"]) <= admins


def test_whom_to_ask_is_told_to_those_who_may_see_them(world):
    path = world.roled.settings
    assert world.roled.patch(path, {}, token=world.people["ext"]).json["error"].get("ask") is None
    asked = world.roled.patch(path, {}, token=world.people["member-"]).json["error"]["ask"]
    assert set(asked) == {"ann", "p.admin", "p.admin.out"}


def test_a_hidden_project_and_one_that_is_not_there_look_alike(world):
    for path in ("/v1/projects/{}", "/v1/projects/{}/authorize/ssh.login", "/v1/projects/{}/authorize/no.action",
                 "/v1/projects/{}/collaborators", "/v1/projects/{}/access_review"):
        hidden = world.roled.get(path.format(world.project), token=world.people["str"])
        absent = world.roled.get(path.format("proj_none"), token=world.people["str"])
        assert hidden.json == absent.json and hidden.status == absent.status == 404


def test_a_hidden_organization_and_one_that_is_not_there_look_alike(world):
    for path in ("/v1/organizations/{}", "/v1/organizations/{}/members", "/v1/organizations/{}/audit"):
        hidden = world.roled.get(path.format(world.roled.organization), token=world.people["str"])
        absent = world.roled.get(path.format("org_none"), token=world.people["str"])
        assert hidden.json == absent.json and hidden.status == absent.status == 404


def test_external_collaborators_see_the_organizations_name_and_no_more(world):
    path = world.roled.settings
    assert set(world.roled.get(path, token=world.people["ext"]).json) == {"object", "id", "name"}
    assert "owner_id" in world.roled.get(path, token=world.people["member"]).json


def test_the_roster_shows_effective_roles_and_who_is_external(world):
    entries = {one["login"]: one for one in world.roled.get(world.roled.collaborators(world.project)).json["data"]}
    assert {login: one["role"] for login, one in entries.items()} == {
        "ann": "admin", "p.admin": "admin", "p.member": "member", "p.promo": "admin", "ext": "member",
        "extadm": "admin", "p.keeper": "admin"}
    assert {login for login, one in entries.items() if one["external"]} == {"ext", "extadm"}


def test_the_tables_are_served_as_data(world):
    rows = world.roled.get("/v1/permissions").json["data"]
    assert {(row["action"], row["admin"], row["member"]) for row in rows} >= {
        ("ssh.login", True, True), ("slurm.submit", True, True), ("clusters.create", True, False),
        ("collaborators.add", True, False), ("billing.write", True, False), ("members.read", True, True)}
    assert all(row["admin"] for row in rows)


def test_a_member_of_another_organization_sees_only_their_own_places(world):
    def ids(path):
        return {place["id"] for place in world.roled.get(path, token=world.people["ext"]).json["data"]}
    organizations, projects = ids("/v1/users/me/organizations"), ids("/v1/users/me/projects")
    assert len(organizations) == 1 and world.roled.organization not in organizations
    assert len(projects) == 2 and world.project in projects and world.roled.default_project not in projects


def test_connections_do_not_mix_callers_up(world):
    connection = world.roled.connect()
    for who, status in (("owner", 200), ("str", 404), ("member-", 403), ("owner", 200)):
        path = f"/v1/projects/{world.project}"
        assert world.roled.get(path, token=world.people[who], connection=connection).status == status
    connection.close()
    assert isinstance(connection, http.client.HTTPConnection)


def test_a_promoted_member_who_is_no_admin_of_the_organization_sets_no_uid(world):
    answer = world.roled.patch(f"{world.roled.collaborators(world.project)}/{world.people['keeper'].id}", {"uid": 20001},
                               token=world.people["promo"])
    assert answer.status == 403 and "Admin of the organization" in answer.json["error"]["message"]
