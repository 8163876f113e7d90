# SPDX-License-Identifier: Apache-2.0
"""The account stacks that operators have: Debian's, authselect's, Slinky's, and those of
docs/pam-notes.md. Each is a folder of service files; `sshd` is the one that is edited."""

from pathlib import Path

DEBIAN_UNIX = """\
account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so
account\trequisite\t\t\tpam_deny.so
account\trequired\t\t\tpam_permit.so
"""
DEBIAN_SSSD = DEBIAN_UNIX + """\
account\tsufficient\t\t\tpam_localuser.so
account\t[default=bad success=ok user_unknown=ignore]\tpam_sss.so
"""
DEBIAN_SSHD = """\
# PAM configuration for the Secure Shell service

# Standard Un*x authentication.
@include common-auth

# Disallow non-root logins when /etc/nologin exists.
account    required     pam_nologin.so

# Standard Un*x authorization.
@include common-account

session    required     pam_loginuid.so
@include common-session
@include common-password
"""
SLINKY_SSHD = DEBIAN_SSHD.replace(
    "@include common-account", "account    required     pam_slurm_adopt.so\n@include common-account")
EL_SSHD = """\
#%PAM-1.0
auth       substack     password-auth
auth       include      postlogin
account    required     pam_sepermit.so
account    required     pam_nologin.so
account    include      password-auth
password   include      password-auth
session    required     pam_loginuid.so
session    include      password-auth
session    include      postlogin
"""
# authselect, profiles/sssd/password-auth
AUTHSELECT_SSSD = """\
auth        required      pam_env.so
auth        sufficient    pam_unix.so nullok
auth        required      pam_deny.so

account     required      pam_unix.so
account     sufficient    pam_localuser.so
account     sufficient    pam_usertype.so issystem
account     [default=bad success=ok user_unknown=ignore] pam_sss.so
account     required      pam_permit.so

password    required      pam_deny.so
session     required      pam_permit.so
"""
# The other places of docs/pam-notes.md, "Where in the stack a denial holds", with the module in the
# place of another one: all that a site may have before we come.
PRIMARY = """\
account\t[success=2 new_authtok_reqd=done default=ignore]\tpam_unix.so
account\t[success=1 default=ignore]\tpam_permit.so
account\trequisite\t\t\tpam_deny.so
account\trequired\t\t\tpam_permit.so
"""
SUFFICIENT_FIRST = "account sufficient pam_permit.so\n" + DEBIAN_UNIX
NO_ACCOUNT_LINES = "auth required pam_unix.so\nsession required pam_permit.so"

COMMON = {"common-auth": "auth required pam_unix.so\n", "common-session": "", "postlogin": "",
          "common-password": "password required pam_deny.so\n"}

STACKS = {
    "debian": {"sshd": DEBIAN_SSHD, "common-account": DEBIAN_UNIX},
    "debian_sssd": {"sshd": DEBIAN_SSHD, "common-account": DEBIAN_SSSD},
    "debian_primary": {"sshd": DEBIAN_SSHD, "common-account": PRIMARY},
    "sufficient_first": {"sshd": DEBIAN_SSHD, "common-account": SUFFICIENT_FIRST},
    "sufficient_in_sshd": {"sshd": "account sufficient pam_permit.so\n" + DEBIAN_SSHD,
                           "common-account": DEBIAN_UNIX},
    "authselect_sssd": {"sshd": EL_SSHD, "password-auth": AUTHSELECT_SSSD},
    "slinky": {"sshd": SLINKY_SSHD, "common-account": DEBIAN_UNIX},
    "slinky_sssd": {"sshd": SLINKY_SSHD, "common-account": DEBIAN_SSSD},
    "include_of_an_include": {
        "sshd": "@include common-auth\n@include site\n", "site": "@include common-account\n",
        "common-account": SUFFICIENT_FIRST},
    "account_in_common_auth": {
        "sshd": DEBIAN_SSHD, "common-account": DEBIAN_UNIX,
        "common-auth": "auth required pam_unix.so\naccount sufficient pam_permit.so\n"},
    "no_newline_at_the_end": {
        "sshd": "@include common-auth\n@include common-account", "common-account": DEBIAN_UNIX},
    "continued_lines": {
        "sshd": "auth required \\\n pam_unix.so\naccount \\\n sufficient pam_permit.so\n"},
}


def write_stack(name: str, folder: Path) -> Path:
    """Returns the file to be edited."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for service, text in (COMMON | STACKS[name]).items():
        (folder / service).write_text(text)
    return folder / "sshd"
