"""Hands connections on: from the listening socket that is our stdin to another address.

`python -I -m pushdeploy.system.relay FOLDER TARGET [KEPT_IN]`: TARGET is a port of 127.0.0.1, or
the path of a unix socket, which is looked up in FOLDER again for each connection, so that links
count as they are then. Relative, since a socket's path has 108 bytes at most.

A port is anybody's who binds it first. So with each connection the kernel is asked who has the far
end, before a byte is sent: it must be the user that we run as, and on the loopback alone unless the
file KEPT_IN exists, which says that no other machine reaches the port. Whoever else has the port
gets nothing and is never heard.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import sys
from pathlib import Path

from pushdeploy.system.tcp_owner import LOOPBACK, listener, proven

CONNECTIONS = 4096
"""At once; more wait in the listening socket's queue."""

CHUNK = 1 << 16
"""Bytes that are read before they must have been written: the far side sets the pace."""

CONNECT_SECONDS = 30.0
"""How long a connection waits while the target's queue is full, or nobody listens on the port."""

ANSWER_SECONDS = 1.0
"""The loopback answers at once, unless the queue is full or somebody else has the port."""

RETRY_SECONDS = 0.02
LONGEST_RETRY_SECONDS = 0.5


class UnprovenError(OSError):
    """Somebody else has the port, or it is open to other machines."""


async def relay(listening: socket.socket, target: str, kept_in: Path | None = None) -> None:
    """Serve for ever."""
    loop = asyncio.get_running_loop()
    room = asyncio.Semaphore(CONNECTIONS)
    serving: set[asyncio.Task[None]] = set()
    while True:
        await room.acquire()
        try:
            client, _ = await loop.sock_accept(listening)
        except OSError:  # the client is gone already, or we are out of descriptors
            room.release()
            await asyncio.sleep(RETRY_SECONDS)
            continue
        task = loop.create_task(_serve(client, target, kept_in))
        serving.add(task)
        task.add_done_callback(serving.discard)
        task.add_done_callback(lambda _: room.release())


async def _serve(client: socket.socket, target: str, kept_in: Path | None) -> None:
    with client, contextlib.suppress(OSError):
        client.settimeout(0)
        with await _connect(target, kept_in) as server:
            for one in (client, server):
                if one.family == socket.AF_INET:
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(client, server))
                both.create_task(_copy(server, client))


async def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Until the source has no more to say; then tell the sink, which may go on talking.

    When either side breaks off, both connections end at once, which ends the other direction too.
    """
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(source, CHUNK):
            await loop.sock_sendall(sink, data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


async def _connect(target: str, kept_in: Path | None) -> socket.socket:
    if target.isdigit():
        return await _connect_port(int(target), kept_in)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.settimeout(0)
    try:
        await _connect_unix(server, target)
    except BaseException:
        server.close()
        raise
    return server


async def _connect_port(port: int, kept_in: Path | None) -> socket.socket:
    """Connections made before the app listens wait for it, instead of being turned away."""
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + CONNECT_SECONDS, RETRY_SECONDS
    while True:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.settimeout(0)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await loop.sock_connect(server, (LOOPBACK, port))
            _prove(server, port, kept_in)
        except (ConnectionRefusedError, TimeoutError):
            server.close()
            _refuse_foreign(port)  # who may not answer there is not to be waited for
            if loop.time() > end:
                raise
        except BaseException:
            server.close()
            raise
        else:
            return server
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_RETRY_SECONDS)


def _prove(server: socket.socket, port: int, kept_in: Path | None) -> None:
    """Let nothing through that the app does not get.

    Raises:
        UnprovenError: somebody else would.
    """
    inside = kept_in is not None and kept_in.exists()
    if not proven(server, port, os.getuid(), kept_in=inside):
        found = listener(port)
        whose = f"user {found.uid} on {found.address}" if found else "somebody who has closed it"
        sys.stderr.write(f"{LOOPBACK}:{port} is not only the app's: also listening is {whose}\n")
        raise UnprovenError


def _refuse_foreign(port: int) -> None:
    """Say that somebody else has the port.

    Raises:
        UnprovenError: somebody has.
    """
    found = listener(port)
    if found is not None and found.uid != os.getuid():
        sys.stderr.write(f"{LOOPBACK}:{port} is user {found.uid}'s, on {found.address}\n")
        raise UnprovenError


async def _connect_unix(server: socket.socket, path: str) -> None:
    """A full queue says EAGAIN (unix(7)), which asyncio would take for a connection under way."""
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_SECONDS
    while True:
        try:
            server.connect(path)
        except BlockingIOError:
            if loop.time() > end:
                raise
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def main() -> None:
    """Run under supervisord."""
    folder, target, *kept_in = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.chdir(folder)
    listening = socket.socket(fileno=os.dup(0))
    listening.settimeout(0)
    asyncio.run(relay(listening, target, Path(kept_in[0]) if kept_in else None))


if __name__ == "__main__":
    main()
