"""Who is told, on a host: a web server and a mail server that keep whatever comes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import Parser
from pathlib import Path
from typing import Any

from tests.host import processes
from tests.host.host import Host

PORT, MAIL_PORT = 18091, 18025
HOOK = f"http://127.0.0.1:{PORT}"
MAIL = f"smtp://127.0.0.1:{MAIL_PORT}/?to=me@example.com"
APPRISE = f"json://127.0.0.1:{PORT}/apprise"
KEPT = "/run/heard"

LISTENER = f"""
import http.server, json, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/hangs":
            time.sleep(600)
        with open({KEPT!r}, "a") as file:
            print(json.dumps([self.path, body]), file=file)
        self.send_response({{"/refuses": 403, "/moved": 302}}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "{HOOK}/elsewhere")
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", {PORT}), Handler).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """Both servers."""

    host: Host
    mails: Path

    def at(self, path: str) -> list[dict[str, Any]]:
        """What came to a path, oldest first."""
        lines = (json.loads(line) for line in self.host.read(KEPT).splitlines())
        return [json.loads(body) for at, body in lines if at == path]

    def mail(self) -> list[EmailMessage]:
        """What came by mail."""
        read = Parser(policy=policy.default).parsestr
        return [read(path.read_text()) for path in sorted(self.mails.glob("new/*"))]

    def forget(self) -> None:
        """What came so far."""
        self.host.write(KEPT, "")
        for path in self.mails.glob("new/*"):
            path.unlink()


@contextmanager
def listening(host: Host, mails: Path) -> Iterator[Heard]:
    """Have both listen on the host's loopback; mails are kept in a folder of this machine."""
    host.run("systemd-run", "--unit=heard", "--collect", "/usr/bin/python3", "-c", LISTENER)
    handler = ("--class", "aiosmtpd.handlers.Mailbox", str(mails))
    server = [sys.executable, "-m", "aiosmtpd", "--nosetuid", f"--listen=127.0.0.1:{MAIL_PORT}"]
    mail = processes.start(["nsenter", f"--net=/proc/{host.pid}/ns/net", *server, *handler])
    try:
        heard = Heard(host, mails)
        heard.forget()
        yield heard
    finally:
        processes.end(mail)
        host.run("systemctl", "stop", "heard")
        host.run("rm", "--force", KEPT)
