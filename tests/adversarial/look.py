"""Copied to the server and run there as a user: what is his to do, and which words he sees.

Arguments: a file with paths, each ended by a NUL, and a file with words, one a line.
Prints one JSON object.
"""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

LARGEST = 4 << 20
"""Bytes of a file that are looked through."""

ASKED = (
    ("journalctl", "--no-pager", "--quiet"),
    ("systemctl", "show", "--all", "--no-pager", "pushdeploy*"),
    ("systemctl", "cat", "--no-pager", "pushdeploy*"),
    ("systemctl", "status", "--all", "--no-pager", "--full", "pushdeploy*"),
    ("systemctl", "list-timers", "--all", "--no-pager"),
    ("ps", "-efww"),
    ("ss", "-xlp"),
    ("ss", "-tlnp"),
)

TABLES = ("net/unix", "net/tcp", "mounts", "locks", "keys")


def tried(path: str, flags: int) -> bool:
    """Whether it can be opened so."""
    try:
        os.close(os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError:
        return False
    return True


def connects(path: str) -> bool:
    """Whether somebody answers at the socket, of whatever kind it is."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with socket.socket(socket.AF_UNIX, kind) as one:
            one.settimeout(1)
            try:
                one.connect(path)
            except OSError:
                continue
            return True
    return False


def lists(path: str) -> bool:
    """Whether the names in a folder can be read."""
    try:
        os.listdir(path)
    except OSError:
        return False
    return True


def verbs(path: str) -> list[str]:
    """What can be done with it: `list`, `read`, `write`, `connect`."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return []
    found = []
    if stat.S_ISDIR(mode):
        found += ["list"] if lists(path) else []
        found += ["write"] if os.access(path, os.W_OK) else []
    elif stat.S_ISSOCK(mode):
        found += ["connect"] if connects(path) else []
    elif stat.S_ISREG(mode):
        found += ["read"] if tried(path, os.O_RDONLY) else []
        found += ["write"] if tried(path, os.O_WRONLY) else []
    elif stat.S_ISFIFO(mode):
        found += ["write"] if os.access(path, os.W_OK) else []
    return found


def text_of(path: str) -> bytes:
    """What a file says."""
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        return b""


def answer_of(line: tuple[str, ...]) -> bytes:
    """What a program prints."""
    try:
        return subprocess.run(line, capture_output=True, check=False, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""


def told_by_the_kernel_and_programs() -> dict[str, bytes]:
    """What is said by others than files, by where it was said."""
    found = {f"/proc/{name}": text_of(f"/proc/{name}") for name in TABLES}
    for process in filter(str.isdigit, os.listdir("/proc")):
        if int(process) != os.getpid():
            for name in ("cmdline", "environ"):
                found[f"/proc/PID/{name} {process}"] = text_of(f"/proc/{process}/{name}")
    return found | {" ".join(line): answer_of(line) for line in ASKED}


def main() -> None:
    """Look at everything."""
    paths = Path(sys.argv[1]).read_bytes().decode("utf-8", "surrogateescape").split("\0")
    words = Path(sys.argv[2]).read_text().split()
    can = {path: verbs(path) for path in paths if path}
    texts = {path: text_of(path) for path, found in can.items() if "read" in found}
    texts |= told_by_the_kernel_and_programs()
    seen = {
        word: [place for place, text in texts.items() if word.encode() in text] for word in words
    }
    able = [f"{verb} {path}" for path, found in can.items() for verb in found]
    sys.stdout.write(json.dumps({"able": able, "seen": seen}) + "\n")


if __name__ == "__main__":
    main()
