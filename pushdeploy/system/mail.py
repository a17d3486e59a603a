"""Mail, by SMTP: to the server that a URL names, or to this machine's own.

mailto:me@example.com
smtp://user:password@mail.example.com:587/?to=me@example.com,you@example.com&from=web@example.com
smtps://…                                   encrypted from the first byte, port 465
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from pushdeploy.model.notice_address import recipients
from pushdeploy.model.notice_text import body, title
from pushdeploy.system.webhook import SECONDS, reason

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from pushdeploy.model.notice import Notice

PLAIN_PORT, SUBMISSION_PORT, ENCRYPTED_PORT = 25, 587, 465
HERE = ("localhost", "127.0.0.1", "::1")


def send(url: str, notice: Notice, server: str) -> str:
    """Send it; returns what went wrong, in words, or nothing."""
    parts = urlsplit(url)
    try:
        with _connected(parts) as connection:
            wrong = _secure(connection, parts)
            if wrong:
                return wrong
            connection.send_message(_message(url, notice, server))
            return ""
    except smtplib.SMTPException as error:
        return _refused(error)
    except (OSError, ValueError) as error:
        return reason(error)


def _refused(error: smtplib.SMTPException) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "the mail server does not know that user or password"
        case smtplib.SMTPRecipientsRefused():
            return "the mail server does not take mail for that address"
        case smtplib.SMTPResponseException():
            return f"the mail server answered {error.smtp_code}"
        case _:
            return "the mail server has hung up"


def _connected(parts: SplitResult) -> smtplib.SMTP:
    if parts.scheme == "mailto":
        return smtplib.SMTP(HERE[0], PLAIN_PORT, timeout=SECONDS)
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        port = parts.port or ENCRYPTED_PORT
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    return smtplib.SMTP(host, parts.port or SUBMISSION_PORT, timeout=SECONDS)


def _secure(connection: smtplib.SMTP, parts: SplitResult) -> str:
    """Encrypt what is not, and log in; what is in the way, in words."""
    connection.ehlo()
    encrypted = parts.scheme == "smtps"
    if not encrypted and parts.hostname not in (None, *HERE) and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
        encrypted = True
    if parts.username is None:
        return ""
    if not encrypted and parts.hostname not in HERE:
        return "the mail server does not encrypt, so the password was not sent"
    connection.login(unquote(parts.username), unquote(parts.password or ""))
    return ""


def _message(url: str, notice: Notice, server: str) -> EmailMessage:
    sender = parse_qs(urlsplit(url).query).get("from", [f"pushdeploy@{socket.getfqdn()}"])[0]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients(url))
    message["Subject"] = " ".join(title(notice, server).split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="pushdeploy.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{title(notice, server)}\n\n{body(notice)}\n")
    return message
