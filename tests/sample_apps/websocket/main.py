"""Says which release answered, over HTTP and over a websocket."""

import asyncio
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

VERSION = (Path(__file__).resolve().parent / "VERSION").read_text().strip()
WHO = f"v={VERSION} release={os.environ.get('PUSHDEPLOY_RELEASE', '')} pid={os.getpid()}"


async def home(request):
    return PlainTextResponse(f"{WHO}\n")


async def slow(request):
    await asyncio.sleep(float(request.query_params.get("s", "2")))
    return await home(request)


async def echo(request):
    body = await request.body()
    return PlainTextResponse(f"length={len(body)}\n".encode() + body)


async def talk(socket):
    await socket.accept()
    try:
        while True:
            await socket.send_text(f"{WHO} {await socket.receive_text()}")
    except WebSocketDisconnect:
        pass


app = Starlette(
    routes=[
        Route("/", home),
        Route("/slow", slow),
        Route("/echo", echo, methods=["POST"]),
        WebSocketRoute("/ws", talk),
    ]
)
