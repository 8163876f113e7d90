# SPDX-License-Identifier: Apache-2.0
"""Organizations as the rules read: members, projects, who is in them, who may what. Written apart from the
server, for tests that do to it what was done there and compare. What is refused leaves it half changed: do
it to a copy."""

# What only an Admin may, by the tables of the platform; a Member may all else.
ADMINS_ONLY = {"organization.write", "billing.write", "projects.create", "members.invite", "members.remove",
               "members.manage_roles", "project.write", "collaborators.add", "collaborators.remove",
               "collaborators.manage_roles", "clusters.create", "clusters.delete", "clusters.scale", "clusters.modify",
               "volumes.manage"}


class Refused(Exception):
    """With the code of the answer."""

    @property
    def code(self):
        return self.args[0]


class NaiveRoles:
    """One organization."""

    def __init__(self, owner, default_project):
        self.owner, self.default_project = owner, default_project
        self.members = {owner: {"role": "admin", "suspended": False}}
        self.projects = {default_project: {owner: "member"}}  # the roles as stored
        self.externals = False
        self.successions = set()  # of the last change

    # --- what is asked -------------------------------------------------------------------------

    def role(self, project, user):
        stored, member = self.projects[project].get(user), self.members.get(user)
        if stored is None or (member and member["suspended"]):
            return None
        return "admin" if member and member["role"] == "admin" else stored

    def organization_role(self, user):
        member = self.members.get(user)
        return None if member is None or member["suspended"] else member["role"]

    def is_suspended(self, user):
        return self.members.get(user, {}).get("suspended", False)

    def takes_part(self, user):
        return user in self.members or any(user in people for people in self.projects.values())

    def may(self, user, action, project=None):
        """"allowed", "denied", or "hidden"; "name" where they may know what it is called and no more."""
        role = self.organization_role(user) if project is None else self.role(project, user)
        if role:
            return "denied" if role == "member" and action in ADMINS_ONLY else "allowed"
        if self.is_suspended(user) or self.organization_role(user):
            return "denied"
        if project is not None or not any(self.role(one, user) for one in self.projects):
            return "hidden"
        return "name" if action == "organization.read" else "denied"

    def roster(self, project):
        return {user: {"role": self.role(project, user), "external": user not in self.members}
                for user in self.projects[project] if self.role(project, user)}

    # --- what is done ----------------------------------------------------------------------------

    def add_member(self, user, role="member"):
        if user in self.members:
            raise Refused("already_member")
        self.members[user] = {"role": role, "suspended": False}
        self.projects[self.default_project].setdefault(user, "member")

    def create_project(self, project, creator):
        self.projects[project] = {creator: "admin"}

    def remove_project(self, project):
        if project == self.default_project:
            raise Refused("default_project")
        del self.projects[project]

    def add_collaborator(self, project, user, role="member"):
        if user not in self.members and not self.externals:
            raise Refused("not_found")
        if user in self.projects[project]:
            raise Refused("already_collaborator")
        if self.is_suspended(user):
            raise Refused("suspended")
        self.projects[project][user] = role
        self._settle()

    def set_collaborator_role(self, project, user, role):
        if self.role(project, user) is None:
            raise Refused("not_found")
        if role == "member" and self._is_organization_admin(user):
            raise Refused("organization_admin")
        self.projects[project][user] = role
        self._settle(direct=project)

    def remove_collaborator(self, project, user):
        if user not in self.projects[project]:
            raise Refused("not_found")
        if project == self.default_project and user in self.members:
            raise Refused("default_project")
        del self.projects[project][user]
        self._settle(direct=project)

    def change_member(self, user, **fields):
        if user not in self.members:
            raise Refused("not_found")
        if user == self.owner and (fields.get("role", "admin") != "admin" or fields.get("suspended")):
            raise Refused("owner")
        self.members[user].update(fields)
        self._settle()

    def remove_member(self, user):
        if user not in self.members:
            raise Refused("not_found")
        self.remove(user)

    def leave(self, user):
        if self.is_suspended(user):
            raise Refused("suspended")
        self.remove_member(user)

    def remove(self, user):
        """A collaborator, too."""
        if user == self.owner:
            raise Refused("owner")
        self.members.pop(user, None)
        for people in self.projects.values():
            people.pop(user, None)
        self._settle()

    def _is_organization_admin(self, user):
        return self.members.get(user, {}).get("role") == "admin"

    def _settle(self, direct=None):
        self.successions = set()
        for project, people in self.projects.items():
            if any(self.role(project, user) == "admin" for user in people):
                continue
            if project == direct:
                raise Refused("last_project_admin")
            people[self.owner] = "admin"
            self.successions.add(project)
