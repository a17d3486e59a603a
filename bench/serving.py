"""What a request costs on each way to the app, beside gunicorn alone on a port of its own."""

import re
import shlex
import shutil
import subprocess

from bench.figures import Book
from bench.floor import Boot
from bench.machine import NGINX_PORT, PORT, Machine

MEASURE = "requests by each way"
UNIT = "bench-alone"
ALONE_PORT = 9100
WAYS = {
    "gunicorn alone": ALONE_PORT,
    "127.0.0.1:8000": PORT,
    "nginx": NGINX_PORT,
}
ONE, MANY = 1, 16
"""Connections: one shows what a request takes, many how many fit into a second."""

SECONDS = 3
TRIES = "30"

LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)
RATE = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def measure(machine: Machine, book: Book, runs: int, boot: Boot) -> None:
    """All ways in turn."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    machine.calm_down()
    book.command(
        MEASURE,
        f"wrk --threads 1 --connections {ONE} --duration {SECONDS}s --latency http://127.0.0.1:PORT/",
        f"wrk --threads 1 --connections {MANY} --duration {SECONDS}s http://127.0.0.1:PORT/",
    )
    _start_alone(machine, boot)
    try:
        names = list(WAYS)
        for turn in range(runs):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                _measure_one(machine, book, name)
    finally:
        machine.host.run("systemctl", "stop", UNIT)


def _start_alone(machine: Machine, boot: Boot) -> None:
    """The live release's gunicorn once more: user, code, venv, environment; no sandbox."""
    place = f"{machine.root}/current"
    variables = (f"--setenv={name}={text}" for name, text in boot.environment.items())
    line = [f"{place}/venv/bin/gunicorn", *machine.subject.gunicorn]
    machine.host.run(
        *("systemd-run", "--quiet", f"--unit={UNIT}", f"--uid={boot.user}"),
        *(f"--property=WorkingDirectory={place}/code", *variables, "--"),
        *(*line, "--bind", f"127.0.0.1:{ALONE_PORT}"),
    )
    machine.host.run(
        *("curl", "--silent", "--fail", "--retry", TRIES, "--retry-connrefused"),
        *("--retry-delay", "1", f"http://127.0.0.1:{ALONE_PORT}/"),
    )


def _measure_one(machine: Machine, book: Book, name: str) -> None:
    said = _wrk(machine, WAYS[name], ONE)
    for percent, value, unit in LATENCY.findall(said):
        milliseconds = float(value) * MILLISECONDS[unit]
        book.add(MEASURE, name, f"latency, {percent} %", milliseconds, unit="ms")
    rate = RATE.search(_wrk(machine, WAYS[name], MANY))
    if rate is None:
        raise RuntimeError(f"wrk said no rate for {name}")
    book.add(MEASURE, name, "requests a second", round(float(rate[1])), unit="")


def _wrk(machine: Machine, port: int, connections: int) -> str:
    """What wrk prints, run on the server's network; every answer has to be a 2xx or 3xx."""
    line = ["nsenter", f"--target={machine.host.pid}", "--net", "--", "wrk", "--latency"]
    line += ["--threads", "1", "--connections", str(connections), "--duration", f"{SECONDS}s"]
    line.append(f"http://127.0.0.1:{port}/")
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"`{shlex.join(line)}` had failures:\n{done.stdout}")
    return done.stdout
