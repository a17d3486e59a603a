"""PAM: whether a service lets a user in whose key fits, by the very modules that sshd asks.

pam_access, pam_time, pam_listfile, an account that has ended: all are asked by one call, in a child
process, since a module may take as long as its server. Without libpam the answer is yes.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from pushdeploy.errors import CommandFailedError
from pushdeploy.system import command
from pushdeploy.system.command import Command

LIBRARY = "libpam.so.0"
SERVICES = Path("/etc/pam.d")
SUCCESS = 0
RHOST = 4
SECONDS = 10.0

_TRY = "import sys; from pushdeploy.system.pam import judged; sys.exit(judged(*sys.argv[1:]))"


class _Conversation(ctypes.Structure):
    _fields_ = (("function", ctypes.c_void_p), ("data", ctypes.c_void_p))


def refused(service: str, user: str, address: str) -> bool:
    """True when the modules of the service let the user in from nowhere like that address.

    Args:
        service: a file in /etc/pam.d.
        user: who logs in.
        address: where from.
    """
    if not (SERVICES / service).exists():
        return False
    path = ":".join(one for one in sys.path if one)
    line = Command(
        [sys.executable, "-P", "-c", _TRY, service, user, address], environment={"PYTHONPATH": path}
    )
    try:
        return command.attempt(line, seconds=SECONDS).status == 1
    except CommandFailedError:
        return False


def judged(service: str, user: str, address: str) -> int:
    """In the child: 1 when it is refused, 0 when it is not or nobody knows (pam_acct_mgmt(3))."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return 0
    handle, conversation = ctypes.c_void_p(), _Conversation(None, None)
    begun = library.pam_start(
        service.encode(), user.encode(), ctypes.byref(conversation), ctypes.byref(handle)
    )
    if begun != SUCCESS:
        return 0
    library.pam_set_item(handle, RHOST, ctypes.c_char_p(address.encode()))
    result = library.pam_acct_mgmt(handle, 0)
    library.pam_end(handle, result)
    return int(result != SUCCESS)
