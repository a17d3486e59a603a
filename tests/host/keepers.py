"""Places for backups beside one host, in its network: a rest-server (rclone) and an S3 (moto)."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.host import cache, processes
from tests.host.host import Host

REST_PORT = 8801
S3_PORT = 8802
USER, PASSWORD = "keeper", "a/b c"
READY_SECONDS = 60.0

# `moto[server]` would bring the rest of AWS.
MOTO = ("moto[s3]==5.2.5", "flask", "flask-cors")

SETUP = """\
import json, sys, boto3
iam = boto3.client("iam", endpoint_url=sys.argv[1], region_name="us-east-1",
                   aws_access_key_id="any", aws_secret_access_key="any")
all_of_it = {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.create_user(UserName="keeper")
iam.put_user_policy(UserName="keeper", PolicyName="all", PolicyDocument=json.dumps(all_of_it))
key = iam.create_access_key(UserName="keeper")["AccessKey"]
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
"""
SETUP_CALLS = "3"
"""After so many, a request needs a key."""


@dataclass
class Rest:
    """`rclone serve restic`; what it keeps lies in a folder, and survives its end."""

    host: Host
    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    address = f"rest:http://127.0.0.1:{REST_PORT}/"
    login = (f"RESTIC_REST_USERNAME={USER}", f"RESTIC_REST_PASSWORD={PASSWORD}")

    def start(self) -> None:
        """Serve, from the host's own network."""
        words = ("--addr", f"127.0.0.1:{REST_PORT}", "--user", USER, "--pass", PASSWORD)
        self.running.append(
            _start(self.host, ["rclone", "serve", "restic", *words, str(self.folder)], {})
        )
        _wait(self.host, REST_PORT)

    def stop(self) -> None:
        """As when it crashes."""
        while self.running:
            processes.end(self.running.pop())


@dataclass(frozen=True, slots=True)
class S3:
    """moto, which checks signatures; what it keeps is in its memory."""

    address: str
    keys: tuple[str, str]


@contextmanager
def rest(host: Host, folder: Path) -> Iterator[Rest]:
    """A rest-server that wants a name and a password."""
    server = Rest(host, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def s3(host: Host) -> Iterator[S3]:
    """An S3 that wants a key."""
    python = str(cache.made(f"moto-{cache.key(sys.version, *MOTO)}", _install) / "bin/python")
    line = [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(S3_PORT)]
    server = _start(host, line, {"INITIAL_NO_AUTH_ACTION_COUNT": SETUP_CALLS})
    try:
        _wait(host, S3_PORT)
        url = f"http://127.0.0.1:{S3_PORT}"
        made = processes.run([*_network(host), python, "-c", SETUP, url])
        user, secret = json.loads(made.stdout)
        yield S3(
            f"s3:{url}/backups", (f"AWS_ACCESS_KEY_ID={user}", f"AWS_SECRET_ACCESS_KEY={secret}")
        )
    finally:
        processes.end(server)


def _network(host: Host) -> list[str]:
    return ["nsenter", f"--net=/proc/{host.pid}/ns/net"]


def _start(host: Host, argv: list[str], more: dict[str, str]) -> subprocess.Popen[str]:
    line = f"exec {shlex.join([*_network(host), *argv])} >/dev/null 2>&1"
    return processes.start(["sh", "-c", line], env={**os.environ, **more})


def _wait(host: Host, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with suppress(OSError), host.connect(("127.0.0.1", port)):
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the place for backups does not answer")
        time.sleep(0.1)


def _install(target: Path) -> None:
    """A venv's programs name its folder, so only its own Python is used, which does not."""
    processes.run([sys.executable, "-m", "venv", "--without-pip", str(target)])
    python = f"--python={target / 'bin/python'}"
    processes.run([sys.executable, "-m", "uv", "pip", "install", "--quiet", python, *MOTO])
