"""The sites that nginx has already, whoever made them; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.nginx_file import listens, named
from pushdeploy.system.nginx_reading import read
from pushdeploy.system.nginx_welcome import is_welcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pushdeploy.model.nginx_file import Directive

CONFIGURATION = Path("/etc/nginx")
OURS = "pushdeploy"
NAMELESS = {"_", "", "localhost", "default_server"}


@dataclass(frozen=True, slots=True)
class ExistingSite:
    """One `server` block of somebody's."""

    file: Path
    line: int
    names: tuple[str, ...]
    """Without `_`, which is nobody's name."""
    ports: tuple[int, ...]
    default: bool
    """It answers for names that nobody has."""
    serves: str
    """`the files of /var/www/shop`, `http://127.0.0.1:5000`."""
    welcome: bool
    """It is the distribution's welcome page."""

    @property
    def title(self) -> str:
        """As a person knows it."""
        return ", ".join(self.names) or f"the site in {self.file}"


def existing_sites(configuration: Path = CONFIGURATION) -> list[ExistingSite]:
    """Every server block that nginx reads and that is not ours."""
    if not (configuration / "nginx.conf").exists():
        return []
    directives = read(configuration).directives
    return [_site(block) for block in _servers(directives) if not _is_ours(block[0])]


def _servers(directives: Sequence[Directive]) -> Iterator[list[Directive]]:
    """Each server with what stands in it, its own line first."""
    for index, one in enumerate(directives):
        if one.words != ("server",):
            continue
        block = [one]
        for inner in directives[index + 1 :]:
            if inner.depth <= one.depth:
                break
            block.append(inner)
        yield block


def _is_ours(head: Directive) -> bool:
    name = Path(head.file).name
    return name == f"{OURS}.conf" or name.startswith(f"{OURS}-")


def _site(block: list[Directive]) -> ExistingSite:
    head = block[0]
    found = listens(block)
    names = [name for one in named(block, "server_name") for name in one.words[1:]]
    return ExistingSite(
        file=Path(head.file),
        line=head.line,
        names=tuple(name for name in names if name not in NAMELESS),
        ports=tuple(sorted({one.port for one in found})) or (80,),
        default=any(one.default for one in found),
        serves=_serves(block),
        welcome=is_welcome(Path(head.file)),
    )


def _serves(block: list[Directive]) -> str:
    for name, text in (("proxy_pass", "{}"), ("uwsgi_pass", "{}"), ("root", "the files of {}")):
        for one in named(block, name):
            if len(one.words) > 1:
                return text.format(one.words[1])
    return "what its file says"
