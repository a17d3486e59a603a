"""Takes other apps' ports, answers there, and tells what it heard."""

import json
import selectors
import socket
import threading
import time
from urllib.parse import parse_qs

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nimpostor"

held = {}
where = {"address": "127.0.0.1"}
targets = []
heard = {"connections": 0, "bytes": 0}
selector = selectors.DefaultSelector()


def squat(first, last, seconds, hold, address):
    where["address"] = address
    refused = {}
    end = time.monotonic() + seconds
    while True:
        for port in range(first, last + 1):
            if port not in held:
                hold(port, refused)
        if time.monotonic() > end or all(port in held for port in range(first, last + 1)):
            return {"held": len(held), "refused": refused}
        time.sleep(0.002)


def listen(port, refused):
    family = socket.AF_INET6 if ":" in where["address"] else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((where["address"], port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        refused[str(port)] = error.strerror
        return
    refused.pop(str(port), None)
    held[port] = listener
    selector.register(listener, selectors.EVENT_READ)


def connect(port, refused):
    """Binds a port and connects from it, which is in no list of listeners."""
    if not targets:
        targets.extend(socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in range(5))
    take(socket.socket(), port, refused, targets[port % len(targets)].getsockname())


def datagrams(port, refused):
    """Binds a port of UDP."""
    take(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), port, refused)


def take(one, port, refused, far=None):
    try:
        one.bind(("127.0.0.1", port))
        if far:
            one.connect(far)
    except OSError as error:
        one.close()
        refused[str(port)] = error.strerror
        return
    held[port] = one


WAYS = {"listen": listen, "connect": connect, "datagrams": datagrams}


def serve():
    while True:
        if not selector.get_map():
            time.sleep(0.05)
            continue
        for key, _ in selector.select(0.1):
            connection, _ = key.fileobj.accept()
            heard["connections"] += 1
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    with connection:
        connection.settimeout(5)
        try:
            heard["bytes"] += len(connection.recv(1000))
            connection.sendall(ANSWER)
        except OSError:
            pass


threading.Thread(target=serve, daemon=True).start()


def app(environ, start_response):
    query = {key: value[0] for key, value in parse_qs(environ["QUERY_STRING"]).items()}
    said = {}
    if environ["PATH_INFO"] == "/squat":
        first, last, wait = (int(query.get(key, 0)) for key in ("first", "last", "wait"))
        address = query.get("address", "127.0.0.1")
        said = squat(first, last, wait, WAYS[query.get("how", "listen")], address)
    elif environ["PATH_INFO"] == "/heard":
        said = heard
    body = json.dumps(said).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
