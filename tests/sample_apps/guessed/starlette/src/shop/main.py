"""An ASGI application with a name of its own, in a package below `src/`."""

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def hello(request):
    return PlainTextResponse("shop\n")


site = Starlette(routes=[Route("/", hello)])
