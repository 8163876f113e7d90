# SPDX-License-Identifier: Apache-2.0
"""One organization as the rules read: members, projects, who is in them. For tests that replay what was
done, in the order of the audit trail, and compare."""


class Refused(Exception):
    """With the code of the answer."""


class NaiveRoles:
    def __init__(self, owner, default_project):
        self.owner, self.default_project = owner, default_project
        self.members = {owner: {"role": "admin", "suspended": False}}
        self.projects = {default_project: {owner: "member"}}  # the roles as stored
        self.successions = set()  # of the last change

    # --- what is asked -------------------------------------------------------------------------

    def role(self, project, user):
        stored, member = self.projects[project].get(user), self.members.get(user)
        if stored is None or (member and member["suspended"]):
            return None
        return "admin" if member and member["role"] == "admin" else stored

    # --- what is done ----------------------------------------------------------------------------

    def add_member(self, user, role="member"):
        self.members[user] = {"role": role, "suspended": False}
        self.projects[self.default_project].setdefault(user, "member")

    def create_project(self, project, creator):
        self.projects[project] = {creator: "admin"}

    def add_collaborator(self, project, user, role="member"):
        if user in self.projects[project]:
            raise Refused("already_collaborator")
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
        if project == self.default_project and user in self.members:
            raise Refused("default_project")
        del self.projects[project][user]
        self._settle(direct=project)

    def change_member(self, user, **fields):
        if user == self.owner:
            raise Refused("owner")
        self.members[user].update(fields)
        self._settle()

    def remove_member(self, user):
        if user == self.owner:
            raise Refused("owner")
        del self.members[user]
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
