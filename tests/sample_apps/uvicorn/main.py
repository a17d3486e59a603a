"""An ASGI app on $PORT."""

import os

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def home(request):
    release = os.environ.get("PUSHDEPLOY_RELEASE", "")
    return PlainTextResponse(f"v=1 release={release} pid={os.getpid()}\n")


app = Starlette(routes=[Route("/", home)])
