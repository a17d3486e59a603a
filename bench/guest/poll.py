"""Ask 127.0.0.1 over and over until an answer holds the words that are waited for.

Prints `ready`, then one JSON object: when the first such answer had come (`first`, of the
monotonic clock; `wall`, of the day), how often was asked and how often nothing good came.
Standard library only, so that it runs in a server's network namespace or on a bare server.
"""

import argparse
import json
import socket
import sys
import time

REQUEST = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
ANSWER_SECONDS = 10.0


def ask(port: int) -> bytes:
    """One whole answer; empty when there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
            connection.sendall(REQUEST)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
    except OSError:
        return b""
    return b"".join(parts)


def main() -> int:
    """Poll until it is there or the time is over; the exit status says which."""
    parser = argparse.ArgumentParser(description="Poll a port of 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--words", required=True, help="what the awaited answer holds")
    parser.add_argument("--pause", type=float, required=True, help="seconds between questions")
    parser.add_argument("--seconds", type=float, required=True, help="the longest to wait")
    o = parser.parse_args()
    words, end = o.words.encode(), time.monotonic() + o.seconds
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asked = bad = 0
    first = wall = None
    while first is None and time.monotonic() < end:
        answer = ask(o.port)
        asked += 1
        if b" 200 " not in answer[:16]:
            bad += 1
        elif words in answer:
            first, wall = time.monotonic(), time.time()
            break
        time.sleep(o.pause)
    sys.stdout.write(json.dumps({"first": first, "wall": wall, "asked": asked, "bad": bad}) + "\n")
    return 0 if first else 1


if __name__ == "__main__":
    sys.exit(main())
