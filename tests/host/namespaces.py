"""Step into a container's namespaces, for the time of one call."""

import ctypes
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

CLONE_FS = 0x200  # linux/sched.h; a thread must own its root folder before it may change it

_libc = ctypes.CDLL(None, use_errno=True)


def inside(pid: int, kind: str, work: Callable[[], T]) -> T:
    """Do the work in the network ("net") or the file system ("mnt") of a process.

    It runs in a thread of its own and must import nothing: it would find the container's modules.
    """
    outcome: Future[T] = Future()
    namespace = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)

    def enter_and_work() -> None:
        try:
            if kind == "mnt":
                _check(_libc.unshare(CLONE_FS))
            _check(_libc.setns(namespace, 0))
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001  raised again where the result is read
            outcome.set_exception(error)

    thread = Thread(target=enter_and_work)
    thread.start()
    thread.join()
    os.close(namespace)
    return outcome.result()


def connect(pid: int, address: tuple[str, int] | str, timeout: float) -> socket.socket:
    """A socket connected inside; an address is (IPv4 number, port) or a unix socket's path."""
    is_path = isinstance(address, str)
    family = socket.AF_UNIX if is_path else socket.AF_INET

    def open_socket() -> socket.socket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(address)
        except BaseException:
            connection.close()
            raise
        return connection

    return inside(pid, "mnt" if is_path else "net", open_socket)


def _check(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
