"""One connection of the load client, with as much of HTTP/1.1 as it needs."""

import asyncio
import errno
import re
import select
from dataclasses import dataclass
from enum import StrEnum
from typing import cast


class Outcome(StrEnum):
    """How a request ended. Only the first is well."""

    OK = "ok"
    BAD_STATUS = "bad_status"  # whole, but not 2xx
    BAD_BODY = "bad_body"  # 2xx and whole, but not what was expected
    REFUSED = "refused"  # no connection
    RESET = "reset"  # connection cut
    CLOSED = "closed"  # ended on a new connection before the first byte of the response
    KEEPALIVE_RACE = "keepalive_race"  # no byte of the response came on a reused connection
    SHORT = "short"  # ended after the first byte of the response and before its last
    MALFORMED = "malformed"  # not HTTP/1
    TIMEOUT = "timeout"
    CLOSE_RACE = "close_race"  # a websocket was closed in order just as something was said over it
    UNSENT = "unsent"  # due, but no connection became free for it until long after the end


class Failure(Exception):  # noqa: N818
    """A request that got no whole response."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


@dataclass(slots=True)
class Response:
    """A response that came whole."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def chunked(self) -> bool:
        """True when the body comes in chunks."""
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def closes(self) -> bool:
        """True when the server said that it closes the connection."""
        return self.headers.get("connection", "").lower() == "close"


class Wire(asyncio.Protocol):
    """One connection: what came over it, and how it ended."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.changed = asyncio.Event()
        self.error: Exception | None = None
        self.ended = False
        self.silent = True  # no byte came since the last request was sent
        self.requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what sends."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.buffer += data
        self.silent = False
        self.changed.set()

    def eof_received(self) -> None:
        """Remember a clean end."""
        self.ended = True
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Remember a cut."""
        self.error = self.error or error
        self.ended = True
        self.changed.set()

    async def usable(self) -> bool:
        """False when the server closed, or said something, while nothing was asked.

        It asks the kernel too, and has the loop read what is already there: the end, or what TLS
        says for itself, such as a session's ticket.
        """
        if not self.silent_so_far():
            return False
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        while self.silent_so_far() and poll.poll(0):  # noqa: ASYNC110
            await asyncio.sleep(0)  # one turn of the loop, which reads
        return self.silent_so_far()

    def silent_so_far(self) -> bool:
        """True when nothing but the last response was read, and the connection goes on."""
        return not (self.ended or self.buffer or self.transport.is_closing())

    async def exchange(self, request: bytes) -> Response:
        """Send a request and read its response."""
        self.silent = True
        self.requests += 1
        self.transport.write(request)
        try:
            response = await self.read()
        except EOFError:
            raise self.broken() from None
        except ValueError as error:
            raise Failure(Outcome.MALFORMED, str(error)) from error
        if self.buffer:
            raise Failure(Outcome.MALFORMED, f"{len(self.buffer)} bytes after the response")
        if response.closes:
            self.transport.close()
        return response

    def broken(self) -> Failure:
        """What it is called that the connection ended here."""
        detail = named(self.error) if self.error else "end of stream"
        if self.silent and self.requests > 1:
            return Failure(Outcome.KEEPALIVE_RACE, detail)
        if self.error:
            return Failure(Outcome.RESET, detail)
        return Failure(Outcome.CLOSED if self.silent else Outcome.SHORT, detail)

    async def read(self) -> Response:
        """A whole response. Shape: RFC 9112, section 6."""
        response = head(await self.until(b"\r\n\r\n"))
        while response.status < 200:
            response = head(await self.until(b"\r\n\r\n"))
        if response.chunked:
            while size := int((await self.until(b"\r\n")).partition(b";")[0], 16):
                response.body += await self.exactly(size)
                if await self.until(b"\r\n"):
                    raise ValueError("a chunk is longer than it says")
            while await self.until(b"\r\n"):
                pass
        elif "content-length" in response.headers:
            response.body = await self.exactly(int(response.headers["content-length"]))
        elif response.status not in (204, 304):
            response.body = await self.rest()
        return response

    async def until(self, mark: bytes) -> bytes:
        """What comes before the mark."""
        while (at := self.buffer.find(mark)) < 0:
            await self.more()
        return self.take(at + len(mark))[:at]

    async def exactly(self, size: int) -> bytes:
        """So many bytes."""
        if size < 0:
            raise ValueError(f"a body of {size} bytes")
        while len(self.buffer) < size:
            await self.more()
        return self.take(size)

    async def rest(self) -> bytes:
        """Everything until a clean end."""
        while not self.ended:
            await self.more()
        if self.error:
            raise EOFError
        return self.take(len(self.buffer))

    def take(self, size: int) -> bytes:
        """The first bytes of the buffer, which loses them."""
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    async def more(self) -> None:
        """Wait until there is more; EOFError when nothing can come."""
        if self.ended:
            raise EOFError
        self.changed.clear()
        await self.changed.wait()


def head(block: bytes) -> Response:
    """Status line and headers, names in lower case. Shape: `HTTP/1.1 200 OK`, `Name: value`."""
    first, *lines = block.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"HTTP/1\.([01]) (\d{3})(?: .*)?", first)
    if not found:
        raise ValueError(f"no status line: `{first[:80]}`")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no header: `{line[:80]}`")
        headers[name.lower()] = value.strip()
    if found[1] == "0":
        headers.setdefault("connection", "close")
    return Response(int(found[2]), headers)


def named(error: BaseException) -> str:
    """An error as `ECONNRESET`, or as its text."""
    number = getattr(error, "errno", None)
    return errno.errorcode.get(number, str(error)) if number else str(error) or repr(error)
