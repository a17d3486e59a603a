"""What Apprise makes of a text that an app has printed."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pushdeploy.model.notice import Notice, State, Topic
from pushdeploy.system.apprise_library import send


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library's own
def test_words_of_an_app_are_no_html_for_services_that_read_it() -> None:
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    text = 'deploy failed: in <module> <a href="http://example.com">log in</a>'
    notice = Notice("blog/deploy/1", Topic.DEPLOY, State.NEWS, "blog", text, 0.0, "")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.timeout = 20.0
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        wrong = send(f"json://127.0.0.1:{server.server_port}/?format=html", notice, "web1")
        thread.join()

    assert wrong == ""
    body = json.loads(heard[0])["message"]
    assert "<module>" not in body
    assert "<a" not in body
    assert "&lt;module&gt;" in body
