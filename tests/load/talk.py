"""One websocket of the load client: what is said comes back. Shape: RFC 6455."""

import asyncio
import base64
import hashlib
import os
import struct

from wire import Failure, Outcome, Wire, head, named

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FINAL, MASKED = 0x80, 0x80
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
TWO_BYTES, EIGHT_BYTES = 126, 127
NO_CODE = 1005


class Farewell(Exception):  # noqa: N818
    """The server closed in order: a close frame came."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Talk:
    """A websocket over a connection of its own."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def open(self, path: str, name: str) -> None:
        """Ask for the websocket."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.wire.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        try:
            response = head(await self.wire.until(b"\r\n\r\n"))
        except EOFError:
            raise self.broken() from None
        except ValueError as error:
            raise Failure(Outcome.MALFORMED, str(error)) from error
        if response.status != 101:
            raise Failure(Outcome.BAD_STATUS, f"{response.status} instead of 101")
        digest = hashlib.sha1(f"{key}{GUID}".encode(), usedforsecurity=False).digest()
        if response.headers.get("sec-websocket-accept") != base64.b64encode(digest).decode():
            raise Failure(Outcome.MALFORMED, "another Sec-WebSocket-Accept than the key's")

    async def say(self, text: str) -> str:
        """Send a text; returns the next one that comes.

        Raises:
            Farewell: a close frame came instead.
            Failure: the connection ended without one, or what came is not a frame.
        """
        self.send(TEXT, text.encode())
        return await self.hear()

    async def hear(self) -> str:
        """The next text; pings are answered."""
        while True:
            kind, payload = await self.frame()
            if kind == TEXT:
                return payload.decode(errors="replace")
            if kind == PING:
                self.send(PONG, payload)
            elif kind == CLOSE:
                self.send(CLOSE, payload[:2])
                self.wire.transport.close()
                raise Farewell(struct.unpack(">H", payload[:2])[0] if payload else NO_CODE)
            elif kind != PONG:
                raise Failure(Outcome.MALFORMED, f"a frame of kind {kind}")

    async def silence(self, seconds: float) -> None:
        """Wait; nothing may be said meanwhile.

        Raises:
            Farewell: a close frame came.
            Failure: something else came, or the connection ended without one.
        """
        try:
            async with asyncio.timeout(max(0, seconds)):
                text = await self.hear()
        except TimeoutError:
            return
        raise Failure(Outcome.MALFORMED, f"said without being asked: `{text[:80]}`")

    def close(self) -> None:
        """Leave."""
        self.send(CLOSE, struct.pack(">H", 1000))
        self.wire.transport.close()

    def send(self, kind: int, payload: bytes) -> None:
        """One frame, masked as a client's must be."""
        mask = os.urandom(4)
        size = len(payload)
        if size < TWO_BYTES:
            lengths = struct.pack(">B", MASKED | size)
        else:
            lengths = struct.pack(">BH", MASKED | TWO_BYTES, size)
        body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        if not self.wire.transport.is_closing():
            self.wire.transport.write(bytes([FINAL | kind]) + lengths + mask + body)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame; nothing of it is taken before it is whole, so a wait can be given up."""
        while (found := self.whole()) is None:
            try:
                await self.wire.more()
            except EOFError:
                raise self.broken() from None
        kind, start, size = found
        return kind, self.wire.take(start + size)[start:]

    def whole(self) -> tuple[int, int, int] | None:
        """Kind, start and size of the frame that has come whole."""
        got = self.wire.buffer
        if len(got) < 2:
            return None
        if got[0] & 0x70 or not got[0] & FINAL or got[1] & MASKED:
            raise Failure(Outcome.MALFORMED, f"no frame: {bytes(got[:16])!r}")
        size, start = got[1], 2
        if size in (TWO_BYTES, EIGHT_BYTES):
            start = 4 if size == TWO_BYTES else 10
            if len(got) < start:
                return None
            size = int.from_bytes(got[2:start], "big")
        return (got[0] & 0xF, start, size) if len(got) >= start + size else None

    def broken(self) -> Failure:
        """What it is called that the connection ended without a close frame."""
        if self.wire.error:
            return Failure(Outcome.RESET, named(self.wire.error))
        return Failure(Outcome.CLOSED, "end of stream without a close frame")
