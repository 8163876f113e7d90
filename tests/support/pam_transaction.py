# SPDX-License-Identifier: Apache-2.0
"""One account phase through the real libpam, as sshd has it."""

import ctypes
import ctypes.util
from pathlib import Path

PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_NEW_AUTHTOK_REQD = 0, 6, 9, 12
PAM_ERROR_MSG = 3

_libpam = ctypes.CDLL("libpam.so.0")
_libc = ctypes.CDLL(None)
_libc.calloc.restype = ctypes.c_void_p


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


_TALK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


class _Conversation(ctypes.Structure):
    _fields_ = [("talk", _TALK), ("data", ctypes.c_void_p)]


class Transaction:
    """answer: of pam_acct_mgmt. messages: what the user reads. environment: after
    pam_open_session, where it was asked for."""

    def __init__(self, user: str, service: str = "sshd", folder: Path | None = None,
                 session: bool = False) -> None:
        self.messages: list[str] = []
        self.environment: list[str] = []
        talk = _TALK(self._hear)
        conversation = _Conversation(talk, None)
        handle = ctypes.c_void_p()
        started = _libpam.pam_start_confdir(
            service.encode(), user.encode(), ctypes.byref(conversation),
            None if folder is None else str(folder).encode(), ctypes.byref(handle))
        assert started == PAM_SUCCESS, started
        self.answer: int = _libpam.pam_acct_mgmt(handle, 0)
        if session:
            self.session: int = _libpam.pam_open_session(handle, 0)
            self.environment = _environment(handle)
        _libpam.pam_end(handle, self.answer)

    def _hear(self, count: int, messages: "ctypes.Array[ctypes.POINTER[_Message]]",
              responses: "ctypes.Array[ctypes.c_void_p]", _: ctypes.c_void_p) -> int:
        self.messages += [messages[i].contents.text.decode() for i in range(count)]
        responses[0] = _libc.calloc(count, 16)
        return PAM_SUCCESS


def _environment(handle: ctypes.c_void_p) -> list[str]:
    _libpam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)
    entries = _libpam.pam_getenvlist(handle)
    found = []
    while entries[len(found)] is not None:
        found.append(entries[len(found)].decode())
    return found


def account_answer(user: str, service: str = "sshd", folder: Path | None = None) -> int:
    return Transaction(user, service, folder).answer
