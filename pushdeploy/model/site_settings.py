"""What an app's owner may set of its nginx site: a few names, each with its type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.size import parse_size
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECONDS = re.compile(r"([1-9][0-9]{0,4})s?")
_LARGEST_BODY = 10 << 30


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set."""

    directive: str
    """nginx's own name."""
    default: str
    what: str
    parse: Callable[[str], str]
    """The value as nginx wants it; refuses others."""


def _body_size(text: str) -> str:
    size = parse_size(text)
    if not 0 < size <= _LARGEST_BODY:
        raise UsageError(f"{quoted(text)} is not between 1 byte and 10 GiB")
    return str(size)


def _seconds(text: str) -> str:
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise UsageError(f"{quoted(text)} is not a time in seconds, such as `60s`")
    return f"{match[1]}s"


def _switch(text: str) -> str:
    if text not in ("on", "off"):
        raise UsageError(f"{quoted(text)} is neither `on` nor `off`")
    return text


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "client-max-body-size": Setting(
            "client_max_body_size", "10485760", "the largest request body", _body_size
        ),
        "client-body-timeout": Setting(
            "client_body_timeout", "15s", "between two reads of a body", _seconds
        ),
        "proxy-read-timeout": Setting(
            "proxy_read_timeout", "60s", "between two reads of the app's answer", _seconds
        ),
        "proxy-send-timeout": Setting(
            "proxy_send_timeout", "60s", "between two writes to the app", _seconds
        ),
        "send-timeout": Setting("send_timeout", "30s", "between two writes to a client", _seconds),
        "keepalive-timeout": Setting(
            "keepalive_timeout", "65s", "an idle connection of a client", _seconds
        ),
        "proxy-buffering": Setting(
            "proxy_buffering", "on", "take the app's answer at once for slow clients", _switch
        ),
        "proxy-request-buffering": Setting(
            "proxy_request_buffering", "on", "take a whole body before the app sees it", _switch
        ),
    }
)
"""By the name that people type."""


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """The values that differ from the defaults, by name; each as nginx wants it.

    Raises:
        UsageError: a name is unknown, or a value has another form.
    """

    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parsed = {name: _setting(name).parse(text) for name, text in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(dict(sorted(parsed.items()))))

    def with_value(self, name: str, text: str) -> SiteSettings:
        """Another one with this value set."""
        return SiteSettings({**self.values, name: text})

    def without(self, name: str) -> SiteSettings:
        """Another one with the default of this."""
        _setting(name)
        return SiteSettings({key: text for key, text in self.values.items() if key != name})

    def directives(self) -> list[tuple[str, str]]:
        """Nginx's directive and value, for all of them."""
        return [
            (one.directive, self.values.get(name, one.default)) for name, one in SETTINGS.items()
        ]


def _setting(name: str) -> Setting:
    found = SETTINGS.get(name)
    if found is None:
        raise UsageError(
            f"{quoted(name)} can't be set; these can: {', '.join(SETTINGS)}",
            hint="pushdeploy nginx:show",
        )
    return found
