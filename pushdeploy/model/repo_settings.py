"""What a repo says for itself: `[tool.pushdeploy]` of pyproject.toml, or `pushdeploy` of app.json.

One of the two, never both: nobody could say which one counts. What a person has set by a command
comes before what the file says, and that before our defaults. Unknown keys are refused, because a
misspelt `storage` would lose files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.domain import parse_domain
from pushdeploy.model.formation import MOST, Formation
from pushdeploy.model.json_node import JsonNode, parse_json
from pushdeploy.model.static_mount import StaticMount, parse_static_mount
from pushdeploy.model.storage import (
    MOST_FOLDERS,
    parse_new_folder,
    parse_storage_folder,
    storage_set,
)
from pushdeploy.model.text import quoted, refuse_longer
from pushdeploy.model.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Bind = Literal["socket", "port"]

APP_JSON = "app.json"
PYPROJECT = "pyproject.toml"
PLACES = {APP_JSON: "pushdeploy", PYPROJECT: "tool.pushdeploy"}
"""Where each file has the settings."""

LONGEST_FILE = 256 * 1024
"""Characters: other tools keep their own things there too."""
LONGEST_COMMAND = 8192
MOST_VALUES = 100
"""Domains, commands or groups."""

KEYS = ("build", "domains", "groups", "root", "scale", "static", "storage", "web")


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """What the file says; `NOTHING_SAID` is what a repo without one says.

    Folders are relative to the root, without a `/` at the end.
    """

    file: str = ""
    """`app.json` or `pyproject.toml`; empty when neither says anything."""
    domains: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    """Sorted."""
    static: tuple[StaticMount, ...] = ()
    scale: tuple[tuple[str, int], ...] = ()
    """Process type to quantity, by name."""
    root: str = ""
    """The folder that becomes the release; empty for the whole repo."""
    build: tuple[str, ...] = ()
    """Commands for the shell, in their order."""
    groups: tuple[str, ...] = ()
    """Groups of dependencies that are installed beside the usual ones."""
    web: Bind | None = None
    """How the web process listens; None leaves it to the Procfile's line."""


NOTHING_SAID = RepoSettings()


def parse_repo_settings(app_json: str, pyproject: str) -> RepoSettings:
    """What the two files of a tree say for us; empty texts are files that are not there.

    Raises:
        RefusedInputError: a file can't be read, a value has another type or form, or both files
            have settings for us.
    """
    root = _app_json(app_json)
    own = root.get(PLACES[APP_JSON]) if root else None
    found = [node for node in (own, _of_pyproject(pyproject)) if node is not None]
    if len(found) > 1:
        raise RefusedInputError(
            f"both `{APP_JSON}` and `{PYPROJECT}` have settings for pushdeploy",
            hint=f"keep `[{PLACES[PYPROJECT]}]` or the key `{PLACES[APP_JSON]}`, and remove the "
            "other",
        )
    settings = parse_table(found[0]) if found else NOTHING_SAID
    formation = _formation(root) if root else ()
    if not formation:
        return settings
    scale = tuple(sorted({**dict(formation), **dict(settings.scale)}.items()))
    return replace(settings, scale=scale, file=settings.file or APP_JSON)


def _app_json(text: str) -> JsonNode | None:
    if not text:
        return None
    refuse_longer(text, LONGEST_FILE, APP_JSON)
    return parse_json(text, APP_JSON)


def _formation(root: JsonNode) -> tuple[tuple[str, int], ...]:
    """Heroku's `formation`: how many of each worker; its number of web dynos is not one of ours."""
    formation = root.get("formation")
    if formation is None:
        return ()
    found = {}
    for name in formation.keys():  # noqa: SIM118 - a node is not a dict
        node = formation.get(name)
        quantity = node.get("quantity") if node else None
        if quantity and name not in {"web", "release"}:
            found[name] = quantity.whole(0, MOST)
    return tuple(sorted(found.items()))


def _of_pyproject(text: str) -> JsonNode | None:
    if "pushdeploy" not in text:  # then a broken one is its tool's to refuse
        return None
    refuse_longer(text, LONGEST_FILE, PYPROJECT)
    try:
        tool = parse_toml(text).get("tool", {})
    except ValueError as error:
        raise RefusedInputError(
            f"`{PYPROJECT}` is not TOML: {error}", hint=f"fix {PYPROJECT}, commit and push again"
        ) from None
    table = tool.get("pushdeploy") if isinstance(tool, dict) else None
    return None if table is None else JsonNode(PYPROJECT, PLACES[PYPROJECT], table)


def parse_table(node: JsonNode) -> RepoSettings:
    """The settings in an object of one of the files.

    Raises:
        RefusedInputError: a key is unknown, or a value has another type or form.
    """
    node.refuse_unknown(KEYS)
    static, root, web = node.get("static"), node.get("root"), node.get("web")
    return RepoSettings(
        file=node.file,
        domains=tuple(
            dict.fromkeys(_as_typed(one, parse_domain) for one in _list(node, "domains"))
        ),
        storage=storage_set(parse_new_folder(one.text()) for one in _list(node, "storage")),
        static=_static(static) if static else (),
        scale=_scale(node),
        root=parse_root(root.text()) if root else "",
        build=tuple(_command(one) for one in _list(node, "build")),
        groups=tuple(one.text() for one in _list(node, "groups")),
        web=_web(web) if web else None,
    )


def to_table(settings: RepoSettings) -> dict[str, Any]:
    """The inverse, as an object of a file; what says nothing is left out."""
    table: dict[str, Any] = {
        "build": list(settings.build),
        "domains": list(settings.domains),
        "groups": list(settings.groups),
        "root": settings.root,
        "scale": dict(settings.scale),
        "static": {mount.url: mount.folder for mount in settings.static},
        "storage": list(settings.storage),
        "web": settings.web,
    }
    return {key: value for key, value in table.items() if value}


def to_record(settings: RepoSettings) -> dict[str, Any]:
    """The settings with their file, for a record of ours."""
    return {"file": settings.file, **to_table(settings)} if settings.file else {}


def from_record(record: Mapping[str, object]) -> RepoSettings:
    """The inverse; trusts nothing.

    Raises:
        RefusedInputError: it is no such record.
    """
    if not record:
        return NOTHING_SAID
    table = {key: value for key, value in record.items() if key != "file"}
    file = APP_JSON if record.get("file") == APP_JSON else PYPROJECT
    return parse_table(JsonNode(file, PLACES[file], table))


def scaled(chosen: Formation, *declared: tuple[tuple[str, int], ...]) -> Formation:
    """How many of each process type run: as people chose, else as the first that declares it."""
    quantities: dict[str, int | None] = {}
    for pairs in reversed(declared):
        quantities.update(pairs)
    return Formation({**quantities, **chosen.quantities})


def _list(node: JsonNode, key: str) -> tuple[JsonNode, ...]:
    """The values at a key; one text is a list of one."""
    found = node.get(key)
    if found is None:
        return ()
    if isinstance(found.value, str):
        return (found,) if found.value and key in {"build", "domains", "groups"} else found.each()
    most = MOST_FOLDERS if key == "storage" else MOST_VALUES
    if len(found.each()) > most:
        found.refuse(f"{len(found.each())} values, the maximum is {most}", "remove some")
    return found.each()


def _as_typed(node: JsonNode, parse: Callable[[str], str]) -> str:
    """A value that people also type in a command, where it is refused in the same words."""
    try:
        return parse(node.text())
    except UsageError as error:
        node.refuse(error.message, "correct it")


def _static(node: JsonNode) -> tuple[StaticMount, ...]:
    found = []
    for url in node.keys():  # noqa: SIM118 - a node is not a dict
        folder = node.get(url)
        if folder is None:
            continue
        try:
            found.append(parse_static_mount(url, folder.text()))
        except UsageError as error:
            node.refuse(error.message, 'write `{"/media": "shared/media"}`')
    return tuple(found)


def _scale(node: JsonNode) -> tuple[tuple[str, int], ...]:
    scale = node.get("scale")
    if scale is None:
        return ()
    found = {name: one for name in scale.keys() if (one := scale.get(name))}  # noqa: SIM118
    quantities = {name: one.whole(0, MOST) for name, one in found.items()}
    try:
        Formation(quantities)
    except UsageError as error:
        scale.refuse(error.message, "correct it")
    return tuple(sorted(quantities.items()))


def parse_root(text: str) -> str:
    """A folder of the repo as people type it: `services/web`; empty for the whole repo.

    Raises:
        RefusedInputError: it is not such a folder.
    """
    if text in {"", ".", "./"}:
        return ""
    try:
        return parse_storage_folder(text.removeprefix("./"))
    except RefusedInputError:
        raise RefusedInputError(
            f"{quoted(text)} is not a folder of the repo",
            hint="name a folder inside the repo, such as `services/web`",
        ) from None


def _command(node: JsonNode) -> str:
    command = node.text()
    if not command.strip() or len(command) > LONGEST_COMMAND:
        node.refuse(f"{quoted(command)} is not a command", "write one command for the shell")
    return command


def _web(node: JsonNode) -> Bind:
    if node.text() not in {"socket", "port"}:
        node.refuse(
            f"expected `socket` or `port`, found {quoted(node.text())}",
            "write `socket` (gunicorn, uvicorn, …) or `port` (servers that listen on `$PORT`)",
        )
    return cast("Bind", node.text())
