"""Sends requests when they are due, over kept connections or over one each."""

import asyncio
import re
import ssl
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from talk import Farewell, Talk
from tally import Seen, Tally
from wire import Failure, Outcome, Response, Wire, named

EXCERPT_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: a unix socket when there is one, else host and port; by TLS or not."""

    host: str
    port: int
    unix: str | None
    name: str  # for the Host header, and for the certificate
    tls: ssl.SSLContext | None = None

    @property
    def server_name(self) -> str | None:
        """What the certificate must be for."""
        return self.name.partition(":")[0] if self.tls else None


@dataclass(frozen=True, slots=True)
class Job:
    """A request that is due, at a time since the start."""

    kind: str
    path: str
    due: float
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a good answer is, and where it says its version."""

    body: re.Pattern[str] | None
    version: re.Pattern[str]
    before_echo: re.Pattern[str]  # what stands before the body of a POST in its answer

    def verdict(self, job: Job, response: Response) -> tuple[Outcome, str]:
        """How a whole response is judged, and what to say when it is bad."""
        text = response.body.decode(errors="replace")
        if not 200 <= response.status < 300:
            return Outcome.BAD_STATUS, text[:EXCERPT_CHARACTERS]
        if self.is_echo(job.body, response.body) if job.body else self.is_page(text):
            return Outcome.OK, ""
        return Outcome.BAD_BODY, text[:EXCERPT_CHARACTERS]

    def is_page(self, text: str) -> bool:
        """True for what a whole page must be."""
        return self.body is None or self.body.fullmatch(text) is not None

    def is_echo(self, sent: bytes, got: bytes) -> bool:
        """True when what was sent, and no other request's body, came back behind its head."""
        before = got.removesuffix(sent).decode(errors="replace")
        return got.endswith(sent) and self.before_echo.fullmatch(before) is not None

    def speaker(self, said: str, got: str) -> str | None:
        """Who echoed a message of a websocket, such as `v=1 release=v1 pid=7`; None: it did not."""
        who, space, rest = got.rpartition(f" {said}")
        return who if space and not rest and self.version.search(who) else None

    def version_in(self, response: Response) -> str | None:
        """The version that answered, when the body says it."""
        found = self.version.search(response.body.decode(errors="replace"))
        return found[0] if found else None


class Sender:
    """Keeps rates. Made and used inside one running loop and one task group."""

    def __init__(
        self, target: Target, expectation: Expectation, tasks: asyncio.TaskGroup, timeout: float
    ) -> None:
        self.target = target
        self.expectation = expectation
        self.tasks = tasks
        self.timeout = timeout
        self.tally = Tally()
        self.loop = asyncio.get_running_loop()
        self.started = self.loop.time()
        self.waiting: asyncio.Queue[Job | None] = asyncio.Queue()
        self.schedules: list[asyncio.Task[None]] = []
        self.kept = 0
        self.held: list[Wire] = []
        self.gives_up_at = float("inf")

    def now(self) -> float:
        """Seconds since the start."""
        return self.loop.time() - self.started

    def keep(self, connections: int) -> None:
        """Open so many kept connections, each at its first request."""
        self.kept += connections
        for _ in range(connections):
            self.start(self.kept_connection())

    async def hold(self, connections: int) -> None:
        """Open so many connections that send nothing."""
        await asyncio.gather(*(self.held_connection() for _ in range(connections)))

    def queue_every(self, period: float, kind: str, path: str, body: bytes | None = None) -> None:
        """A request per period over the kept connections; each body is another one."""
        numbers = count(1)

        def queue(due: float) -> None:
            sent = None if body is None else body + f"{next(numbers):012}".encode()
            self.waiting.put_nowait(Job(kind, path, due, sent))

        self.schedule(period, queue)

    def open_every(self, period: float, kind: str, path: str) -> None:
        """A request per period, each over a connection of its own."""
        self.schedule(period, lambda due: self.start(self.alone(Job(kind, path, due))))

    def schedule(self, period: float, send: Callable[[float], object]) -> None:
        """Send now and once per period after, whatever became of those before."""
        first = self.now()

        async def run() -> None:
            for number in count():
                due = first + number * period
                await asyncio.sleep(max(0, due - self.now()))
                self.tally.lag = max(self.tally.lag, self.now() - due)
                send(due)

        self.schedules.append(self.start(run()))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside the rest; an error in it ends everything."""
        return self.tasks.create_task(work)

    def finish(self) -> None:
        """Make nothing more due; what is due still gets its time."""
        self.gives_up_at = self.now() + self.timeout
        for schedule in self.schedules:
            schedule.cancel()
        for _ in range(self.kept):
            self.waiting.put_nowait(None)

    def release(self) -> None:
        """Let go of the held connections, and count those that the server closed before."""
        self.tally.connections["held"] = len(self.held)
        self.tally.connections["held_closed"] = sum(wire.ended for wire in self.held)
        for wire in self.held:
            wire.transport.abort()

    async def kept_connection(self) -> None:
        """One kept connection; opened again when the server closed it between requests."""
        wire = None
        while job := await self.waiting.get():
            if self.now() > self.gives_up_at:
                self.note(job, self.now(), Outcome.UNSENT, "no connection became free for it")
                continue
            if wire and not await wire.usable():
                self.tally.connections["closed_while_idle"] += 1
                wire.transport.abort()
                wire = None
            wire = await self.attempt(job, wire)
        if wire:
            wire.transport.abort()

    async def held_connection(self) -> None:
        """Open a connection that sends nothing."""
        job = Job("hold", "", self.now())
        try:
            async with asyncio.timeout(self.timeout):
                self.held.append(await self.connect())
        except Failure as failure:
            self.note(job, self.now(), failure.outcome, failure.detail)
        except TimeoutError:
            self.note(job, self.now(), Outcome.TIMEOUT, "not connected")

    def talk(self, websockets: int, path: str, period: float) -> None:
        """Keep so many websockets open, and say something over each once a period."""
        for number in range(websockets):
            self.start(self.websocket(number, path, period))

    async def websocket(self, number: int, path: str, period: float) -> None:
        """One websocket; opened again when the server closed it in order."""
        said = (f"{number}-{at}" for at in count(1))
        while self.gives_up_at == float("inf"):
            job = Job("websocket", path, self.now())
            try:
                async with asyncio.timeout(self.timeout):
                    talk = Talk(await self.connect())
                    await talk.open(path, self.target.name)
                self.tally.connections["websockets_opened"] += 1
                await self.conversation(talk, path, period, said)
            except Failure as failure:
                self.note(job, job.due, failure.outcome, failure.detail)
                await asyncio.sleep(period)
            except TimeoutError:
                self.note(job, job.due, Outcome.TIMEOUT, "opening")

    async def conversation(
        self, talk: Talk, path: str, period: float, texts: Iterator[str]
    ) -> None:
        """Say one text after the other until the end, or until the server closes."""
        who = None
        while self.gives_up_at == float("inf"):
            try:
                await talk.silence(period)
            except Farewell as farewell:
                self.tally.connections[f"websockets_closed_{farewell.code}"] += 1
                return
            who = await self.said(talk, Job("message", path, self.now()), next(texts), who)
            if who is None:
                talk.wire.transport.abort()
                return
        talk.close()

    async def said(self, talk: Talk, job: Job, text: str, former: str | None) -> str | None:
        """Say one text and note the end; who answered, or None when all is over."""
        who, got = None, ""
        try:
            async with asyncio.timeout(self.timeout):
                got = await talk.say(text)
            who = self.expectation.speaker(text, got)
            good = who is not None and who == (former or who)
            outcome, detail = (Outcome.OK, "") if good else (Outcome.BAD_BODY, got[:80])
        except Farewell as farewell:
            outcome, detail = Outcome.CLOSE_RACE, f"closed with {farewell.code}"
            self.tally.connections[f"websockets_closed_{farewell.code}"] += 1
        except Failure as failure:
            outcome, detail = failure.outcome, failure.detail
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, "no echo"
        heard = Response(101, {}, got.encode()) if outcome is Outcome.OK else None
        self.note(job, job.due, outcome, detail, heard, reused=True)
        return who if outcome is Outcome.OK else None

    async def alone(self, job: Job) -> None:
        """One request over a connection of its own."""
        if wire := await self.attempt(job, None, last=True):
            wire.transport.abort()

    async def attempt(self, job: Job, wire: Wire | None, *, last: bool = False) -> Wire | None:
        """Send once and note the end; the connection, unless it is of no more use."""
        reused = wire is not None
        response, sent = None, self.now()
        try:
            async with asyncio.timeout(self.timeout):
                wire = wire or await self.connect()
                sent = self.now()
                response = await wire.exchange(self.request(job, last=last))
            outcome, detail = self.expectation.verdict(job, response)
        except Failure as failure:
            outcome, detail = failure.outcome, failure.detail
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, "connecting" if wire is None else "waiting"
        self.note(job, sent, outcome, detail, response, reused=reused)
        if response is None and wire:
            wire.transport.abort()
            return None
        return wire

    async def connect(self) -> Wire:
        """A new connection."""
        target = self.target
        self.tally.connections["opened"] += 1
        try:
            secured = {"ssl": target.tls, "server_hostname": target.server_name}
            if target.unix:
                _, wire = await self.loop.create_unix_connection(Wire, target.unix, **secured)
            else:
                place = (target.host, target.port)
                _, wire = await self.loop.create_connection(Wire, *place, **secured)
        except OSError as error:
            raise Failure(Outcome.REFUSED, named(error)) from error
        return wire

    def request(self, job: Job, *, last: bool) -> bytes:
        """The bytes of a request."""
        lines = [
            f"{'GET' if job.body is None else 'POST'} {job.path} HTTP/1.1",
            f"Host: {self.target.name}",
            "User-Agent: pushdeploy-load",
        ]
        if last:
            lines.append("Connection: close")
        if job.body is not None:
            lines.append(f"Content-Length: {len(job.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (job.body or b"")

    def note(
        self,
        job: Job,
        sent: float,
        outcome: Outcome,
        detail: str,
        response: Response | None = None,
        *,
        reused: bool = False,
    ) -> None:
        """Write down how a request ended."""
        self.tally.seen.append(
            Seen(
                kind=job.kind,
                path=job.path,
                due=job.due,
                sent=sent,
                ended=self.now(),
                outcome=outcome,
                status=response.status if response else None,
                version=self.expectation.version_in(response) if response else None,
                detail=detail,
                reused=reused,
            )
        )
