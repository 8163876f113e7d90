# SPDX-License-Identifier: Apache-2.0
"""The story that scripts/demo tells. Runs in the sandbox, on the modules of the system tests.

Each scene says what should happen, does it for real, and counts what came out otherwise.
"""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
import demo_leaver
import demo_newcomer
from support import keys_command
from support.accounts import Account, Accounts
from support.guarded_control_plane import GuardedControlPlane
from support.node import build_folder
from support.pam_service import gate_lines
from support.people import Person
from support.roled import Answer, Roled
from support.slurm.cluster import PORTS, Cluster
from support.slurm.host import Host
from support.slurm.slurm_user import User
from support.slurm.slurm_version import installed_slurm
from support.slurm.world import PLUGSTACK, SETTINGS, World, modules
from support.ssh_client import SshClient
from support.sshd import Sshd
from support.syslog_collector import SyslogCollector
from support.waiting import wait_until

UIDS = {"alice": 20001, "bob": 20002, "carol": 20003, "mallory": 20004}
KEYS = CHECKOUT / "build" / "demo-keys"  # outside the sandbox's own /tmp, for --keep


class Story:
    def __init__(self, directory: Path, keep: bool) -> None:
        self.directory = directory
        self.keep = keep
        self.keys = KEYS if keep else directory / "keys"
        self.surprises = 0
        self.watchers: list[subprocess.Popen[bytes]] = []

    # ---- telling -----------------------------------------------------------------------------

    def say(self, text: str = "") -> None:
        print(text, flush=True)

    def check(self, as_expected: bool, text: str) -> None:
        self.say(("  " if as_expected else "  UNEXPECTED: ") + text)
        self.surprises += not as_expected

    # ---- the cast ----------------------------------------------------------------------------

    def raise_curtain(self) -> None:
        self.roled = Roled(self.directory).start()
        self.project = self.roled.create_project("cluster")
        self.members = {"mallory": self.roled.add_user("mallory", uid=UIDS["mallory"])}
        self.syslog = SyslogCollector()
        self.syslog.__enter__()
        if self.keep:
            shutil.rmtree(KEYS, ignore_errors=True)  # of a run that was killed
        self.keys.mkdir(parents=True)
        self.accounts = Accounts(self.keys)
        self.people = {login: self.accounts.add(login, uid) for login, uid in UIDS.items()}
        self.people["root"] = self.accounts.root()
        demo_newcomer.prepare_node()
        self.start_slurm()
        self.start_sshd()
        # Ends with the sandbox.
        self.control_plane = GuardedControlPlane(self.directory, self.roled.address, self.project).__enter__()

    def start_slurm(self) -> None:
        # Slurm resolves with AI_ADDRCONFIG; an address for documents (RFC 5737) satisfies it.
        if not self.keep:
            subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
        folder = Path("/run/together-cluster")
        folder.mkdir(mode=0o755)
        settings = dict(SETTINGS)
        if self.keep:
            # The ports are the machine's: nobody outside of it shall reach them. Slurm binds to the
            # address of the host's name then, which is the sandbox's own affair.
            settings["CommunicationParameters"] = "NoCtldInAddrAny,NoInAddrAny"
            hosts = Path("/etc/hosts")
            hosts.write_text(f"127.0.0.1 {socket.gethostname()}\n{hosts.read_text()}")
        self.cluster = Cluster(folder, installed_slurm(), settings)
        self.cluster.install(*modules())
        self.cluster.write_plugstack(PLUGSTACK)
        self.hosts = World(self.cluster).hosts
        for host in self.hosts:
            self.watch(host)
        self.cluster.start()
        self.users = {login: User(login, uid, self.cluster) for login, uid in UIDS.items()}

    def watch(self, host: Host) -> None:
        """together-refresh --watch, as its unit would run it."""
        token = host.config_folder / "token"
        token.write_text(self.roled.node_key(self.project) + "\n")
        token.chmod(0o600)
        # As the host sees them: a node's /etc/together is its own.
        host.configure(
            api={"base_url": self.roled.base_url, "project": self.project, "node_name": host.name},
            gate={"contact": "Questions: support@example.org"}
            | (demo_leaver.GATE if host is self.cluster.controller else {}))
        if host is self.cluster.controller:
            demo_leaver.PAGE.parent.mkdir()
            host.add_config(demo_newcomer.SETTINGS | demo_leaver.METRICS)
        host.snapshot = host.snapshot_folder / f"{self.project}.roster.v1"
        command = [*host.namespace_of_its_own(), str(host.refresh_program), "--watch"]
        if host is not self.cluster.controller:
            # The hosts have one /var/lib/together here, and a node without [accounts] empties it.
            own = "mount -t tmpfs -o mode=755 own /var/lib/together && exec \"$@\""
            command = ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", own, "sh", *command]
        log = open(self.directory / f"watch-{host.name}.log", "wb")
        self.watchers.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log))
        wait_until(host.snapshot.exists, f"the roster on {host.name}")

    def start_sshd(self) -> None:
        # Who logs in may try srun and sbatch, too.
        self.sshd = Sshd(self.directory, [f"SetEnv SLURM_CONF={self.cluster.conf}", *keys_command.SSHD_SETTINGS])
        self.sshd.__enter__()
        self.sshd.account_stack(gate_lines(build_folder() / "pam_together" / "pam_together.so"))
        self.ssh = SshClient(self.sshd, self.directory)

    # ---- scenes: who is who, over the authority's API ------------------------------------------

    def ask(self, who: str, method: str, path: str, body: dict[str, object]) -> Answer:
        answer: Answer = self.roled.request(method, path, body, token=self.members[who])
        if answer.status >= 400:
            error = answer.json["error"]
            self.say(f"             {who} reads: {error['message']}"
                     + (f" Ask: {', '.join(error['ask'])}." if "ask" in error else ""))
        return answer

    def invitations(self) -> None:
        for login in ("alice", "bob"):
            self.members[login] = self.roled.accept(self.roled.invite(f"{login}@example.com"), login)
            uid = self.roled.change_member(self.members[login], uid=UIDS[login])["uid"]
            self.roled.add_collaborator(self.project, self.members[login])
            self.check(uid == UIDS[login], f"{login}@example.com has the login {login}, uid {UIDS[login]}, "
                       "and is a Member of the project")
        changed = self.ask("bob", "PATCH", "/v1/users/me", {"login": "root"})
        self.check(changed.status == 409, "a login is chosen once: bob cannot become root")

    def promotion(self) -> None:
        role = self.roled.change_collaborator(self.project, self.members["alice"], role="admin")["role"]
        self.check(role == "admin", f"alice is {role} of the project now")

    def guest(self) -> None:
        self.roled.allow_externals()
        until = int(time.time()) + 30 * 24 * 3600
        invited = self.ask("alice", "POST", self.roled.collaborators(self.project),
                           {"email": "carol@elsewhere.example", "until": until})
        self.members["carol"] = self.roled.accept(invited.json["token"], "carol")
        joined = self.roled.change_collaborator(self.project, self.members["carol"], uid=UIDS["carol"])
        self.check(joined["external"], "carol accepts: a Member of the project, of the organization she sees the name")
        members = self.roled.get(f"{self.roled.settings}/members", token=self.members["carol"])
        self.check(members.status == 403, "its members are not shown to her")

    def denial(self) -> None:
        answer = self.ask("bob", "POST", self.roled.collaborators(self.project), {"login": "mallory"})
        self.check(answer.status == 403 and "alice" in answer.json["error"]["ask"], "he is told who could")

    def control_plane_guard(self) -> None:
        for login, method, path, expected in (("alice", "POST", "/clusters/a/scale", 200),
                                              ("bob", "GET", "/clusters/a", 200),
                                              ("bob", "POST", "/clusters/a/scale", 403)):
            token = self.roled.token_for(self.project, self.members[login])
            status, text = self.control_plane.ask(method, path, token)
            let_through = status == 200 and text.endswith(f" for {login}")
            self.check(status == expected and let_through == (expected == 200),
                       f"{login:10} {method:4} {path:18} {'nginx lets through' if let_through else 'nginx refuses'}")
            if not let_through:
                self.say(f"             {login} reads: {json.loads(text)['error']['message']}")

    # ---- scenes: on the cluster ----------------------------------------------------------------

    def logins(self, who: dict[str, bool]) -> dict[str, dict[str, str]]:
        """Who tries over ssh, and whether they should get in. Returns the log line of each."""
        logged: dict[str, dict[str, str]] = {}
        self.say(f"  {'who tries':10} {'the roster says':18} {'sshd':8} {'decided in':>12}")
        for login, expected in who.items():
            self.syslog.forget()
            result = self.ssh.run(self.people[login], "true")
            let_in = result.status == 0
            fields = {} if login == "root" else self.syslog.wait_for_decision(login=login)
            logged[login] = fields
            role = fields.get("role", "-")
            roster = "nothing is asked" if login == "root" else "absent" if role == "-" else role
            took = f"{fields['took_us']} µs" if fields else "-"
            self.check(let_in == expected,
                       f"{login:10} {roster:18} {'lets in' if let_in else 'refuses':8} {took:>12}")
            if not let_in:
                self.say(f"             {login} reads: {result.stderr.strip().splitlines()[0]}")
            if fields.get("evidence") == "refreshed":
                self.say("             Not on the roster, which was more than 2 s old: "
                         "the authority was asked once more, hence the time.")
        return logged

    def first_logins(self) -> None:
        for host in self.hosts:  # carol was the last to come
            wait_until(lambda: b"carol" in host.snapshot.read_bytes(), f"carol on {host.name}")
        self.logins({"alice": True, "bob": True, "carol": True, "mallory": False, "root": True})

    def newcomer(self) -> None:
        for failed in demo_newcomer.switch_on(self.sshd):
            self.check(False, failed)
        dora = demo_newcomer.Newcomer(self.roled, self.project, self.keys)
        uid, took = dora.join()
        self.check(took < 5, f"dora has an account on the node after {took:.2f} s: uid {uid}, her groups, her key")
        home, job, read = dora.work(self.ssh, self.people["alice"])
        self.check(home == "/home/dora", f"she logs in with that key, and lands in {home or 'nothing'}")
        self.check(job == "dora", "srun id -un: runs")
        self.check(read == "results", "what she writes into the volume, alice reads")
        let_in, owner, status = dora.leave(self.ssh)
        self.check(not let_in, f"Ann removes her from the organization: the next login is {'let in' if let_in else 'refused'}")
        self.check(owner == "dora", f"ls -l still says {owner} of her file")
        self.check(status == 409, "and nobody else ever gets her uid")

    def jobs(self, who: dict[str, bool]) -> None:
        for login, expected in who.items():
            result = self.users[login].run("srun", "id", "-un")
            ran = result.status == 0 and result.stdout == f"{login}\n"
            self.check(ran == expected, f"{login:10} srun id -un: {'runs' if ran else 'is refused'}")
            if not ran:
                self.say(f"             {login} reads: {result.stderr.strip().splitlines()[0]}")

    def bring_back(self) -> None:
        back = int(time.time())
        self.roled.start()
        nodes = lambda: self.roled.get(f"/v1/projects/{self.project}/nodes").json["data"]
        wait_until(lambda: all(node["last_seen"] >= back for node in nodes()), "the nodes to ask again")

    def removal(self) -> None:
        self.bring_back()
        job = self.users["bob"].sbatch("echo ran", "--begin=now+1hour").job
        leaver = demo_leaver.Leaver(self.ssh, self.people["bob"])
        ann = Person(self.directory / "ann", self.roled.address, self.roled.owner.token).login()
        self.say("  $ together collaborators remove bob")
        receipt, took = demo_leaver.receipt(ann, "bob", self.project)
        nodes = len(self.hosts)
        self.check(f": {nodes} of {nodes} nodes after" in receipt and took < 5, receipt)
        self.logins({"bob": False})
        told = leaver.last_words()
        self.check(bool(told), "his shell that was open showed, and ended:")
        self.say(f"             {told}")
        self.jobs({"bob": False})
        self.cluster.must("scontrol", "update", f"jobid={job}", "starttime=now")
        state = self.cluster.wait_for(job, "FAILED")["JobState"]
        self.check(state == "FAILED", f"bob's job that was queued before: {state}, his node stays idle")
        self.check(self.cluster.drain_reasons() == "", "no node is drained")

    def metrics(self) -> None:
        for line in demo_leaver.refusals_counted():
            self.say(f"    {line}")

    def explanation(self) -> None:
        ctl = build_folder() / "togetherctl" / "togetherctl"
        done = subprocess.run([ctl, "explain", "bob"], capture_output=True, text=True)
        self.say("\n".join(f"    {line}" for line in done.stdout.splitlines()))
        self.check("not_a_collaborator" in done.stdout, "it says why")

    @staticmethod
    def age_of_roster() -> float:
        ctl = build_folder() / "togetherctl" / "togetherctl"
        done = subprocess.run([ctl, "status", "--json"], capture_output=True, text=True)
        return float(json.loads(done.stdout)["roster"]["age_seconds"])

    def outage(self) -> None:
        self.roled.kill()
        # Past recheck_after: an absent name makes the node ask, in vain.
        wait_until(lambda: self.age_of_roster() > 2, "an older roster")
        logged = self.logins({"alice": True, "mallory": False, "root": True})
        self.jobs({"alice": True})
        age = logged["alice"]["age"]
        self.check(age != "-", f"the log says how old the roster was: age={age}")

    def tell(self) -> None:
        self.say("A role authority, a login node with sshd, and a Slurm cluster of two nodes are up.")
        self.say()
        scenes: list[tuple[str, Callable[[], object]]] = [
            ("Ann, the Owner, invites alice and bob into her organization. They accept, and pick a login.",
             self.invitations),
            ("Ann promotes alice in the project.", self.promotion),
            ("alice invites carol, of another firm, for 30 days: an external collaborator.", self.guest),
            ("bob, a Member, tries to let mallory in.", self.denial),
            ("The control plane stands behind nginx, which asks the authority (auth_request).",
             self.control_plane_guard),
            ("alice is an Admin of the project, bob and carol are Members; mallory has an account on the node, no more.",
             self.first_logins),
            ("The same answer from Slurm.",
             lambda: self.jobs({"alice": True, "bob": True, "mallory": False})),
            ("Ann invites dora, who picks a login and puts a key into the authority. Nobody touches the node.",
             self.newcomer),
            ("The authority goes away.", self.outage),
            ("It is back. bob queues a job, and leaves a shell open. Then Ann removes him from the project.",
             self.removal),
            ("An operator asks why: togetherctl explain bob", self.explanation),
            ("What Prometheus gets from the login node of it.", self.metrics),
        ]
        for title, scene in scenes:
            self.say(title)
            scene()
            self.say()

    def wait_for_visitors(self) -> None:
        if not self.keep:
            return
        options = (f"-F none -p {self.sshd.port} -o UserKnownHostsFile=/dev/null "
                   "-o StrictHostKeyChecking=no -o IdentitiesOnly=yes")
        # Held back from now on: one that comes before the wait must not be lost.
        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        self.say("It stays up. Log in from another terminal of this machine, and try srun id -un there:")
        for login in ("alice", "mallory"):
            self.say(f"  ssh {options} -i {self.keys / login} {login}@127.0.0.1")
        self.say("Add mallory to the project; a second later she gets in:")
        self.say(f"  curl -H 'Authorization: Bearer {self.roled.owner.token}' "
                 "-H 'Content-Type: application/json' \\\n"
                 f"    {self.roled.base_url}/projects/{self.project}/collaborators "
                 """-d '{"login": "mallory"}'""")
        self.say("End it with Ctrl-C.")
        signal.sigwait(ends)

    def lower_curtain(self) -> None:
        """Whatever is still up ends with the sandbox; the keys are outside of it."""
        if self.keep:
            shutil.rmtree(KEYS, ignore_errors=True)


def is_taken(port: int) -> bool:
    """As Slurm would find it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tell_taken_ports() -> int:
    """Before anything is built, and outside of the sandbox: its network is the machine's with --keep."""
    taken = [str(port) for port in PORTS.values() if is_taken(port)]
    if not taken:
        return 0
    print(f"demo: somebody listens on port {', '.join(taken)} of this machine, and --keep needs "
          f"{', '.join(map(str, PORTS.values()))} for its Slurm. `ss -ltnp` says who: end that (another "
          "scripts/demo --keep?), or run scripts/demo without --keep, which has a network of its own.",
          file=sys.stderr)
    return 2


def main() -> int:
    if sys.argv[1:] == ["--taken-ports"]:
        return tell_taken_ports()
    story = Story(Path(tempfile.mkdtemp()), "--keep" in sys.argv[1:])
    try:
        story.raise_curtain()
        story.tell()
        story.wait_for_visitors()
    finally:
        story.lower_curtain()
    if story.surprises:
        story.say(f"{story.surprises} things came out otherwise than they should.")
        return 1
    story.say("Everything came out as it should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
