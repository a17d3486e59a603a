"""A strict HTTP client under a constant rate: nothing is retried, everything is counted.

    python3 client.py --url http://127.0.0.1:8000/ --rate 200 --seconds 30 --report load.json
    python3 client.py --url https://127.0.0.1/ --host blog.example.com --ca root.pem

This folder and the standard library are all that it needs, so that it runs inside a network
namespace or on a bare host. Latency runs from the moment at which a request was due, not from when
a connection was free for it, so a stall counts for everybody who would have met it. The exit status
is 0 when requests were sent and none failed, 1 when one failed, 2 for wrong options.
"""

import argparse
import asyncio
import json
import re
import signal
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from sender import Expectation, Sender, Target
from tally import Tally

DEFAULT_SECONDS = 10.0
TIMEOUT_SECONDS = 10.0
LOOKS_FOR_END_SECONDS = 0.05
PORTS = {"http": 80, "https": 443}
POSTED = b"0123456789abcdef" * 256


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Load at a constant rate; nothing is retried.")
    add = parser.add_argument
    add("--url", default="http://127.0.0.1:8000/", help="host, port and path")
    add("--unix", metavar="PATH", help="connect to this socket instead of host and port")
    add("--host", metavar="NAME", help="the Host header, when it is not that of the URL")
    add("--ca", type=Path, metavar="FILE", help="for https: the roots to trust, instead of all")
    add("--seconds", type=float, help=f"how long; {DEFAULT_SECONDS:g} unless --until-file is given")
    add("--until-file", type=Path, metavar="PATH", help="go on until this file exists")
    add("--rate", type=float, default=100, help="requests/s over the kept connections")
    add("--connections", type=int, default=8, help="kept connections")
    add("--fresh", type=float, default=0, help="requests/s, each over a connection of its own")
    add("--slow-every", type=float, metavar="SECONDS", help="one to --slow-path every so often")
    add("--slow-path", default="/slow?s=2")
    add("--post-every", type=float, metavar="SECONDS", help="one to --post-path every so often")
    add("--post-path", default="/echo", help="must answer with what it got, behind a head")
    add("--echo-regex", type=re.compile, default=r"length=\d+\n", help="that head")
    add("--websockets", type=int, default=0, help="websockets that are kept open")
    add("--websocket-path", default="/ws", help="must answer with its version and what it got")
    add("--say-every", type=float, default=0.2, metavar="SECONDS", help="over each websocket")
    add("--hold", type=int, default=0, help="connections that are opened first and send nothing")
    add("--timeout", type=float, default=TIMEOUT_SECONDS, help="seconds for one request")
    add("--body-regex", type=re.compile, help="what every whole body must be, but of a POST")
    add("--version-regex", type=re.compile, default=r"v=\S+ release=\S*", help="its version")
    add("--report", type=Path, help="where the JSON goes; standard output unless given")
    found = parser.parse_args()
    if found.connections < 1:
        parser.error("--connections: at least 1; --rate 0 leaves them unused")
    if urlsplit(found.url).scheme not in PORTS:
        parser.error("--url: http or https only")
    return found


def target(o: argparse.Namespace) -> Target:
    """Where requests go, and as whom they ask."""
    url = urlsplit(o.url)
    tls = ssl.create_default_context(cafile=o.ca) if url.scheme == "https" else None
    port = url.port or PORTS[url.scheme]
    return Target(url.hostname or "", port, o.unix, o.host or url.netloc, tls)


async def load(o: argparse.Namespace) -> Tally:
    """Hold, keep the rates until the end, then wait for what is under way."""
    url = urlsplit(o.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        expectation = Expectation(o.body_regex, o.version_regex, o.echo_regex)
        sender = Sender(target(o), expectation, tasks, o.timeout)
        await sender.hold(o.hold)
        sender.keep(o.connections)
        if o.rate:
            sender.queue_every(1 / o.rate, "kept", path)
        if o.fresh:
            sender.open_every(1 / o.fresh, "fresh", path)
        if o.slow_every:
            sender.open_every(o.slow_every, "slow", o.slow_path)
        if o.post_every:
            sender.queue_every(o.post_every, "post", o.post_path, POSTED)
        sender.talk(o.websockets, o.websocket_path, o.say_every)
        await end(o, stop)
        sender.finish()
    sender.release()
    return sender.tally


async def end(o: argparse.Namespace, stop: asyncio.Event) -> None:
    """Wait for the time, the file or a signal, whichever comes first."""
    seconds = o.seconds
    if seconds is None:
        seconds = float("inf") if o.until_file else DEFAULT_SECONDS
    deadline = time.monotonic() + seconds
    while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
        if o.until_file and o.until_file.exists():
            return
        await asyncio.sleep(min(left, LOOKS_FOR_END_SECONDS))


def main() -> int:
    """Run, write the report, and say by the exit status whether all went well."""
    o = options()
    tally = asyncio.run(load(o))
    text = json.dumps(tally.report(), indent=1) + "\n"
    if o.report:
        draft = o.report.with_name(f".{o.report.name}.new")
        draft.write_text(text)
        draft.replace(o.report)
    else:
        sys.stdout.write(text)
    return 0 if tally.well else 1


if __name__ == "__main__":
    sys.exit(main())
