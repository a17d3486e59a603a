"""Serves a disk to a virtual machine, as a network block device on a unix socket.

Source: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
"""

import socket
import struct
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from tests.host.vm.disk import Disk

MAGIC = b"NBDMAGIC"
OPTION_MAGIC = b"IHAVEOPT"
OPTION_REPLY_MAGIC = 0x3E889045565A9
REQUEST_MAGIC = 0x25609513
REPLY_MAGIC = 0x67446698

FIXED_NEWSTYLE, NO_ZEROES = 1, 2
HAS_FLAGS, SEND_FLUSH = 1, 4
EXPORT_NAME, ABORT, GO = 1, 2, 7
ACK, INFO, UNSUPPORTED = 1, 3, 2**31 + 1
EXPORT = 0  # the kind of the INFO that tells the size
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
INVALID = 22

OPTION = struct.Struct(">8sII")
REQUEST = struct.Struct(">IHHQQI")


class Server:
    """Serves one client after the other, until it is closed."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._connection: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.connected = Event()
        """Set when a client has come."""
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        for one in (self._listener, self._connection):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                self._connection, _ = self._listener.accept()
                self.connected.set()
                with suppress(EOFError, ConnectionError), self._connection:
                    if self._agree(self._connection):
                        self._answer(self._connection)

    def _agree(self, client: socket.socket) -> bool:
        """The handshake; False when the client wants nothing more."""
        client.sendall(MAGIC + OPTION_MAGIC + struct.pack(">H", FIXED_NEWSTYLE | NO_ZEROES))
        _exactly(client, 4)  # its flags
        export = struct.pack(">QH", self._disk.size, HAS_FLAGS | SEND_FLUSH)
        while True:
            _, option, length = OPTION.unpack(_exactly(client, OPTION.size))
            _exactly(client, length)
            if option == EXPORT_NAME:
                client.sendall(export)
                return True
            if option == GO:
                _reply(client, option, INFO, struct.pack(">H", EXPORT) + export)
                _reply(client, option, ACK)
                return True
            if option == ABORT:
                _reply(client, option, ACK)
                return False
            _reply(client, option, UNSUPPORTED)

    def _answer(self, client: socket.socket) -> None:
        while True:
            request = REQUEST.unpack(_exactly(client, REQUEST.size))
            _, _, kind, handle, offset, length = request
            error, found = 0, b""
            if kind == READ:
                found = self._disk.read(offset, length)
            elif kind == WRITE:
                self._disk.write(offset, _exactly(client, length))
            elif kind == FLUSH:
                self._disk.flush()
            elif kind == DISCONNECT:
                return
            else:
                error = INVALID
            client.sendall(struct.pack(">IIQ", REPLY_MAGIC, error, handle) + found)


def _reply(client: socket.socket, option: int, kind: int, contents: bytes = b"") -> None:
    client.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, kind, len(contents)) + contents)


def _exactly(client: socket.socket, length: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: the client has gone.
    """
    found = bytearray()
    while len(found) < length:
        piece = client.recv(min(length - len(found), 1 << 20))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)
