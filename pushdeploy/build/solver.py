"""What runs as the build user, by the Python of py-rattler's own venv: solves and links packages.

Arguments: the code's folder, where channels may lie, and JSON: `venv`, `cache`, `channels`,
`alias`, `specs`, `system_certificates`. What it prints is for the person. Files are copied, since
hard links would join the cache and the environment; links of the packages themselves stay links.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

CONFIG = "allow-hard-links = false\nallow-symbolic-links = true\n"

NAMED = re.compile(r"\$\{([A-Z][A-Z0-9_]{0,100})\}")

Credentials = dict[str, str]
"""Host to `user:password`."""


def main() -> int:
    """Run from the command line of a job."""
    code, text = sys.argv[1:]
    wanted = json.loads(text)
    try:
        count = asyncio.run(solve_and_link(Path(code), wanted))
    except Exception as error:  # noqa: BLE001 - whatever the solver, the network or a package says
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Linked {count} conda packages\n")
    return 0


async def solve_and_link(code: Path, wanted: dict[str, Any]) -> int:
    """Fill the environment; returns how many packages it has."""
    import rattler  # noqa: PLC0415 - it is here in this venv alone

    cache = Path(wanted["cache"])
    credentials: Credentials = {}
    alias = without_credentials(expanded(wanted["alias"]), credentials)
    listed = re.split(r"[\s,]+", " ".join(map(expanded, wanted["channels"])))
    names = [without_credentials(one, credentials) for one in listed if one]
    channel_config = rattler.ChannelConfig(alias, str(code))
    roots = 'tls-root-certs = "system"\n' if wanted["system_certificates"] else ""
    config = rattler.Config.from_toml(CONFIG + roots + authentication(credentials))
    client = rattler.Client.from_config(config)
    records = await rattler.solve(
        sources=[rattler.Channel(name, channel_config) for name in names],
        specs=[rattler.MatchSpec(one) for one in wanted["specs"]],
        gateway=rattler.Gateway(cache_dir=cache / "repodata", client=client),
        virtual_packages=[one.into_generic() for one in rattler.VirtualPackage.detect()],
    )
    await rattler.install(
        records,
        target_prefix=wanted["venv"],
        cache_dir=cache / "packages",
        execute_link_scripts=False,
        show_progress=False,
        client=client,
        config=config,
    )
    return len(records)


def expanded(text: str) -> str:
    """With the config vars that it names as `${TOKEN}`."""
    return NAMED.sub(lambda found: os.environ.get(found[1], ""), text)


def without_credentials(address: str, credentials: Credentials) -> str:
    """The address without user and password, which are kept by host: addresses are written down."""
    parts = urlsplit(address)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at or not parts.hostname:
        return address
    credentials[parts.hostname] = unquote(userinfo)
    return parts._replace(netloc=host).geturl()


def authentication(credentials: Credentials) -> str:
    """A line of settings that names who we are to each host, in a file that is in memory only."""
    known = {}
    for host, userinfo in credentials.items():
        user, _, password = userinfo.partition(":")
        known[host] = {"BasicHTTP": {"username": user, "password": password}}
    descriptor = os.memfd_create("authentication")
    os.write(descriptor, json.dumps(known).encode())
    return f'authentication-override-file = "/proc/self/fd/{descriptor}"\n'


if __name__ == "__main__":
    sys.exit(main())
