"""Serves a disk as a file of this machine (fuse(4)), so that a loop device can be made of it.

Source: include/uapi/linux/fuse.h
"""

import ctypes
import errno
import os
import stat
import struct
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from threading import Thread

from tests.host import processes
from tests.host.vm.disk import Disk

VERSION = (7, 31)
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
LARGEST_WRITE = 1 << 20
PAGES = LARGEST_WRITE // 4096
BUFFER = LARGEST_WRITE + 4096
MODE = stat.S_IFREG | 0o600
LASTING = 1 << 31
"""Seconds for which the kernel may believe what it was told of the file."""

REQUEST = struct.Struct("<IIQQIIII")
ANSWER = struct.Struct("<IiQ")
PLACE = struct.Struct("<QQII16x")  # of a READ or a WRITE: handle, offset, size, flags
INIT_ANSWER = struct.Struct("<IIIIHHIIHH32x")
ATTRIBUTES = struct.Struct("<QI4xQQQ24x12xIIIIIII")

_libc = ctypes.CDLL(None, use_errno=True)


class Kind(IntEnum):
    """What the kernel asks."""

    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    OPEN = 14
    READ = 15
    WRITE = 16
    RELEASE = 18
    FSYNC = 20
    FLUSH = 25
    INIT = 26
    ACCESS = 34
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42


UNANSWERED = (Kind.FORGET, Kind.INTERRUPT, Kind.BATCH_FORGET)
EMPTY = (Kind.RELEASE, Kind.FLUSH, Kind.ACCESS, Kind.DESTROY)


class Served:
    """A disk at a path, which is a file, until `close`."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        path.touch()
        self._device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._device},rootmode={MODE:o},user_id=0,group_id=0"
        arguments = (b"disk", str(path).encode(), b"fuse", ctypes.c_ulong(0), options.encode())
        if _libc.mount(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the file away; for who still has it open, it is a disk that is gone."""
        processes.run(["umount", "--force", "--lazy", str(self._path)])
        self._thread.join()
        os.close(self._device)

    def _serve(self) -> None:
        with suppress(OSError):  # unmounted
            while True:
                request = os.read(self._device, BUFFER)
                _, kind, number, *_ = REQUEST.unpack_from(request)
                if kind in UNANSWERED:
                    continue
                error, answer = self._answer(kind, memoryview(request)[REQUEST.size :])
                head = ANSWER.pack(ANSWER.size + len(answer), -error, number)
                os.write(self._device, head + answer)

    def _answer(self, kind: int, body: memoryview) -> tuple[int, bytes]:
        """The error's number, and what is answered."""
        match kind:
            case Kind.READ:
                _, offset, size, _ = PLACE.unpack_from(body)
                answer = self._disk.read(offset, min(size, self._disk.size - offset))
            case Kind.WRITE:
                _, offset, size, _ = PLACE.unpack_from(body)
                self._disk.write(offset, bytes(body[PLACE.size : PLACE.size + size]))
                answer = struct.pack("<I4x", size)
            case Kind.FSYNC:
                self._disk.flush()
                answer = b""
            case Kind.INIT:
                flags = BIG_WRITES | MAX_PAGES
                answer = INIT_ANSWER.pack(*VERSION, 0, flags, 0, 0, LARGEST_WRITE, 1, PAGES, 0)
            case Kind.GETATTR | Kind.SETATTR:
                size = self._disk.size
                of_file = (1, size, size // 512, MODE, 1, 0, 0, 0, 4096, 0)
                answer = ATTRIBUTES.pack(LASTING, 0, *of_file)
            case Kind.OPEN:
                answer = bytes(16)
            case _:
                return (0, b"") if kind in EMPTY else (errno.ENOSYS, b"")
        return 0, answer
