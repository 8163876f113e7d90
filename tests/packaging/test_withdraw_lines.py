# SPDX-License-Identifier: Apache-2.0
"""withdraw-lines on a system that does not run: which lines go, and that the rest stays as it was."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.programs import BUILD

WITHDRAW = BUILD / "packaging" / "withdraw-lines"

KEEP_ROOT = "account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\n"
OURS = "account [success=ok ignore=ignore default=die] pam_together.so\n"
DEBIAN_SSHD = """# PAM configuration for the Secure Shell service
@include common-auth
account    required     pam_nologin.so
@include common-account
session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so close
@include common-session
"""
NEUTRAL = "account [default=ignore] pam_permit.so\n"


def withdraw(what: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([WITHDRAW, what, root], capture_output=True, text=True, timeout=60)


@pytest.fixture
def pam(tmp_path: Path) -> Path:
    folder = tmp_path / "etc" / "pam.d"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def slurm(tmp_path: Path) -> Path:
    folder = tmp_path / "etc" / "slurm"
    (folder / "plugstack.conf.d").mkdir(parents=True)
    return folder


def gone_from(file: Path, root: Path, before: str, what: str = "pam") -> str:
    file.write_text(before)
    run = withdraw(what, root)
    assert run.returncode == 0, run.stderr
    return file.read_text()


def test_both_lines_of_sshd_go(pam: Path, tmp_path: Path) -> None:
    start, rest = DEBIAN_SSHD.split("account    required", 1)
    before = start + KEEP_ROOT + OURS + "account    required" + rest
    assert gone_from(pam / "sshd", tmp_path, before) == DEBIAN_SSHD


def test_both_lines_of_su_and_cron_go(pam: Path, tmp_path: Path) -> None:
    spared = KEEP_ROOT.replace("uid = 0", "uid < 1000")
    for service in ("su", "cron"):
        assert gone_from(pam / service, tmp_path, spared + OURS + DEBIAN_SSHD) == DEBIAN_SSHD


@pytest.mark.parametrize("line", [
    OURS, "account required pam_together.so\n", "-account\trequired\tpam_together.so require=admin # x\n",
    "account required /usr/lib/security/pam_together.so quiet\n", "session optional pam_together.so\n",
    "account [success=ok ignore=ignore \\\n  default=die] pam_together.so \\\n  quiet\n",
    "account [success=ok ignore=ignore default=die]pam_together.so\n",
    "account required \\  \n  pam_together.so\n",
    "# together-access: begin (x)\n" + KEEP_ROOT + OURS + "# together-access: end\n",
])
def test_each_form_of_the_line_goes(line: str, pam: Path, tmp_path: Path) -> None:
    assert gone_from(pam / "su", tmp_path, line + DEBIAN_SSHD + line) == DEBIAN_SSHD


def test_a_comment_does_not_go_on_in_the_next_line(pam: Path, tmp_path: Path) -> None:
    comment = "# libpam ends it here \\\n"
    assert gone_from(pam / "sshd", tmp_path, comment + OURS + DEBIAN_SSHD) == comment + DEBIAN_SSHD


@pytest.mark.parametrize("line", [
    "account required [pam_together.so]\n", "account [default=die] [/x/pam_together.so]\n",
    # Versions of libpam differ in what they read.
    "account required pam_unix.so \\\n# x\naccount required pam_together.so\n",
])
def test_what_it_cannot_take_out_is_reported(line: str, pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").write_text(line + DEBIAN_SSHD)
    run = withdraw("pam", tmp_path)
    assert run.returncode == 1 and f"is left in {pam / 'sshd'}" in run.stderr
    assert (pam / "sshd").read_text() == line + DEBIAN_SSHD


@pytest.mark.parametrize("text", [
    DEBIAN_SSHD, "# account required pam_together.so\n", "account required pam_together2.so\n",
    KEEP_ROOT + "account required pam_nologin.so\n", "account required pam_access.so # pam_together.so\n",
    "", "account required pam_nologin.so \\\n", "no newline at the end",
])
def test_a_file_without_our_line_is_not_touched(text: str, pam: Path, tmp_path: Path) -> None:
    file = pam / "sshd"
    file.write_text(text)
    inode = file.stat().st_ino
    assert withdraw("pam", tmp_path).stderr == ""
    assert (file.read_text(), file.stat().st_ino) == (text, inode)


def test_a_jump_over_our_lines_still_ends_where_it_did(pam: Path, tmp_path: Path) -> None:
    jump = "account [success=3 default=ignore] pam_localuser.so\n"
    rest = "account required pam_deny.so\naccount required pam_permit.so\n"
    assert gone_from(pam / "sshd", tmp_path, jump + KEEP_ROOT + OURS + rest) == \
        jump + NEUTRAL + NEUTRAL + rest
    # Another part's jumps do not concern it.
    other = jump.replace("account", "auth")
    assert gone_from(pam / "sshd", tmp_path, other + KEEP_ROOT + OURS + rest) == other + rest
    arguments = "account required pam_tally.so deny=3 x\n"
    assert gone_from(pam / "sshd", tmp_path, arguments + OURS + rest) == arguments + rest


JUMP = "account [success=3 default=ignore] pam_localuser.so\n"


@pytest.mark.parametrize("jump", [
    JUMP.replace("account", "ACCOUNT"), "-Account [ success = 3 default=ignore ] pam_localuser.so\n"])
def test_a_jump_in_any_spelling_still_ends_where_it_did(jump: str, pam: Path, tmp_path: Path) -> None:
    rest = "account required pam_deny.so\naccount required pam_permit.so\n"
    assert gone_from(pam / "sshd", tmp_path, jump + KEEP_ROOT + OURS + rest) == \
        jump + NEUTRAL + NEUTRAL + rest
    ours = (KEEP_ROOT + OURS).replace("account", "ACCOUNT")
    assert gone_from(pam / "sshd", tmp_path, JUMP + ours + rest) == JUMP + NEUTRAL + NEUTRAL + rest


@pytest.mark.parametrize(("before", "neutral"), [
    ("@include local\n", 2), ("@Include /etc/pam.d/outer # x\n", 2), ("account include outer\n", 2),
    ("-ACCOUNT \\\n Include [local]\n", 2), ("auth include local\n", 0), ("@include plain\n", 0),
    ("account substack local\n", 0), ("@include missing\n", 0), ("# @include local\n", 0),
    ("@include common-auth\n", 0),
])
def test_a_jump_in_an_included_file_still_ends_where_it_did(
    before: str, neutral: int, pam: Path, tmp_path: Path
) -> None:
    (pam / "local").write_text(JUMP)
    (pam / "outer").write_text("@include local\n@include outer\n")
    (pam / "plain").write_text("account required pam_unix.so minlen=3\n")
    (pam / "common-auth").write_text(JUMP.replace("account", "auth"))
    rest = "@include local\naccount required pam_deny.so\n"
    assert gone_from(pam / "sshd", tmp_path, before + KEEP_ROOT + OURS + rest) == \
        before + neutral * NEUTRAL + rest


@pytest.mark.parametrize(("outer", "neutral"), [
    (JUMP + "@include gate\n", 2), ("@include local\n@include between\n", 2), ("@include gate\n", 0),
    ("auth [success=3 default=ignore] pam_unix.so\n@include gate\n", 0), (JUMP, 0),
])
def test_a_jump_in_an_including_file_still_ends_where_it_did(
    outer: str, neutral: int, pam: Path, tmp_path: Path
) -> None:
    (pam / "local").write_text(JUMP)
    (pam / "between").write_text("account include gate\n")
    (pam / "sshd").write_text(outer)
    assert gone_from(pam / "gate", tmp_path, KEEP_ROOT + OURS) == neutral * NEUTRAL
    assert (pam / "sshd").read_text() == outer


@pytest.mark.parametrize(("line", "where"), [
    ("@include /etc/site/gate\n", "etc/site/gate"), ("@include site/gate\n", "etc/pam.d/site/gate"),
    ("@INCLUDE site/gate # x\r\n", "etc/pam.d/site/gate"),
    ("account include /etc/site/gate\n", "etc/site/gate"),
    ("-account\tSubstack \\\n [site/gate]\n", "etc/pam.d/site/gate"),
    ("account required pam_unix.so \\\n# x\naccount include site/gate\n", "etc/pam.d/site/gate"),
    ("@include sshd.rpmsave\n", "etc/pam.d/sshd.rpmsave"),
])
def test_pam_files_that_are_included_from_elsewhere(
    line: str, where: str, pam: Path, tmp_path: Path
) -> None:
    (pam / "sshd").write_text(line)
    file = tmp_path / where
    file.parent.mkdir(exist_ok=True)
    assert gone_from(file, tmp_path, OURS + "@include sshd\n") == "@include sshd\n"
    assert (pam / "sshd").read_bytes() == line.encode()


def test_mode_links_and_neighbours(pam: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text(OURS + DEBIAN_SSHD)
    real.chmod(0o640)
    (pam / "sshd").symlink_to("../../real")
    (pam / "sshd.dpkg-old").write_text(OURS)
    assert withdraw("pam", tmp_path).returncode == 0
    assert real.read_text() == DEBIAN_SSHD and real.stat().st_mode & 0o777 == 0o640
    assert (pam / "sshd").is_symlink()
    assert (pam / "sshd.dpkg-old").read_text() == OURS
    assert sorted(os.listdir(pam)) == ["sshd", "sshd.dpkg-old"]


@pytest.mark.parametrize("linked", ["file", "folder", "chain"])
def test_an_images_links_lead_into_the_image(linked: str, tmp_path: Path) -> None:
    host, root = tmp_path / "host", tmp_path / "an image"
    hosts, images = host / "sshd", root / str(host)[1:] / "sshd"
    for file in (hosts, images):
        file.parent.mkdir(parents=True)
        file.write_text(OURS + DEBIAN_SSHD)
    (root / "etc").mkdir()
    if linked == "folder":
        (root / "etc" / "pam.d").symlink_to(host)
    else:
        (root / "etc" / "pam.d").mkdir()
        (root / "etc" / "first").symlink_to(host)
        (root / "etc" / "pam.d" / "sshd").symlink_to(
            hosts if linked == "file" else "/../etc/./first/../host/sshd")
    run = withdraw("pam", root)
    assert run.returncode == 0 and f"taken out of {images}:" in run.stderr
    assert images.read_text() == DEBIAN_SSHD
    assert hosts.read_text() == OURS + DEBIAN_SSHD


def test_an_images_link_that_the_host_lacks_is_read_for_includes(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").symlink_to("/etc/authselect/sshd")
    (tmp_path / "etc" / "authselect").mkdir()
    (tmp_path / "etc" / "authselect" / "sshd").write_text("@include site/gate\n")
    (pam / "site").mkdir()
    (pam / "site" / "gate").write_text(OURS)
    run = withdraw("pam", tmp_path)
    assert run.returncode == 0 and "awk" not in run.stderr
    assert (pam / "site" / "gate").read_text() == ""


def test_links_without_an_end_are_no_file(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").symlink_to("login")
    (pam / "login").symlink_to("sshd")
    (pam / "su").write_text(OURS)
    run = withdraw("pam", tmp_path)
    assert run.returncode == 0 and (pam / "su").read_text() == ""


def test_lines_that_go_are_shown(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").write_text(KEEP_ROOT + OURS)
    run = withdraw("pam", tmp_path)
    assert OURS.strip() in run.stderr and KEEP_ROOT.strip() in run.stderr and "/sshd:" in run.stderr


def test_a_file_that_cannot_be_written_keeps_the_module(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").write_text(OURS)
    # In a chroot / is no mount, so unshare itself cannot make it private.
    script = ('mount --make-rprivate / 2>/dev/null; mount --bind "$1" "$1" &&'
              ' mount -o remount,bind,ro "$1" && exec "$2" pam "$3"')
    run = subprocess.run(
        ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script, "sh", pam,
         WITHDRAW, tmp_path],
        capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert f"is left in {pam / 'sshd'}" in run.stderr


def in_full(full: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """With `full` as a file system without a free block."""
    script = ('mount --make-rprivate / 2>/dev/null; d=$1; shift; cp -a "$d" "$d.kept" &&'
              ' mount -t tmpfs -o size=16k tmpfs "$d" && cp -a "$d.kept/." "$d/" &&'
              ' { cat /dev/zero >"$d/filling" 2>/dev/null; "$@"; status=$?; cat "$d/sshd"; exit $status; }')
    return subprocess.run(["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script, "sh",
                           full, *command], capture_output=True, text=True, timeout=60)


def test_a_full_tmp_does_not_stop_it(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").write_text(OURS + DEBIAN_SSHD)
    full = tmp_path / "tmp"
    full.mkdir()
    (full / "sshd").touch()
    run = in_full(full, "env", f"TMPDIR={full}", WITHDRAW, "pam", tmp_path)
    assert run.returncode == 0, run.stderr
    assert (pam / "sshd").read_text() == DEBIAN_SSHD


def test_a_full_disk_is_named_and_the_file_stays(pam: Path, tmp_path: Path) -> None:
    (pam / "sshd").write_text(OURS + DEBIAN_SSHD)
    run = in_full(pam, WITHDRAW, "pam", tmp_path)
    assert run.returncode == 1
    assert run.stdout == OURS + DEBIAN_SSHD
    assert "No space left" in run.stderr and f"is left in {pam / 'sshd'}" in run.stderr


def test_spank_lines_of_the_file_and_its_includes(slurm: Path, tmp_path: Path) -> None:
    main, part = slurm / "plugstack.conf", slurm / "plugstack.conf.d" / "together.conf"
    main.write_text("include /etc/slurm/plugstack.conf.d/*.conf\nrequired other.so\n"
                    "required  /usr/lib/slurm/spank_together.so config=/x\n# required spank_together.so\n")
    part.write_text("optional spank_together.so\n")
    assert withdraw("spank", tmp_path).returncode == 0
    assert main.read_text() == ("include /etc/slurm/plugstack.conf.d/*.conf\nrequired other.so\n"
                                "# required spank_together.so\n")
    assert part.read_text() == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", " # x\n"])
def test_plugstacks_may_include_each_other(end: str, slurm: Path, tmp_path: Path) -> None:
    parts = [slurm / "plugstack.conf.d" / name for name in ("a.conf", "b.conf")]
    line = f"include /etc/slurm/plugstack.conf.d/*.conf{end}"
    (slurm / "plugstack.conf").write_text(line)
    parts[0].write_text(line + "include ../plugstack.conf.d/[b].conf\n")
    assert gone_from(parts[1], tmp_path, line + "required spank_together.so\n", "spank") == line.replace("\r", "")


def test_a_linked_folder_of_plugstacks_is_the_images(slurm: Path, tmp_path: Path) -> None:
    (slurm / "plugstack.conf").write_text("include plugstack.conf.d/*.conf\n")
    (slurm / "plugstack.conf.d").rmdir()
    (slurm / "plugstack.conf.d").symlink_to("/srv/plug")
    (tmp_path / "srv" / "plug").mkdir(parents=True)
    assert gone_from(tmp_path / "srv/plug/x.conf", tmp_path, "required spank_together.so\n", "spank") == ""


@pytest.mark.parametrize(("before", "after"), [
    ("JobSubmitPlugins=together\n", ""),
    ("JobSubmitPlugins=lua,together\n", "JobSubmitPlugins=lua\n"),
    ("jobsubmitplugins = together, lua # both\n", "jobsubmitplugins =lua # both\n"),
    ("JobSubmitPlugins=job_submit/together,lua,throttle\n", "JobSubmitPlugins=lua,throttle\n"),
    ("JobSubmitPlugins=togetherness\n", "JobSubmitPlugins=togetherness\n"),
    ("#JobSubmitPlugins=together\n", "#JobSubmitPlugins=together\n"),
    ('JobSubmitPlugins="together,lua"\n', 'JobSubmitPlugins="lua"\n'),
    ('JobSubmitPlugins="together" # ours\n', ""),
    ("JobSubmitPlugins=lua,\\\ntogether # x\n", "JobSubmitPlugins=lua # x\n"),
    ("JobSubmitPlugins= \\ \ntogether\n", ""),
    ("# x \\\nJobSubmitPlugins=together\n", "# x \\\n"),
    ("# together-access: togetherctl enable put x\nJobSubmitPlugins=together,lua\n",
     "JobSubmitPlugins=lua\n"),
    ("JobSubmitPlugins=lua,\\\nthrottle\n", "JobSubmitPlugins=lua,\\\nthrottle\n"),
])
def test_job_submit_names(before: str, after: str, slurm: Path, tmp_path: Path) -> None:
    around = "ClusterName=c\n{}SlurmctldHost=h\n"
    assert gone_from(slurm / "slurm.conf", tmp_path, around.format(before), "job_submit") == \
        around.format(after)


@pytest.mark.parametrize("line", [
    "JobSubmitPlugins=together SchedulerType=x\n", 'JobSubmitPlugins="lua,together" SchedulerType=x\n',
    "SchedulerType=x JobSubmitPlugins=lua,together\n", "JobSubmitPlugins+=lua,toge\\\nther\n",
])
def test_job_submit_names_that_it_cannot_take_out(line: str, slurm: Path, tmp_path: Path) -> None:
    (slurm / "slurm.conf").write_text(line)
    run = withdraw("job_submit", tmp_path)
    assert run.returncode == 1 and f"is left in {slurm / 'slurm.conf'}" in run.stderr
    assert (slurm / "slurm.conf").read_text() == line


@pytest.mark.parametrize(("setting", "where"), [
    ("PlugStackConfig=/elsewhere/plug.conf", "elsewhere/plug.conf"),
    ('ClusterName=c plugstackconfig = "/elsewhere/plug.conf" # x', "elsewhere/plug.conf"),
    ("PlugStackConfig=plug.conf", "etc/slurm/plug.conf"),
])
def test_plugstack_elsewhere(setting: str, where: str, slurm: Path, tmp_path: Path) -> None:
    (slurm / "slurm.conf").write_text(setting + "\n")
    file = tmp_path / where
    file.parent.mkdir(exist_ok=True)
    assert gone_from(file, tmp_path, "required spank_together.so\r\noptional x.so\n", "spank") == \
        "optional x.so\n"
    file.write_text("mandatory spank_together.so\n")
    assert withdraw("spank", tmp_path).returncode == 1


@pytest.mark.parametrize(("where", "setting"), [
    ("etc/default/slurmctld", 'SLURM_CONF="/srv/slurm/{}"\n'),
    ("etc/default/slurmctld", "# SLURM_CONF=/x\n  export SLURM_CONF=/srv/slurm/{} # x\n"),
    ("etc/default/slurmctld", 'SLURMCTLD_OPTIONS="-f /srv/slurm/{}"\n'),
    ("etc/sysconfig/slurmctld", "SLURMCTLD_OPTIONS=-f/srv/slurm/{}\r\n"),
    ("etc/sysconfig/slurmd", "SLURMD_OPTIONS='-N host -vf /srv/slurm/{} -D'\n"),
    ("etc/systemd/system/slurmd.service.d/conf.conf", 'Environment="SLURM_CONF=/srv/slurm/{}"\n'),
    ("usr/lib/systemd/system/slurmctld.service", "ExecStart=/usr/sbin/slurmctld -D -f /srv/slurm/{}\n"),
    ("etc/systemd/system/slurmctld.service", "ExecStart=/usr/sbin/slurmctld -D -f /srv/slurm/{}\n"),
])
@pytest.mark.parametrize("name", ["slurm.conf", "cluster.conf"])
def test_slurm_configuration_elsewhere_and_included(
    name: str, where: str, setting: str, tmp_path: Path
) -> None:
    (tmp_path / where).parent.mkdir(parents=True)
    (tmp_path / where).write_text(setting.format(name))
    folder = tmp_path / "srv" / "slurm"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"ClusterName=c\r\nInclude gate.conf\r\n")
    (folder / "gate.conf").write_bytes(b"Include " + name.encode() + b"\nJobSubmitPlugins=together\r\n")
    assert withdraw("job_submit", tmp_path).returncode == 0
    assert "together" not in (folder / "gate.conf").read_text()
    assert gone_from(folder / "plugstack.conf", tmp_path, "required spank_together.so\n", "spank") == ""


def test_nothing_to_do(tmp_path: Path) -> None:
    for what in ("pam", "spank", "job_submit"):
        run = withdraw(what, tmp_path)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert withdraw("ssh", tmp_path).returncode == 2


# ---- a folder that is not root's -----------------------------------------------------------------

def test_in_a_folder_of_slurms_root_writes_nothing_itself(slurm: Path) -> None:
    """Its owner could put a link in the place of the name that is written to."""
    folder = Path("/run/together-withdraw")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(slurm.parents[1], folder)
    try:
        conf = folder / "etc" / "slurm" / "slurm.conf"
        conf.write_text("ClusterName=c\nJobSubmitPlugins=lua,together\n")
        for path in (conf.parent, conf):
            os.chown(path, 12345, 12345)
        for path in (folder, folder / "etc"):
            path.chmod(0o755)
        trace = folder / "trace"
        done = subprocess.run(
            ["strace", "-f", "-e", "trace=openat,/rename", "-o", trace, WITHDRAW, "job_submit", folder],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert conf.read_text() == "ClusterName=c\nJobSubmitPlugins=lua\n"
        assert (conf.stat().st_uid, conf.stat().st_gid) == (12345, 12345)
        assert list(conf.parent.glob(".together.*")) == []
        # Who writes there has become another first: the first process never opens a name to write.
        first = trace.read_text().split()[0]
        written = [line for line in trace.read_text().splitlines()
                   if ".together." in line and ("O_WRONLY" in line or "O_RDWR" in line)]
        assert written and not any(line.startswith(f"{first} ") for line in written), written
    finally:
        shutil.rmtree(folder)
