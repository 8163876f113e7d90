# SPDX-License-Identifier: Apache-2.0
"""What an attacker tried on the finished model, and got: each a scenario that must not come back."""

import re
import select
import threading
import time

import pytest

from support.waiting import wait_until


def test_names_that_are_alike_make_no_change_a_long_one(tenant):
    """Their groups are numbered as far as ten; then something random is shorter than looking on."""
    groups = [tenant.make("POST", f"{tenant.settings}/projects", {"name": "a" + "!" * i})["group"] for i in range(1, 15)]
    assert groups[:10] == ["p-a"] + [f"p-a-{i}" for i in range(2, 11)]
    assert len(set(groups)) == 14 and all(group.startswith("p-a-") and len(group) == 12 for group in groups[10:])


def test_refusals_are_told_to_the_organization_that_they_are_about(roled):
    """Not to the one where that key was refused first."""
    alice = roled.add_user("alice")
    ours = roled.create_project("ours")
    made = roled.command("organization add", "--organization", "Third", "--owner", "eve@example.com")
    there, path = made["organization_id"], f"/v1/organizations/{made['organization_id']}/projects"
    theirs = roled.make("POST", path, {"name": "theirs"}, token=made["token"])["id"]
    roled.command("user add", "--organization", there, "--email", "alice@example.com")
    assert roled.delete(f"/v1/projects/{ours}", token=alice).status == 403
    for _ in range(5):
        assert roled.delete(f"/v1/projects/{theirs}", token=alice).status == 403
    told = wait_until(lambda: roled.trail(outcome="refused", organization_id=there), "their record")
    assert told[0]["action"] == "project.write"


@pytest.mark.parametrize("had_it_before", [False, True])
def test_a_login_that_an_organization_keeps_is_nobodys_who_joins(roled, had_it_before):
    roled.patch(roled.settings, {"reserved_logins": ["boss"]})
    token = roled.make("POST", f"{roled.settings}/invitations", {"email": "new@example.com"})["token"]
    body, sender = {"token": token}, None
    if had_it_before:
        with roled.elsewhere():
            sender = roled.add_user("boss", email="new@example.com")
    else:
        body["login"] = "boss"
    answer = roled.post("/v1/invitations/accept", body, token=sender)
    assert (answer.status, answer.code) == (400, "reserved_login")


def test_a_token_in_place_of_an_id_is_not_in_the_trail(roled, project):
    key = roled.node_key(project)
    for path in (f"/v1/projects/{project}/node_keys/{key}", f"/v1/users/me/tokens/{roled.owner.token}"):
        assert roled.delete(path).status == 404
    wait_until(lambda: len(roled.trail(outcome="refused")) == 2, "both refusals")
    told = str(roled.trail())
    assert key[16:] not in told and roled.owner.token[16:] not in told and key[:16] in told


def test_a_token_for_one_project_tells_nothing_of_another(roled, project):
    other = roled.create_project("other")
    token = roled.make("POST", "/v1/users/me/tokens", {"name": "kube", "audience": project})["token"]
    assert roled.get(f"/v1/projects/{project}/authorize/ssh.login", token=token).status == 204
    for hidden in (other, "proj_none"):
        assert roled.get(f"/v1/projects/{hidden}/authorize/ssh.login", token=token).status == 404


@pytest.mark.parametrize("query", ["%ff=1", "%00=1", "x=%e2%80%ae"])
def test_a_query_that_is_no_text_is_not_repeated(roled, query):
    answer = roled.get(f"/v1/users/me/tokens?{query}")
    assert (answer.status, answer.code) == (400, "invalid_query")


def test_an_external_admin_learns_no_members_address_from_a_review(roled, project):
    roled.allow_externals()
    with roled.elsewhere():
        external = roled.add_user("ext")
    roled.add_collaborator(project, external, role="admin")
    rows = roled.get(f"/v1/projects/{project}/access_review", token=external).json["data"]
    assert len(rows) == 2
    assert all(row["email"] is row["name"] is row["tokens"] is row["last_used_at"] is None for row in rows)
    assert all(row["email"] for row in roled.get(f"/v1/projects/{project}/access_review").json["data"])


def test_whom_to_ask_is_told_by_login_and_shows_no_guests_address(roled, project):
    roled.allow_externals()
    with roled.elsewhere():
        external = roled.add_user(None, email="guest@client.example")
    roled.add_collaborator(project, external, role="admin")
    outside = roled.add_user("outside")
    ask = roled.delete(f"/v1/projects/{project}", token=outside).json["error"]["ask"]
    assert ask == ["ann"]


@pytest.mark.parametrize("command", ["organization add", "user add"])
def test_an_address_that_came_by_an_invitation_is_not_taken_for_a_persons(roled, command):
    """Whoever invites somebody holds the secret, and can accept it in their name."""
    squatter = roled.post("/v1/invitations/accept", {"token": roled.make(
        "POST", f"{roled.settings}/invitations", {"email": "ceo@example.com"})["token"]}, token=None).json["user"]["id"]
    other = roled.command("organization add", "--organization", "Other", "--owner", "eve@example.com")["organization_id"]
    arguments = (command, "--organization", "BigCorp", "--owner", "ceo@example.com") if command.startswith("o") else (
        command, "--organization", other, "--email", "ceo@example.com")
    done = roled.run(*arguments)
    assert done.returncode == 1 and done.stdout == "" and f"--user {squatter}" in done.stderr
    assert roled.run(*arguments, "--user", "user_none").returncode == 1
    assert roled.command(*arguments, "--user", squatter)["user_id"] == squatter


def test_questions_about_long_names_fill_no_memory(roled, project):
    """Each was remembered, up to 3 GiB of them for a connection, and there is no limit of how often they are asked."""
    member, client = roled.add_user("member"), roled.connect()
    roled.add_collaborator(project, member)

    def ask(number):
        body = {"project_id": project, "action": "ssh.login", "login": f"{number}-" + "a" * 60_000}
        assert roled.post("/v1/authorize", body, token=member, connection=client).status == 200
    ask("first")
    before = resident(roled)
    for number in range(1000):
        ask(number)
    assert resident(roled) - before < 20, "MiB"


def test_who_holds_an_invitation_does_not_keep_others_from_writing(roled):
    """Each attempt took the write lock, and there was no limit of how often."""
    invitation, client = roled.invite("new@example.com"), roled.connect()

    def refused():
        return roled.post("/v1/invitations/accept", {"token": invitation, "login": "ann"}, token=None, connection=client)
    codes = [refused().code]
    while codes[-1] != "rate_limited" and len(codes) < 2000:
        codes.append(refused().code)
    assert set(codes) == {"login_taken", "rate_limited"}
    assert roled.accept(roled.invite("other@example.com"), "other"), "another invitation"


# --- questions, as fast as they can be asked ----------------------------------------------------------------


def batch(project, users, **fields):
    return {"questions": [{"project_id": project, "user_id": user.id, "action": "ssh.login"} for user in users], **fields}


def gateway_of(roled, project):
    return roled.make("POST", f"/v1/projects/{project}/api_keys", {"name": "gateway", "scopes": ["authorize"]})["token"]


@pytest.mark.parametrize("ask", [
    lambda roled, project, member, **kwargs: roled.post(
        "/v1/authorize", batch(project, [member] * 100), token=member, **kwargs),
    lambda roled, project, member, **kwargs: roled.post(
        "/access/v1/evaluations", {"subject": {"type": "user", "id": member.id}, "action": {"name": "ssh.login"},
                                   "evaluations": [{"resource": {"type": "project", "id": project}}] * 100},
        token=member, **kwargs)])
def test_a_person_asks_a_thousand_questions_a_second_however_many_at_once(tenant, cluster, ask):
    member, other, gateway = tenant.add_user("member"), tenant.add_user("other"), gateway_of(tenant, cluster)
    for one in (member, other):
        tenant.add_collaborator(cluster, one)
    began, connection = time.monotonic(), tenant.connect()
    answers = [ask(tenant, cluster, member, connection=connection)]
    while answers[-1].status == 200 and len(answers) < 2000:
        answers.append(ask(tenant, cluster, member, connection=connection))
    assert 20 <= len(answers) - 1 <= 21 + 10 * (time.monotonic() - began), "two seconds' worth at once, then the rate"
    assert (answers[-1].status, answers[-1].code) == (429, "rate_limited") and answers[-1].headers["retry-after"] == "1"
    one = {"project_id": cluster, "action": "ssh.login"}
    for token in (other, gateway):
        body = {**one, "user_id": member.id} if token is gateway else one
        assert tenant.post("/v1/authorize", body, token=token).status == 200
    assert tenant.get("/v1/users/me", token=member).status == 200, "what they read is counted apart"
    assert wait_until(lambda: ask(tenant, cluster, member).status == 200, "the limit to pass")


def test_whoever_runs_a_cluster_uses_up_nothing_of_a_person_elsewhere(tenant, cluster):
    """They get the tokens that are for it, and may ask with them as often as they like."""
    member = tenant.add_user("member")
    other = tenant.create_project("other")
    for project in (cluster, other):
        tenant.add_collaborator(project, member)
    tokens = {project: tenant.token_for(project, member) for project in (cluster, other)}

    def path(project):
        return f"/v1/projects/{project}/authorize/ssh.login"
    one = f"GET {path(cluster)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {tokens[cluster]}\r\n"
    with tenant.socket(60) as client, client.makefile("rb") as answered:
        sender = threading.Thread(target=client.sendall, args=(
            (f"{one}\r\n" * 9999 + f"{one}Connection: close\r\n\r\n").encode(),))
        sender.start()
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", answered.read())
        sender.join()
    assert len(statuses) == 10_000 and set(statuses) == {b"204", b"429"} and statuses[:2000] == [b"204"] * 2000
    assert tenant.get(path(other), token=tokens[other]).status == 204
    assert tenant.post("/v1/authorize", {"project_id": cluster, "action": "ssh.login"}, token=member).status == 200


def test_a_gateway_is_never_refused_and_its_one_question_waits_for_no_batch(tenant, cluster):
    """A Member may make a key that asks without limit: batches have a queue of their own."""
    member, gateway = tenant.add_user("member"), gateway_of(tenant, cluster)
    tenant.add_collaborator(cluster, member)
    question, asker = {"project_id": cluster, "user_id": member.id, "action": "ssh.login"}, tenant.connect()
    assert tenant.post("/v1/authorize", question, token=gateway, connection=asker).status == 200
    flood = [tenant.connect() for _ in range(60)]
    for connection in flood:
        connection.connect()
    for connection in flood:
        tenant.send(connection, "POST", "/v1/authorize", batch(cluster, [member] * 100, explain=True), token=gateway)
    assert tenant.post("/v1/authorize", question, token=gateway, connection=asker).status == 200
    answered, _, _ = select.select([connection.sock for connection in flood], [], [], 0)
    assert len(answered) < 50, "it stood behind them"
    assert {connection.getresponse().status for connection in flood} == {200}
    for connection in flood:
        connection.close()


def test_that_a_key_was_used_is_written_once_a_minute(roled, project):
    """Not with each question that is answered from what was read before."""
    member, client = roled.add_user("member"), roled.connect()
    roled.add_collaborator(project, member)
    key_id = "key_" + member.token[4:16]

    def ask():
        body = {"project_id": project, "action": "ssh.login"}
        assert roled.post("/v1/authorize", body, token=member, connection=client).status == 200
        return roled.rows(f"SELECT last_used_at FROM api_keys WHERE id = '{key_id}'")[0]["last_used_at"]
    noted = wait_until(ask, "the use")
    wait_until(lambda: ask() and time.time() >= noted + 3, "three seconds of questions")
    assert ask() == noted


def test_a_guests_address_is_not_in_the_trail(roled):
    guest = roled.add_user("guest")
    with roled.elsewhere() as there:
        made = roled.command("token add", "--user", "eve@example.com")["token"]
        roled.make("PATCH", f"/v1/organizations/{there}", {"external_collaborators": True}, token=made)
        lair = roled.make("POST", f"/v1/organizations/{there}/projects", {"name": "lair"}, token=made)["id"]
        roled.make("POST", roled.collaborators(lair), {"user_id": guest.id}, token=made)
        roled.make("PATCH", "/v1/users/me", {"name": "A Guest"}, token=guest)
        told = roled.get(f"/v1/organizations/{there}/audit", token=made).text
    assert "A Guest" in told and "guest@example.com" not in told


def resident(roled):
    """In MiB."""
    with open(f"/proc/{roled.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))
