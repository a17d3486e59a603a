"""From nothing to HTTPS: what the installer is told for it, and the app that is then pushed."""

from pathlib import Path

from tests.host import pebble
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site

NAME = "blog.example.com"
EMAIL = "me@example.com"
WHOLE = (
    *("--app", "blog", "--key", "/root/laptop.pub", "--firewall"),
    *("--domain", NAME, "--email", EMAIL, "--acme-server", pebble.DIRECTORY),
)


def site(server: Host, home: Path) -> Site:
    """An app on a laptop, whose public key lies on the server; nothing is installed yet."""
    laptop = Laptop(server, home)
    server.write("/root/laptop.pub", laptop.public_key)
    return Site.new(server, laptop, "blog")
