"""Serve a folder to whoever knows the password.

Run on a host: folder, port, and a file with `user:password`, since the journal has command lines.
"""

import base64
import functools
import http.server
import sys
from pathlib import Path


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Answers 401 to all others."""

    known = ""

    def do_GET(self) -> None:
        """Send a file, or ask for the password."""
        if self.headers.get("Authorization") == self.known:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.end_headers()


def main() -> None:
    """Serve until it is stopped."""
    folder, port, known = sys.argv[1:]
    userinfo = Path(known).read_bytes()
    Guarded.known = f"Basic {base64.b64encode(userinfo).decode()}"
    handler = functools.partial(Guarded, directory=folder)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler).serve_forever()


if __name__ == "__main__":
    main()
