"""Says which release answers, on a port."""

import http.server
import os

HOST = os.environ.get("HOST", "127.0.0.1")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers everything alike."""

    def do_GET(self):
        release = os.environ.get("PUSHDEPLOY_RELEASE", "")
        body = f"v=1 release={release} pid={os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer((HOST, int(os.environ["PORT"])), Handler).serve_forever()
