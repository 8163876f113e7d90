# SPDX-License-Identifier: Apache-2.0
"""The life of the packages in a new Debian: install, configure, upgrade, downgrade, remove, purge.

Whoever may log in must be able to at every step, root always, and nobody else while the gate is there.
"""

import re
from pathlib import Path

import pytest

from support.debian_root import DebianRoot, field, packages

ALL = " ".join(f"/debs/{path.name}" for path in packages().values())
INSTALL = "apt-get -qq install -y --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confdef"

# alice is on the roster, mallory is not; both have accounts.
CONFIGURE = r"""
useradd -m -u 10001 alice; useradd -m -u 10002 mallory
cat >/etc/together/together.conf <<'END'
[api]
base_url = file:///etc/together/roster.json
project = proj_123
END
cat >/etc/together/roster.json <<'END'
{"object": "list", "project_id": "proj_123", "revision": 1, "next_cursor": null, "data": [
  {"object": "project.collaborator", "user_id": "user_1", "login": "alice", "uid": 10001,
   "role": "admin", "external": false}]}
END
togetherctl refresh
cp -a /etc/pam.d/sshd /root/sshd.before
{ echo 'account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0'
  echo 'account [success=ok ignore=ignore default=die] pam_together.so'; cat /root/sshd.before; } >/etc/pam.d/sshd
"""

MAY = r"""
may() { pamtester sshd "$1" acct_mgmt >/dev/null 2>&1 && echo "$1 yes" || echo "$1 no"; }
everybody() { may root; may alice; may mallory; }
"""
GUARDED = ["root yes", "alice yes", "mallory no"]
OPEN = ["root yes", "alice yes", "mallory yes"]

# A package of a later version: the same files, another number.
NEWER = r"""
newer() { # PACKAGE...
  for name; do
    dpkg-deb -R /debs/"$name"_*.deb /tmp/new-"$name"
    sed -i 's/0\.1\.0-1/0.1.0-2/g' /tmp/new-"$name"/DEBIAN/control
    dpkg-deb -Znone -b /tmp/new-"$name" /tmp/"$name"_0.1.0-2.deb >/dev/null
  done
}
"""


@pytest.fixture(scope="session")
def configured(base: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = DebianRoot(base, tmp_path_factory.mktemp("configured"))
    made.out(f"{INSTALL} {ALL}; {CONFIGURE}")
    return made.as_lower()


@pytest.fixture
def node(configured: str, tmp_path: Path) -> DebianRoot:
    """All packages, configured, with our lines for sshd."""
    return DebianRoot(configured, tmp_path / "layer")


def everybody(root: DebianRoot) -> list[str]:
    return root.out(MAY + "everybody").splitlines()


def test_installing_changes_nothing_of_pam_and_slurm(root: DebianRoot) -> None:
    sums = "find /etc/pam.d /etc/slurm /etc/ssh -type f | sort | xargs sha256sum"
    before = root.out(sums)
    root.out(f"{INSTALL} {ALL}")
    assert root.out(sums) == before


def test_what_installing_makes(root: DebianRoot) -> None:
    root.out(f"{INSTALL} {ALL}")
    assert re.match(r"together:x:\d+:\d+:together-refresh:/:/usr/sbin/nologin", root.out("getent passwd together"))
    assert root.out("stat -c '%a %U:%G' /etc/together /var/cache/together").split("\n")[:2] == \
        ["755 root:root", "755 root:root"]
    assert root.out("togetherctl --version; dpkg --audit").startswith("togetherctl 0.")
    assert root.run("togetherctl config").stderr == \
        "togetherctl: /etc/together/together.conf: [api] base_url is missing\n"
    assert root.run("cd /; together-roled serve --config /etc/together/roled.conf").stderr.startswith(
        "together-roled: /var/lib/together-roled/roles.db does not exist")


@pytest.mark.parametrize("name", ["libpam-together", "slurm-spank-together", "slurm-job-submit-together"])
def test_one_adapter_alone(name: str, root: DebianRoot) -> None:
    root.out(f"{INSTALL} /debs/{name}_*.deb /debs/together-access-*_*.deb; dpkg --audit; togetherctl --version")


def test_the_gate_decides(node: DebianRoot) -> None:
    assert everybody(node) == GUARDED


def test_logins_while_it_is_upgraded_and_downgraded(node: DebianRoot) -> None:
    """Asked all the time; a changed configuration survives; the lines stay."""
    names = " ".join(packages())
    text = node.out(MAY + NEWER + f"""
      newer {names}
      (while [ ! -e /tmp/stop ]; do everybody; done) >/tmp/answers &
      asker=$!
      {INSTALL} /tmp/*_0.1.0-2.deb >&2
      dpkg-query -W -f '${{Version}}\\n' libpam-together
      {INSTALL} {ALL} >&2
      dpkg-query -W -f '${{Version}}\\n' libpam-together
      touch /tmp/stop; wait $asker
      sort -u /tmp/answers; wc -l </tmp/answers
    """).splitlines()
    assert text[:2] == ["0.1.0-2", "0.1.0-1"]
    assert sorted(text[2:-1]) == sorted(GUARDED)
    assert int(text[-1]) > 30
    assert "base_url = file:" in node.out("cat /etc/together/together.conf")


def test_a_changed_template_does_not_replace_a_changed_configuration(node: DebianRoot) -> None:
    node.out(NEWER + f"""
      dpkg-deb -R /debs/together-access-common_*.deb /tmp/new
      sed -i 's/0\\.1\\.0-1/0.1.0-2/' /tmp/new/DEBIAN/control
      echo '# more' >>/tmp/new/etc/together/together.conf
      dpkg-deb -Znone -b /tmp/new /tmp/together-access-common_0.1.0-2.deb
      rm -r /tmp/new
      newer {" ".join(name for name in packages() if name != "together-access-common")}
      {INSTALL} /tmp/*_0.1.0-2.deb
    """)
    assert "base_url = file:" in node.out("cat /etc/together/together.conf")
    assert everybody(node) == GUARDED


def test_removing_takes_the_lines_out_first(node: DebianRoot) -> None:
    run = node.run("apt-get -qq remove -y libpam-together; cmp /etc/pam.d/sshd /root/sshd.before")
    assert run.returncode == 0, run.stderr
    assert "pam_together.so" in run.stderr
    assert everybody(node) == OPEN


def test_nobody_is_locked_out_while_it_is_removed(node: DebianRoot) -> None:
    answers = node.out(MAY + """
      (while [ ! -e /tmp/stop ]; do may root; may alice; done) >/tmp/answers &
      asker=$!
      apt-get -qq remove -y libpam-together >&2
      touch /tmp/stop; wait $asker; sort -u /tmp/answers""").splitlines()
    assert answers == ["alice yes", "root yes"]


def test_a_removal_that_cannot_take_the_line_out_does_not_happen(node: DebianRoot) -> None:
    run = node.run(MAY + """
      mount --bind /etc/pam.d /etc/pam.d; mount -o remount,bind,ro /etc/pam.d
      apt-get -qq remove -y libpam-together && exit 9
      everybody""")
    assert run.returncode == 0 and run.stdout.splitlines()[-3:] == GUARDED
    assert "a line that loads our file is left in /etc/pam.d/sshd" in run.stderr


def test_togetherctl_disable_goes_first(node: DebianRoot) -> None:
    called = node.out("""
      mv /usr/bin/togetherctl /usr/bin/togetherctl.real
      printf '#!/bin/sh\\necho "$*" >>/root/called\\n' >/usr/bin/togetherctl
      chmod 755 /usr/bin/togetherctl
      apt-get -qq remove -y libpam-together >&2
      cat /root/called""").splitlines()
    assert [line for line in called if "--help" not in line] == \
        ["disable ssh", "disable sudo", "disable su", "disable cron"]
    assert everybody(node) == OPEN


# What togetherctl wrote besides lines of the gate.
SETTINGS = r"""
printf '[accounts]\nenabled = yes\n' >>/etc/together/together.conf
togetherctl refresh
cp -a /etc/nsswitch.conf /etc/ssh/sshd_config /root
mkdir /run/sshd
for what in accounts homes "keys --keep-files"; do togetherctl enable $what; done
"""


def test_settings_that_need_the_tools_go_before_them(node: DebianRoot) -> None:
    node.out(SETTINGS)
    assert node.out("grep -c together /etc/nsswitch.conf; grep -c '^AuthorizedKeysCommand ' /etc/ssh/sshd_config; "
                    "grep -c 'together-access homes' /etc/pam.d/sshd").split() == ["2", "1", "2"]
    node.out("apt-get -qq remove -y together-access-tools")
    assert node.out("for file in nsswitch.conf ssh/sshd_config; do cmp /etc/$file /root/${file##*/}; done; "
                    "cmp /etc/pam.d/sshd /root/sshd.before; echo same") == "same\n"


def test_the_tools_stay_while_sshd_asks_for_keys(node: DebianRoot) -> None:
    run = node.run(SETTINGS + """
      printf '#!/bin/sh\nexit 1\n' >/usr/bin/togetherctl
      dpkg -r --force-depends together-access-tools && exit 9
      test -x /usr/libexec/together/together-authorized-keys""")
    assert run.returncode == 0, run.stderr
    assert "/etc/ssh/sshd_config still has together-authorized-keys; take it out first" in run.stderr


ORDERS = [
    "apt-get -qq purge -y {}", "dpkg -P {}", "apt-get -qq remove -y together-access-common; dpkg -P {}",
    "dpkg -r {}; dpkg -P {}", "apt-get -qq purge -y together-roled slurm-spank-together; dpkg -P {}",
]


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_left_after_a_purge_in_any_order(order: str, node: DebianRoot) -> None:
    names = " ".join(packages())
    node.out(order.replace("{}", names))
    left = node.out("find / -xdev -path /debs -prune -o \\( -name '*together*' -print \\) | "
                    "grep -vE '^/(proc|sys|dev)/' || true").splitlines()
    assert [path for path in left if not path.startswith("/etc/together")] == []
    # The roster is the operator's own file.
    assert [path for path in left if path.startswith("/etc/together")] == ["/etc/together"]
    assert node.out("ls -A /etc/together").split() == ["roster.json"]
    assert everybody(node) == OPEN
    assert node.out("cmp /etc/pam.d/sshd /root/sshd.before && echo same") == "same\n"


def test_installed_again_after_a_removal(node: DebianRoot) -> None:
    node.out(f"apt-get -qq remove -y {' '.join(packages())}; {INSTALL} {ALL}")
    assert "base_url = file:" in node.out("cat /etc/together/together.conf")
    assert "alice" in node.out("togetherctl refresh >&2; togetherctl roster")


SLURM_CONF = "ClusterName=c\nSlurmctldHost=h\nJobSubmitPlugins=lua,together\n"
SLURM = f"""
printf '{SLURM_CONF}' >/etc/slurm/slurm.conf
echo 'required spank_together.so' >/etc/slurm/plugstack.conf.d/together.conf
"""


def test_slurms_lines_go_each_with_its_package(node: DebianRoot) -> None:
    node.out(SLURM + "apt-get -qq remove -y slurm-spank-together")
    assert node.out("cat /etc/slurm/plugstack.conf.d/together.conf; cat /etc/slurm/slurm.conf") == SLURM_CONF
    node.out("apt-get -qq remove -y slurm-job-submit-together")
    assert node.out("cat /etc/slurm/slurm.conf") == SLURM_CONF.replace("lua,together", "lua")


# slurmctld of the next micro version, as far as packages see it.
NEXT_SLURMCTLD = r"""
built=$(slurmctld -V | sed 's/.* //')
next=${built%.*}.$((${built##*.} + 1))
mkdir -p /tmp/ctld/DEBIAN /tmp/ctld/usr/sbin
printf 'Package: slurmctld\nVersion: %s-1\nArchitecture: %s\nMaintainer: x <x@example.org>\nDescription: x\n' \
  "$next" "$(dpkg --print-architecture)" >/tmp/ctld/DEBIAN/control
printf '#!/bin/sh\necho "slurm-wlm %s"\n' "$next" >/tmp/ctld/usr/sbin/slurmctld-wlm
chmod 755 /tmp/ctld/usr/sbin/slurmctld-wlm
dpkg-deb -Znone -b /tmp/ctld /tmp/slurmctld_next.deb >/dev/null
"""


def test_apt_does_not_part_slurmctld_from_its_plug_in(node: DebianRoot) -> None:
    plan = node.out(SLURM + NEXT_SLURMCTLD + "apt-get -s install /tmp/slurmctld_next.deb || true")
    # Either it refuses, or the plug-in goes, and its line with it.
    assert "Inst slurmctld" not in plan or "Remv slurm-job-submit-together" in plan


def start_of_slurmctld(root: DebianRoot) -> str:
    """What systemd runs before slurmctld; nobody has told it of an upgrade."""
    unit = root.out("cat /usr/lib/systemd/system/slurmctld.service.d/together.conf")
    before = re.search(r"^ExecStartPre=\+(/\S+)$", unit, re.MULTILINE)
    assert before
    return before[1]


def test_a_micro_upgrade_with_dpkg_alone_leaves_a_slurmctld_that_starts(node: DebianRoot) -> None:
    run = node.run(SLURM + NEXT_SLURMCTLD + f"""
      dpkg -i /tmp/slurmctld_next.deb >&2
      {start_of_slurmctld(node)}
      cat /etc/slurm/slurm.conf""")
    assert run.stdout == SLURM_CONF.replace("lua,together", "lua"), run.stderr
    assert "nobody checks" in run.stderr


def test_the_slurmctld_it_was_built_for_keeps_it(node: DebianRoot) -> None:
    run = node.run(SLURM + f"{start_of_slurmctld(node)}; cat /etc/slurm/slurm.conf")
    assert (run.stdout, run.stderr) == (SLURM_CONF, "")


def test_schedmds_packages_will_do(root: DebianRoot) -> None:
    version = field(packages()["slurm-job-submit-together"], "Depends").split("slurmctld (>= ")[1].split(")")[0]
    root.out(f"""
      apt-get -qq purge -y slurmctld slurmd slurm-client slurm-wlm-basic-plugins
      for name in slurm-smd slurm-smd-slurmctld slurm-smd-slurmd; do
        mkdir -p /tmp/$name/DEBIAN
        printf 'Package: %s\\nVersion: {version}-1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' $name >/tmp/$name/DEBIAN/control
        dpkg-deb -Znone -b /tmp/$name /tmp/$name.deb
      done
      dpkg -i /tmp/*.deb
      {INSTALL} {ALL}
      dpkg --audit
      test -e /usr/lib/*/slurm/spank_together.so
      test -e /usr/lib/*/slurm/job_submit_together.so""")


