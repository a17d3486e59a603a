"""How each kind of address is sent to; runs in the sender's process alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.notice_address import Kind, kind_of

if TYPE_CHECKING:
    from pushdeploy.model.notice import Letter

# ruff: noqa: PLC0415 - mostly there is one kind


def send(letter: Letter, server: str) -> str:
    """Send a letter; returns what went wrong, in words, or nothing.

    Args:
        letter: what goes where.
        server: the name of this machine.
    """
    try:
        return _send(letter, server)
    except Exception as error:  # noqa: BLE001 - whatever a library raises must not stop the others
        return f"it could not be sent: {type(error).__name__}"


def _send(letter: Letter, server: str) -> str:
    match kind_of(letter.url):
        case Kind.APPRISE:
            from pushdeploy.system import apprise_library

            return apprise_library.send(letter.url, letter.notice, server)
        case Kind.MAIL:
            from pushdeploy.system import mail

            return mail.send(letter.url, letter.notice, server)
        case _:
            from pushdeploy.system import webhook

            return webhook.send(letter.url, letter.notice, server)


def wrong_address(url: str) -> str:
    """What is wrong with an address, without sending anything; empty when nothing is."""
    if kind_of(url) is not Kind.APPRISE:
        return ""
    from pushdeploy.system import apprise_library

    return apprise_library.wrong_address(url)
