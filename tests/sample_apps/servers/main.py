"""Says what the server says of its client and of itself."""

import json
import os


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body = said(scope["client"][0], scope["server"], scope["scheme"])
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def wsgi(environ, start_response):
    server = (environ["SERVER_NAME"], int(environ["SERVER_PORT"]))
    body = said(environ["REMOTE_ADDR"], server, environ["wsgi.url_scheme"])
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def said(client, server, scheme):
    release = os.environ["PUSHDEPLOY_RELEASE"]
    return json.dumps([release, client, server[0], server[1], scheme]).encode()
