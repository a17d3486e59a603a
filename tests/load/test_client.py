"""The load client against servers that misbehave in every way that it counts."""

import asyncio
import base64
import hashlib
import importlib.util
import json
import signal
import socket
import ssl
import struct
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).with_name("client.py")
GOOD = "v=1 release=v1 pid=1\n"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REGEX = r"v=\d+ release=v\d+ pid=\d+\n"
SHORTLY = ("--seconds", "0.4", "--rate", "25", "--connections", "2")
ALONE = ("--seconds", "0.4", "--rate", "0", "--fresh", "25")


@dataclass
class Peer:
    """The server's end of one connection, and how to treat it badly."""

    reader: StreamReader
    writer: StreamWriter
    requests: list[str]
    served: int = 0

    async def request(self) -> str | None:
        """The next request as `GET /path`; None when the client has gone."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        lines = head.decode().split("\r\n")
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:-2])
        self.key = next(
            (line.split(": ")[1] for line in lines if line.startswith("Sec-WebSocket-Key")), ""
        )
        self.body = await self.reader.readexactly(int(self.headers.get("content-length", 0)))
        line = lines[0].removesuffix(" HTTP/1.1")
        self.requests.append(line)
        self.served += 1
        return line

    def answer(self, body: str = GOOD, status: str = "200 OK", *headers: str) -> None:
        """A whole response."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
        self.say("\r\n".join(lines))

    def say(self, text: str) -> None:
        """Any bytes."""
        self.writer.write(text.encode())

    async def reset(self) -> None:
        """Cut the connection: the client gets RST, not FIN."""
        await self.writer.drain()
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def silence(self) -> None:
        """Say nothing until the client goes."""
        with suppress(ConnectionError):
            await self.reader.read()


Behaviour = Callable[[Peer], Awaitable[object]]


@dataclass
class Ran:
    """What one run of the client left."""

    status: int
    report: dict[str, Any]
    requests: list[str]
    connections: int

    def outcomes(self) -> dict[str, int]:
        return {name: number for name, number in self.report["outcomes"].items() if number}


@dataclass
class Scenario:
    """A server with one behaviour, and the client that meets it."""

    behave: Behaviour
    unix: Path | None = None
    requests: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None] | None] = field(default_factory=list)

    def run(self, *options: str) -> Ran:
        return asyncio.run(self.meet(*options))

    async def meet(self, *options: str) -> Ran:
        if self.unix:
            server = await asyncio.start_unix_server(self.handle, self.unix)
            where = ("--unix", str(self.unix))
        else:
            server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
            where = ("--url", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        self.process = await client(*where, *options)
        said, _ = await self.process.communicate()
        server.close()
        await asyncio.gather(*(task for task in self.tasks if task))
        assert self.process.returncode is not None
        return Ran(self.process.returncode, json.loads(said), self.requests, len(self.tasks))

    async def handle(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.tasks.append(asyncio.current_task())
        try:
            await self.behave(Peer(reader, writer, self.requests))
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def client(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", CLIENT, *options, stdout=asyncio.subprocess.PIPE
    )


async def good(peer: Peer) -> None:
    while await peer.request():
        peer.answer()


def answering(body: str = GOOD, status: str = "200 OK", *headers: str) -> Behaviour:
    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.answer(body, status, *headers)

    return behave


def saying(text: str) -> Behaviour:
    """Says it to each request, and closes."""

    async def behave(peer: Peer) -> None:
        if await peer.request():
            peer.say(text)

    return behave


def cutting(text: str = "") -> Behaviour:
    """Says it to each request, and resets."""

    async def behave(peer: Peer) -> None:
        if await peer.request():
            peer.say(text)
            await peer.reset()

    return behave


async def silent(peer: Peer) -> None:
    await peer.silence()


def test_good_answers_are_all_counted_and_sent_once_over_few_connections() -> None:
    ran = Scenario(good).run(*SHORTLY, "--body-regex", REGEX)

    assert ran.status == 0
    assert ran.outcomes() == {"ok": ran.report["requests"]}
    assert ran.requests == ["GET /"] * ran.report["requests"]
    assert ran.connections == ran.report["connections"]["opened"] == 2
    assert ran.report["errors"] == []
    assert ran.report["statuses"] == {"200": ran.report["requests"]}
    assert set(ran.report["kinds"]["kept"]["latency_ms"]) == {"p50", "p90", "p99", "p99_9", "max"}


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (answering("boom", "500 Internal Server Error"), "bad_status"),
        (answering("", "302 Found", "Location: /"), "bad_status"),
        (answering("something else\n"), "bad_body"),
        (answering(GOOD + "more"), "bad_body"),
        (saying(""), "closed"),
        (saying("HTTP/1.1 200 OK\r\nContent-Le"), "short"),
        (saying("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\nv=1"), "short"),
        (saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nv=1\r\n"), "short"),
        (cutting(), "reset"),
        (cutting("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\nv=1"), "reset"),
        (cutting("HTTP/1.1 200 OK\r\n\r\nv=1"), "reset"),
        (saying("220 mail.example.org ESMTP\r\n\r\n"), "malformed"),
        (saying("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), "malformed"),
        (saying("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "malformed"),
        (saying("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nv=1"), "malformed"),
        (saying("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nv=1 and more"), "malformed"),
        (saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nv=1\r\n"), "malformed"),
        (silent, "timeout"),
        (saying("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nv=1"), "bad_body"),
    ],
)
def test_each_bad_answer_on_a_new_connection_has_its_name(behave: Behaviour, outcome: str) -> None:
    ran = Scenario(behave).run(*ALONE, "--body-regex", REGEX, "--timeout", "0.5")

    assert ran.status == 1
    assert ran.outcomes() == {outcome: ran.report["requests"]}
    assert ran.connections == ran.report["requests"] == ran.report["failed"]
    assert {error["outcome"] for error in ran.report["errors"]} == {outcome}
    assert not any(error["reused"] for error in ran.report["errors"])


def test_a_bad_status_is_listed_with_its_body() -> None:
    ran = Scenario(answering("why it broke", "502 Bad Gateway")).run(*ALONE)

    assert {(e["status"], e["detail"]) for e in ran.report["errors"]} == {(502, "why it broke")}
    assert ran.report["statuses"] == {"502": ran.report["requests"]}


@pytest.mark.parametrize("unix", [False, True])
def test_no_server_is_refused(*, unix: bool, tmp_path: Path) -> None:
    async def run() -> tuple[int | None, dict[str, Any]]:
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unheard.getsockname()[1]}/"
            where = ("--unix", str(tmp_path / "none.sock")) if unix else ("--url", url)
            process = await client(*where, *SHORTLY)
            said, _ = await process.communicate()
        return process.returncode, json.loads(said)

    status, report = asyncio.run(run())

    assert status == 1
    assert report["outcomes"]["refused"] == report["requests"] > 0
    assert {e["detail"] for e in report["errors"]} == {"ENOENT" if unix else "ECONNREFUSED"}


@pytest.mark.parametrize("reset", [False, True])
def test_a_reused_connection_without_a_byte_in_answer_is_an_error_of_its_own(
    *, reset: bool
) -> None:
    async def behave(peer: Peer) -> None:
        if await peer.request():
            peer.answer()
        if await peer.request() and reset:
            await peer.reset()

    scenario = Scenario(behave)
    ran = scenario.run(*SHORTLY)

    assert ran.status == 1
    assert set(ran.outcomes()) == {"ok", "keepalive_race"}
    assert all(error["reused"] for error in ran.report["errors"])
    assert len(ran.requests) == ran.report["requests"]


def test_a_reused_connection_that_ends_in_the_answer_is_short() -> None:
    async def behave(peer: Peer) -> None:
        if await peer.request():
            peer.answer()
        if await peer.request():
            peer.say("HTTP/1.1 200")

    assert set(Scenario(behave).run(*SHORTLY).outcomes()) == {"ok", "short"}


@pytest.mark.parametrize("how", ["says so", "closes", "resets"])
def test_a_connection_closed_between_requests_is_opened_again_and_no_error(how: str) -> None:
    async def behave(peer: Peer) -> None:
        if await peer.request():
            peer.answer(GOOD, "200 OK", *(["Connection: close"] if how == "says so" else []))
        if how == "says so":
            await peer.silence()
        if how == "resets":
            await asyncio.sleep(0.01)
            await peer.reset()

    ran = Scenario(behave).run("--seconds", "0.5", "--rate", "10", "--connections", "1")

    assert ran.status == 0
    assert ran.outcomes() == {"ok": ran.report["requests"]}
    assert ran.connections == ran.report["requests"] > 1
    assert ran.report["connections"]["closed_while_idle"] == ran.connections - 1


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_an_end_that_the_loop_has_not_read_yet_makes_a_connection_unusable(says: bytes) -> None:
    spec = importlib.util.spec_from_file_location("wire", CLIENT.with_name("wire.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    async def run() -> tuple[bool, bool]:
        ours, theirs = socket.socketpair()
        _, wire = await asyncio.get_running_loop().create_connection(module.Wire, sock=ours)
        before = await wire.usable()
        theirs.send(says)
        theirs.close()
        after = await wire.usable()
        wire.transport.abort()
        await asyncio.sleep(0)
        return before, after

    assert asyncio.run(run()) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        f"HTTP/1.1 200 OK\r\n\r\n{GOOD}",
        f"HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{GOOD}",
        f"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200\r\nContent-Length: 21\r\n\r\n{GOOD}",
        (
            "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: chunked\r\n\r\n"
            f"4\r\n{GOOD[:4]}\r\n11;x=y\r\n{GOOD[4:]}\r\n0\r\nTrailer: z\r\n\r\n"
        ),
    ],
)
def test_every_form_of_a_whole_answer_is_read(text: str) -> None:
    ran = Scenario(saying(text)).run(*ALONE, "--body-regex", REGEX)

    assert ran.outcomes() == {"ok": ran.report["requests"]}


def test_no_content_is_a_whole_answer_on_a_kept_connection() -> None:
    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.say("HTTP/1.1 204 No Content\r\n\r\n")

    ran = Scenario(behave).run(*SHORTLY)

    assert ran.outcomes() == {"ok": ran.report["requests"]}
    assert ran.connections == 2


def test_a_stall_counts_for_all_who_were_due_in_it() -> None:
    stalled = []

    async def behave(peer: Peer) -> None:
        while await peer.request():
            if not stalled:
                stalled.append(True)
                await asyncio.sleep(1)
            peer.answer()

    ran = Scenario(behave).run("--seconds", "0.9", "--rate", "20", "--connections", "1")

    assert ran.status == 0
    assert ran.report["kinds"]["kept"]["latency_ms"]["p50"] > 200
    assert ran.report["requests"] == len(ran.requests)


def test_what_was_due_and_found_no_connection_is_counted() -> None:
    ran = Scenario(silent).run(
        "--seconds", "0.5", "--rate", "20", "--connections", "1", "--timeout", "0.3"
    )

    assert ran.status == 1
    assert set(ran.outcomes()) == {"timeout", "unsent"}
    assert sum(ran.outcomes().values()) == ran.report["requests"]
    assert ran.connections == ran.outcomes()["timeout"]


def test_versions_and_their_time_line_are_told() -> None:
    answered: list[int] = []

    async def behave(peer: Peer) -> None:
        while await peer.request():
            answered.append(1)
            peer.answer(GOOD if len(answered) <= 4 else "v=2 release=v2 pid=2\n")

    ran = Scenario(behave).run("--seconds", "0.5", "--rate", "20", "--connections", "1")

    first, second = ran.report["timeline"]
    versions = ran.report["versions"]
    assert (first["version"], first["requests"]) == ("v=1 release=v1", 4)
    assert (second["version"], second["requests"]) == ("v=2 release=v2", len(answered) - 4)
    assert first["to"] == versions["v=1 release=v1"]["last_sent"] < second["from"]
    assert versions["v=2 release=v2"]["first_ended"] >= second["from"]
    assert versions["v=2 release=v2"]["requests"] == len(answered) - 4


def test_it_goes_on_until_a_file_exists(tmp_path: Path) -> None:
    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.answer()
            if len(peer.requests) == 30:
                (tmp_path / "end").touch()

    ran = Scenario(behave).run("--until-file", str(tmp_path / "end"), "--rate", "100")

    assert ran.status == 0
    assert ran.report["requests"] == len(ran.requests) >= 30


def test_a_signal_ends_it_with_a_report() -> None:
    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.answer()
            if len(peer.requests) == 20:
                scenario.process.send_signal(signal.SIGTERM)

    scenario = Scenario(behave)
    ran = scenario.run("--seconds", "60", "--rate", "100")

    assert ran.status == 0
    assert ran.report["requests"] == len(ran.requests) >= 20


def test_held_connections_are_counted_and_so_are_those_that_the_server_closed() -> None:
    opened: list[Peer] = []

    async def behave(peer: Peer) -> None:
        opened.append(peer)
        if len(opened) <= 2:
            return
        await good(peer)

    ran = Scenario(behave).run(*SHORTLY, "--hold", "10")

    assert ran.status == 0
    assert ran.connections == 12
    assert ran.report["connections"]["held"] == 10
    assert ran.report["connections"]["held_closed"] == 2


def test_a_held_connection_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    async def run() -> dict[str, Any]:
        where = ("--unix", str(tmp_path / "none.sock"))
        process = await client(*where, "--seconds", "0", "--rate", "0", "--hold", "3")
        said, _ = await process.communicate()
        assert process.returncode == 1
        return json.loads(said)

    report = asyncio.run(run())

    assert [error["kind"] for error in report["errors"]] == ["hold"] * 3
    assert report["outcomes"]["refused"] == 3


def test_slow_fresh_and_posted_requests_go_their_way() -> None:
    seen: list[tuple[str, str | None]] = []

    async def behave(peer: Peer) -> None:
        while line := await peer.request():
            seen.append((line, peer.headers.get("connection")))
            echo = f"length={len(peer.body)}\n{peer.body.decode()}"
            peer.answer(echo if line == "POST /echo" else GOOD)

    ran = Scenario(behave).run(
        *(*SHORTLY, "--fresh", "10", "--slow-every", "0.2", "--slow-path", "/slow?s=0"),
        *("--post-every", "0.1", "--body-regex", REGEX),
    )

    assert ran.status == 0
    assert set(seen) == {
        ("GET /", None),
        ("GET /", "close"),
        ("GET /slow?s=0", "close"),
        ("POST /echo", None),
    }
    assert set(ran.report["kinds"]) == {"kept", "fresh", "slow", "post"}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate for `blog.example` and its key."""
    file = tmp_path / "blog.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=blog.example", "-addext", "subjectAltName=DNS:blog.example"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(file)),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + (tmp_path / "key.pem").read_text())
    return file


def over_tls(certificate: Path, name: str, *options: str) -> tuple[int | None, dict[str, Any]]:
    """How a run against a good server by TLS ends, when its name should be this."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def run() -> tuple[int | None, dict[str, Any]]:
        scenario = Scenario(good)
        server = await asyncio.start_server(scenario.handle, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            where = ("--url", f"https://127.0.0.1:{port}/", "--host", name)
            process = await client(*where, "--ca", str(certificate), *options)
            said, _ = await process.communicate()
            await asyncio.gather(*(task for task in scenario.tasks if task))
        return process.returncode, json.loads(said)

    return asyncio.run(run())


def test_it_keeps_connections_over_tls(certificate: Path) -> None:
    status, report = over_tls(certificate, "blog.example", *SHORTLY, "--body-regex", REGEX)

    assert status == 0
    assert report["connections"]["opened"] == 2
    assert report["connections"].get("closed_while_idle", 0) == 0


def test_a_certificate_for_another_name_is_refused(certificate: Path) -> None:
    status, report = over_tls(certificate, "other.example", *SHORTLY)

    assert status == 1
    assert report["outcomes"]["refused"] == report["requests"]


def test_a_post_that_comes_back_changed_is_a_bad_body() -> None:
    ran = Scenario(answering("length=4096\n")).run(*SHORTLY, "--rate", "0", "--post-every", "0.1")

    assert ran.outcomes() == {"bad_body": ran.report["requests"]}


def test_a_post_that_gets_the_body_of_another_is_a_bad_body() -> None:
    former = [b""]

    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.answer(f"length={len(peer.body)}\n{former[0].decode()}")
            former[0] = peer.body

    ran = Scenario(behave).run(*SHORTLY, "--rate", "0", "--post-every", "0.1")

    assert ran.outcomes() == {"bad_body": ran.report["requests"]}


def test_a_post_that_comes_back_with_more_before_it_is_a_bad_body() -> None:
    async def behave(peer: Peer) -> None:
        while await peer.request():
            peer.answer(f"more length={len(peer.body)}\n{peer.body.decode()}")

    ran = Scenario(behave).run(*SHORTLY, "--rate", "0", "--post-every", "0.1")

    assert ran.outcomes() == {"bad_body": ran.report["requests"]}


# Websockets

TALKING = ("--seconds", "0.6", "--rate", "0", "--websockets", "1", "--say-every", "0.1")
WHO = "v=1 release=v1 pid=1"
PING, TEXT, CLOSE = 0x9, 0x1, 0x8


def frame(kind: int, payload: bytes) -> bytes:
    """A short frame, as a server sends it."""
    return bytes([0x80 | kind, len(payload)]) + payload


async def accepted(peer: Peer) -> None:
    """Read the request for a websocket and grant it."""
    assert await peer.request() == "GET /ws"
    digest = hashlib.sha1(f"{peer.key}{GUID}".encode(), usedforsecurity=False).digest()
    accept = base64.b64encode(digest).decode()
    peer.say(f"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")


async def heard(peer: Peer) -> tuple[int, str] | None:
    """The kind and text of the next short frame of the client's; None when it has gone."""
    try:
        start = await peer.reader.readexactly(6)
        payload = await peer.reader.readexactly(start[1] & 0x7F)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    text = bytes(byte ^ start[2 + at % 4] for at, byte in enumerate(payload))
    return start[0] & 0xF, text.decode(errors="replace")


def echoing(answer: Callable[[str, int], bytes | None]) -> Behaviour:
    """Answers each text by its number on the connection; None ends the connection."""

    async def behave(peer: Peer) -> None:
        await accepted(peer)
        number = 0
        while (got := await heard(peer)) and got[0] == TEXT:
            number += 1
            said = answer(got[1], number)
            if said is None:
                return
            peer.writer.write(said)

    return behave


def echo(text: str, _: int) -> bytes:
    return frame(TEXT, f"{WHO} {text}".encode())


def test_websockets_that_echo_are_well_and_stay_open() -> None:
    ran = Scenario(echoing(echo)).run(*TALKING, "--websockets", "3")

    assert ran.status == 0
    assert ran.outcomes() == {"ok": ran.report["requests"]}
    assert ran.report["requests"] >= 6
    assert ran.connections == ran.report["connections"]["websockets_opened"] == 3
    assert set(ran.report["kinds"]) == {"message"}
    assert set(ran.report["versions"]) == {"v=1 release=v1"}


async def wrong_accept(peer: Peer) -> None:
    await peer.request()
    peer.say("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n")
    await peer.silence()


async def cut_while_idle(peer: Peer) -> None:
    await accepted(peer)
    await peer.reset()


async def unasked(peer: Peer) -> None:
    await accepted(peer)
    peer.writer.write(frame(TEXT, b"hello"))
    await peer.silence()


async def open_and_mute(peer: Peer) -> None:
    await accepted(peer)
    await peer.silence()


def another_release(text: str, number: int) -> bytes:
    return frame(TEXT, f"v={number} release=v{number} pid=1 {text}".encode())


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (answering("no", "502 Bad Gateway"), "bad_status"),
        (answering(), "bad_status"),
        (saying(""), "closed"),
        (cutting(), "reset"),
        (silent, "timeout"),
        (wrong_accept, "malformed"),
        (cut_while_idle, "reset"),
        (unasked, "malformed"),
        (open_and_mute, "timeout"),
        (echoing(lambda _, __: frame(TEXT, f"{WHO} other".encode())), "bad_body"),
        (echoing(lambda text, _: frame(TEXT, text.encode())), "bad_body"),
        (echoing(lambda text, _: frame(TEXT, f"{WHO} {text} more".encode())), "bad_body"),
        (echoing(lambda _, __: b"HTTP/1.1 502 Bad Gateway"), "malformed"),
        (echoing(lambda _, __: None), "closed"),
        (echoing(lambda _, __: frame(CLOSE, b"\x03\xf4")), "close_race"),
    ],
)
def test_each_bad_end_of_a_websocket_has_its_name(behave: Behaviour, outcome: str) -> None:
    ran = Scenario(behave).run(*TALKING, "--timeout", "0.3")

    assert ran.status == 1
    assert ran.outcomes() == {outcome: ran.report["failed"]}
    assert {error["outcome"] for error in ran.report["errors"]} == {outcome}


def test_a_websocket_on_which_the_release_changes_is_a_bad_body() -> None:
    ran = Scenario(echoing(another_release)).run(*TALKING)

    assert ran.status == 1
    assert ran.outcomes()["bad_body"] >= 1
    assert set(ran.outcomes()) == {"ok", "bad_body"}


def test_a_websocket_that_is_closed_in_order_between_texts_is_opened_again() -> None:
    async def behave(peer: Peer) -> None:
        await accepted(peer)
        got = await heard(peer)
        if got is not None:
            peer.writer.write(echo(got[1], 1) + frame(CLOSE, b"\x03\xf4"))
            assert await heard(peer) == (CLOSE, "\x03\ufffd")

    ran = Scenario(behave).run(*TALKING)

    assert ran.status == 0
    assert ran.connections >= 3
    assert ran.report["connections"]["websockets_closed_1012"] >= 2


def test_pings_are_answered_and_are_no_echo() -> None:
    pongs: list[tuple[int, str] | None] = []

    async def behave(peer: Peer) -> None:
        await accepted(peer)
        peer.writer.write(frame(PING, b"there?"))
        pongs.append(await heard(peer))
        while (got := await heard(peer)) and got[0] == TEXT:
            peer.writer.write(echo(got[1], 1))

    ran = Scenario(behave).run(*TALKING)

    assert ran.status == 0
    assert pongs == [(0xA, "there?")]


def test_it_speaks_over_a_unix_socket_and_writes_its_report_to_a_file(tmp_path: Path) -> None:
    async def run() -> int | None:
        scenario = Scenario(good)
        async with await asyncio.start_unix_server(scenario.handle, tmp_path / "web.sock"):
            process = await client(
                *("--unix", str(tmp_path / "web.sock"), "--host", "blog.example", *SHORTLY),
                *("--report", str(tmp_path / "load.json")),
            )
            said, _ = await process.communicate()
            await asyncio.gather(*(task for task in scenario.tasks if task))
        assert said == b""
        return process.returncode

    assert asyncio.run(run()) == 0
    assert json.loads((tmp_path / "load.json").read_text())["failed"] == 0
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("options", [("--connections", "0"), ("--url", "ftp://x/"), ("--no",)])
def test_wrong_options_are_refused(options: tuple[str, ...]) -> None:
    async def run() -> int | None:
        process = await client(*options)
        await process.communicate()
        return process.returncode

    assert asyncio.run(run()) == 2


def test_no_request_at_all_is_no_success() -> None:
    assert Scenario(good).run("--seconds", "0.1", "--rate", "0").status == 1
