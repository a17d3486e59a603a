"""Made by pushdeploy: has the usual servers take the socket that they were started with.

Every Python of the venv imports this when it begins (`pushdeploy_socket.pth`). gunicorn takes
the socket by itself; the others would listen on a TCP port as well or instead, and none of them
says who the visitor is when its peer is a unix socket. What is set right is set right as the
server's own module is imported; a module that is never imported costs nothing. Runs in the app, on
any Python from 3.8 on, so it imports nothing but what is there already; and it is one file, long
as it is, since a venv gets it as one.
"""

import os
import sys

FIRST = 3
"""The first descriptor that is handed over (sd_listen_fds(3))."""

LOOPBACK = "127.0.0.1"
LISTENING = 1
SCHEMES = {"http": "80", "https": "443"}

LINGER_SECONDS = 2.0
READ_BYTES = 1 << 16


def held_socket():
    """The path of the socket that this process holds.

    `None` when it holds none: children inherit the variable, and not always the socket.
    """
    import socket

    try:
        found = socket.socket(fileno=os.dup(FIRST))
    except OSError:
        return None
    with found:
        unix = found.family == socket.AF_UNIX and found.type == socket.SOCK_STREAM
        listens = unix and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == LISTENING
        return found.getsockname() if listens else None


def visitor(forwarded):
    """The address that the proxy names, which is nginx or the app's front: the last one."""
    return (forwarded or "").rpartition(",")[2].strip() or LOOPBACK


def port():
    """The app's port, as if the server listened there."""
    try:
        return int(os.environ.get("PORT", ""))
    except ValueError:
        return 0


def tell_wsgi(environ):
    """A unix socket's peer has no address, nor has its server; the proxy knows both."""
    if not environ.get("REMOTE_ADDR"):
        environ["REMOTE_ADDR"] = visitor(environ.get("HTTP_X_FORWARDED_FOR"))
        if environ.get("HTTP_X_FORWARDED_PROTO") in SCHEMES:
            environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
    if not str(environ.get("SERVER_PORT")).strip("0").isdigit():
        name, _, number = environ.get("HTTP_HOST", "").partition(":")
        environ["SERVER_NAME"] = name or LOOPBACK
        environ["SERVER_PORT"] = number or SCHEMES.get(environ.get("wsgi.url_scheme"), "80")


def tell_asgi(scope):
    """The same for `client`, `server` and `scheme`."""
    if scope.get("type") not in ("http", "websocket"):
        return
    client, server = scope.get("client"), scope.get("server")
    if not client or not client[0] or "/" in client[0]:
        headers = dict(scope.get("headers") or ())
        scope["client"] = (visitor(headers.get(b"x-forwarded-for", b"").decode("latin-1")), 0)
        scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1").strip()
        if scheme in SCHEMES:
            scope["scheme"] = (
                scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
            )
    if not server or not isinstance(server[1], int):
        scope["server"] = (LOOPBACK, port())


def after(function, change):
    """A function whose result is changed before it is returned."""

    def changed(*args, **kwargs):
        return change(function(*args, **kwargs))

    return changed


def before(function, change):
    """A function whose arguments are looked at first."""

    def changed(*args, **kwargs):
        change(*args, **kwargs)
        return function(*args, **kwargs)

    return changed


def told(tell):
    """A change of a result that is, or has as its last part, a scope or an environment."""

    def change(result):
        tell(result[-1] if isinstance(result, tuple) else result)
        return result

    return change


def gunicorn_config(module):
    """What a settings file of another server says, and can't be so here.

    With `reuse_port` gunicorn would make a socket of its own in each worker; with `daemon` it would
    leave its supervisor; it can't become another user, which it is already; and a file with its
    number has no place to be in.
    """
    if not PASSED:
        return
    for name, value in (
        ("ReusePort", False),
        ("Daemon", False),
        ("User", os.geteuid()),
        ("Group", os.getegid()),
        ("Pidfile", None),
    ):
        getattr(module, name).set = always(module.Setting.set, value)


def always(function, value):
    """A setter that sets this value, whatever it is given."""
    return lambda self, _: function(self, value)


def gunicorn_util(module):
    """An answer that comes before the upload was read arrives all the same.

    A unix socket that is closed with something unread resets its peer (unix(7)), and nginx then
    tells the visitor 502 instead of what it was sent. gunicorn reads a little more, or nothing.
    """

    def close(sock, *_, **__):
        try:
            linger(sock)
        except OSError:
            pass
        finally:
            close_now(sock)

    def close_if_read(sock, *_, **__):
        import select

        try:
            unread = select.select([sock], [], [], 0)[0]
        except (OSError, ValueError):
            unread = []
        (close if unread else close_now)(sock)

    close_now = module.close
    module.close = close_if_read
    if hasattr(module, "close_graceful"):
        module.close_graceful = close


def linger(sock):
    """Say that the answer is complete, and read what still comes until the peer has gone.

    nginx goes as soon as it has the answer; nobody holds this up for longer than `LINGER_SECONDS`.
    """
    import socket
    import time

    sock.shutdown(socket.SHUT_WR)
    end = time.monotonic() + LINGER_SECONDS
    while True:
        sock.settimeout(max(0.001, end - time.monotonic()))
        if not sock.recv(READ_BYTES) or time.monotonic() > end:
            return


def gunicorn_wsgi(module):
    """The workers `sync`, `gthread`, `gevent` and `eventlet`."""
    module.create = after(module.create, told(tell_wsgi))


def gunicorn_gevent(module):
    """The worker `gevent_pywsgi`."""
    handler = module.PyWSGIHandler
    handler.get_environ = after(handler.get_environ, told(tell_wsgi))


def gunicorn_asgi(module):
    """The worker `asgi`."""
    protocol = module.ASGIProtocol
    for name in ("_build_http_scope", "_build_websocket_scope"):
        setattr(protocol, name, after(getattr(protocol, name), told(tell_asgi)))


def uvicorn_config(module):
    """As `--fd 3`, however it is called: `uvicorn`, `fastapi run`, `uvicorn.run(…, port=…)`."""

    def take(config, *_, **__):
        if PASSED:
            config.fd, config.uds = FIRST, None

    module.Config.__init__ = then(module.Config.__init__, take)


def then(function, change):
    """A method after which its object is changed."""

    def changed(self, *args, **kwargs):
        function(self, *args, **kwargs)
        change(self, *args, **kwargs)

    return changed


def uvicorn_addresses(module):
    """uvicorn itself reads `X-Forwarded-For`; without one it is somebody on this server."""
    module.get_remote_addr = after(module.get_remote_addr, lambda found: found or (LOOPBACK, 0))
    module.get_local_addr = after(
        module.get_local_addr,
        lambda found: found if found and found[1] is not None else (LOOPBACK, port()),
    )


def hypercorn_config(module):
    """As `--bind fd://3`, and nothing else."""

    def take(config):
        if PASSED:
            config.bind, config.insecure_bind, config.quic_bind = [f"fd://{FIRST}"], [], []

    module.Config.create_sockets = before(module.Config.create_sockets, take)


def hypercorn_wrappers(module):
    """Both kinds of apps get an ASGI scope there."""
    for wrapper in (module.ASGIWrapper, module.WSGIWrapper):
        wrapper.__call__ = before(wrapper.__call__, lambda _, scope, *__: tell_asgi(scope))


def daphne_server(module):
    """Its own `--fd` believes every socket to be one of TCP, and listens on `--port` as well."""
    original = module.Server.__init__

    def changed(self, application, *args, **kwargs):
        if PASSED:
            args, kwargs["endpoints"] = args[1:], [f"fd:fileno={FIRST}"]
        original(self, asgi(application), *args, **kwargs)

    def adopt(reactor, _):
        import socket

        adopted = module_of("twisted.internet.endpoints").AdoptedStreamServerEndpoint
        return adopted(reactor, os.dup(FIRST), socket.AF_UNIX)

    module.Server.__init__ = changed
    if PASSED:
        module.serverFromString = adopt


def twisted_unix(module):
    """It would change the mode of the socket's file, and delete it in the end; it is not ours."""
    original = module._inFilesystemNamespace
    module._inFilesystemNamespace = lambda path: os.fsdecode(path) != PASSED and original(path)


def asgi(application):
    """An ASGI app that is told who its visitor is."""

    def told_application(scope, receive, send):
        tell_asgi(scope)
        return application(scope, receive, send)

    return told_application


def waitress_adjustments(module):
    """waitress can take sockets, and reads the proxy's headers when it trusts the proxy."""
    original = module.Adjustments.__init__

    def changed(self, **settings):
        if PASSED:
            import socket

            for name in ("host", "port", "listen", "unix_socket", "sockets"):
                settings.pop(name, None)
            settings["sockets"] = [socket.socket(fileno=os.dup(FIRST))]
            if not settings.get("trusted_proxy"):
                settings["trusted_proxy"] = "*"
                settings["trusted_proxy_headers"] = {"x-forwarded-for", "x-forwarded-proto"}
        original(self, **settings)

    module.Adjustments.__init__ = changed


def waitress_server(module):
    """The peer of a unix socket is `localhost` to it."""
    module.UnixWSGIServer.fix_addr = lambda *_: (LOOPBACK, None)


def waitress_task(module):
    """Its `SERVER_PORT` would be the socket's path."""
    task = module.WSGITask
    task.get_environment = after(task.get_environment, told(tell_wsgi))


def granian_server(module):
    """It has a way to make a unix socket, and the class that holds one can take ours."""
    server = module.AbstractServer
    original = server._init_shared_socket

    def changed(self):
        if not PASSED:
            original(self)
            return
        self._ssp = None
        self._shd = module_of("granian.net").SocketHolder(os.dup(FIRST), True, self.backlog)
        self._sfd = self._shd.get_fd()

    server._init_shared_socket = changed


def module_of(name):
    """A module by its full name."""
    import importlib

    return importlib.import_module(name)


def granian_asgi(module):
    """Its apps of ASGI."""
    original = module._callback_wrapper
    module._callback_wrapper = lambda app, *args, **kwargs: original(asgi(app), *args, **kwargs)


def granian_wsgi(module):
    """Its apps of WSGI."""
    original = module._callback_wrapper

    def changed(app, *args, **kwargs):
        def told_app(environ, start_response):
            tell_wsgi(environ)
            return app(environ, start_response)

        return original(told_app, *args, **kwargs)

    module._callback_wrapper = changed


CHANGES = {
    "gunicorn.config": gunicorn_config,
    "gunicorn.util": gunicorn_util,
    "gunicorn.http.wsgi": gunicorn_wsgi,
    "gunicorn.workers.ggevent": gunicorn_gevent,
    "gunicorn.asgi.protocol": gunicorn_asgi,
    "uvicorn.config": uvicorn_config,
    "uvicorn.protocols.utils": uvicorn_addresses,
    "hypercorn.config": hypercorn_config,
    "hypercorn.app_wrappers": hypercorn_wrappers,
    "daphne.server": daphne_server,
    "twisted.internet.unix": twisted_unix,
    "waitress.adjustments": waitress_adjustments,
    "waitress.server": waitress_server,
    "waitress.task": waitress_task,
    "granian.server.common": granian_server,
    "granian.asgi": granian_asgi,
    "granian.wsgi": granian_wsgi,
}
"""What each module needs, right after it was imported."""


class Finder:
    """Finds those modules as everybody would, and has them changed when they have run."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """The module's spec, when it is one of them."""
        if name not in CHANGES:
            return None
        for finder in sys.meta_path:
            spec = None if finder is cls else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader.exec_module = changed_after(spec.loader.exec_module, CHANGES[name])
                return spec
        return None


def changed_after(execute, change):
    """A module's execution, and the change; a server that we do not know is left as it is."""

    def run(module):
        execute(module)
        try:
            change(module)
        except Exception as error:
            sys.stderr.write(f"pushdeploy: {module.__name__} is left as it is: {error!r}\n")

    return run


PASSED = held_socket()
"""Asked once: some take the variables away when they have read them."""

sys.meta_path.insert(0, Finder)
