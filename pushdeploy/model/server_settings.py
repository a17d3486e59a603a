"""Our settings for the whole server: certificates, and who answers on its bare address."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.text import quoted

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,63}")
_SERVER = re.compile(r"https://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`/etc/pushdeploy/settings.toml`.

    Raises:
        UsageError: a value has another form.
    """

    email: str = ""
    """Who is told when a certificate is about to end; empty until somebody says."""
    acme_server: str = LETS_ENCRYPT
    bare: str | None = None
    """The app on the bare address: for requests that name no domain of anybody. Empty means that
    nobody answers there; `None` that the first app without a domain will."""
    bare_always: bool = False
    """It answers there although it has domains."""
    fetch_pythons: bool = True
    """A push may fetch the Python that its repo asks for."""

    def __post_init__(self) -> None:
        if self.bare:
            parse_app_name(self.bare)
        if self.email and not _EMAIL.fullmatch(self.email):
            raise UsageError(
                f"{quoted(self.email)} is not an e-mail address",
                hint="pushdeploy certs:auto --email me@example.com",
            )
        if not _SERVER.fullmatch(self.acme_server):
            raise UsageError(
                f"{quoted(self.acme_server)} is not the https address of an ACME directory",
                hint=f"pushdeploy certs:auto --server {LETS_ENCRYPT}",
            )


def render_server_settings(settings: ServerSettings) -> str:
    """TOML."""
    import tomli_w

    table: dict[str, str | bool] = {"email": settings.email, "acme_server": settings.acme_server}
    if not settings.fetch_pythons:
        table["fetch_pythons"] = False
    if settings.bare is not None:
        table |= {"bare_address": settings.bare, "bare_address_always": settings.bare_always}
    return tomli_w.dumps(table)


def parse_server_settings(text: str) -> ServerSettings:
    """The inverse.

    Raises:
        RefusedInputError: the text is not TOML, or a value has another form.
    """
    try:
        table = tomllib.loads(text)
        return ServerSettings(
            email=str(table.get("email", "")),
            acme_server=str(table.get("acme_server", LETS_ENCRYPT)),
            bare=str(table["bare_address"]) if "bare_address" in table else None,
            bare_always=bool(table.get("bare_address_always", False)),
            fetch_pythons=bool(table.get("fetch_pythons", True)),
        )
    except (ValueError, UsageError) as error:
        raise RefusedInputError(
            f"`settings.toml` of the server can't be read: {error}",
            hint="sudo nano /etc/pushdeploy/settings.toml",
        ) from error
