"""Conda's `environment.yml`: channels, packages, and what pip would add.

Only the YAML that such files are written in: keys, lists, comments and quotes. The rest is refused
by its line. Source: https://docs.conda.io/projects/conda (managing environments).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NoReturn

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENVIRONMENT_YML = "environment.yml"

DEFAULT_CHANNEL = "conda-forge"
DEFAULT_ALIAS = "https://conda.anaconda.org"
"""Where channels are that are named and not given by an address."""

CHANNELS, ALIAS = "CONDA_CHANNELS", "CONDA_CHANNEL_ALIAS"
"""Config vars by conda's own names: they come before what the file says."""

LONGEST_FILE = 64 * 1024
LONGEST_VALUE = 500
MOST_VALUES = 1000

KEYS = ("channels", "dependencies", "name", "prefix", "variables")
NOT_A_CHANNEL = "nodefaults"

_KEY = re.compile(r"([A-Za-z_][\w-]{0,50}):(?:[ ]+(\S.*))?")
_VALUE = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,500}")
_NAME = re.compile(r"(?:[^\s\[\]]{1,200}::)?([A-Za-z0-9_][A-Za-z0-9._-]{0,100})(?=$|[\s=<>!~\[])")
_PIP_OPTION = re.compile(
    r"(-r|-c|-e|-f|-i|--requirement|--constraint|--editable|--find-links|--index-url"
    r"|--extra-index-url)(?:[ ]+|[ ]*=[ ]*|(?<=^-[rcefi]))(\S+)"
)
_LONG = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-f": "--find-links",
    "-i": "--index-url",
}


@dataclass(frozen=True, slots=True)
class CondaFile:
    """What a file asks for."""

    channels: tuple[str, ...] = ()
    """Names and addresses, the first one first; empty when it names none."""
    packages: tuple[str, ...] = ()
    """Conda's specs: `python=3.13`, `numpy >=2`."""
    pip: tuple[str, ...] = ()
    """Lines of a requirements file."""
    variables: bool = False
    """It has `variables`, which conda would set."""

    @property
    def specs(self) -> tuple[str, ...]:
        """All that is solved for: a Python, too."""
        named = {name_of(one) for one in self.packages}
        return self.packages if "python" in named else ("python", *self.packages)


def parse_conda_file(text: str) -> CondaFile:
    """Read it.

    Raises:
        RefusedInputError: it is too long, or has what such files don't have.
    """
    refuse_longer(text, LONGEST_FILE, ENVIRONMENT_YML)
    found, keys = _values(text)
    if "dependencies" not in keys:
        raise RefusedInputError(
            f"`{ENVIRONMENT_YML}` has no `dependencies`",
            hint=f"list them in {ENVIRONMENT_YML}, commit, and push again",
        )
    for values in found.values():
        if len(values) > MOST_VALUES:
            raise RefusedInputError(
                f"`{ENVIRONMENT_YML}` lists {len(values)} values, the maximum is {MOST_VALUES}",
                hint="list only what the app imports, commit, and push again",
            )
    made = CondaFile(
        tuple(one for one in found["channels"] if one != NOT_A_CHANNEL),
        tuple(found["dependencies"]),
        tuple(found["pip"]),
        "variables" in keys,
    )
    for one in made.packages:
        name_of(one)
    pip_words(made)
    return made


def _values(text: str) -> tuple[dict[str, list[str]], set[str]]:
    """What the lists have that count, those below `pip:` apart; and the names of all keys."""
    found: dict[str, list[str]] = {"channels": [], "dependencies": [], "pip": []}
    key, keys, pip_depth = "", set[str](), -1
    for number, depth, line in _lines(text):
        if depth == 0 and not line.startswith("-"):
            key, pip_depth = _take_key(number, line, found), -1
            keys.add(key)
            continue
        if key not in found:
            continue
        if not line.startswith("- "):
            _refuse(number, line)
        value = _unquoted(line[2:].strip())
        if key == "dependencies" and value == "pip:":
            pip_depth = depth
            continue
        inside = 0 <= pip_depth < depth
        found["pip" if inside else key].append(_checked(number, value))
        pip_depth = pip_depth if inside else -1
    return found, keys


def render_conda(file: CondaFile) -> str:
    """JSON: the same text for files that ask for the same."""
    return json.dumps(asdict(file))


def parse_conda(text: str) -> CondaFile:
    """The inverse; trusts nothing.

    Raises:
        RefusedInputError: it is nothing that `render_conda` makes.
    """
    try:
        record = json.loads(text)
        texts = {
            name: tuple(_checked(0, str(one)) for one in record[name])
            for name in ("channels", "packages", "pip")
        }
        return CondaFile(**texts, variables=bool(record["variables"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedInputError(f"`{ENVIRONMENT_YML}` can't be read: {error}") from error


def name_of(spec: str) -> str:
    """The package that a spec names: `numpy` for `conda-forge::numpy >=2`.

    Raises:
        RefusedInputError: it names none.
    """
    found = _NAME.match(spec)
    if found is None:
        raise RefusedInputError(
            f"`{ENVIRONMENT_YML}` lists {quoted(spec)}, which is not a conda package",
            hint=f"fix {ENVIRONMENT_YML}, commit, and push again",
        )
    return found[1].lower()


def pip_words(file: CondaFile) -> tuple[str, ...]:
    """The words of `uv pip install` for what pip would add.

    Raises:
        RefusedInputError: a line has another option than those that name files and indexes.
    """
    return tuple(map(_pip_word, file.pip))


def channels_of(file: CondaFile, config: Mapping[str, str]) -> tuple[str, ...]:
    """Where packages are looked for: as the config vars say, else as the file does.

    What is in a config var is only named, as `${CONDA_CHANNELS}`: it may have a password.
    """
    if config.get(CHANNELS, "").strip():
        return (f"${{{CHANNELS}}}",)
    return file.channels or (DEFAULT_CHANNEL,)


def _pip_word(line: str) -> str:
    if not line.startswith("-"):
        return line
    option = _PIP_OPTION.fullmatch(line)
    if option is None:
        raise RefusedInputError(
            f"`{ENVIRONMENT_YML}` has {quoted(line)} below `pip:`, which is not understood here",
            hint="write it into a requirements file, and `- -r requirements.txt` below `pip:`",
        )
    return f"{_LONG.get(option[1], option[1])}={option[2]}"


def _take_key(number: int, line: str, found: dict[str, list[str]]) -> str:
    match = _KEY.fullmatch(line)
    if match is None:
        _refuse(number, line)
    key, value = match[1], match[2] or ""
    if key not in KEYS:
        _refuse(number, line)
    if key in found and value:
        if not (value.startswith("[") and value.endswith("]")):
            _refuse(number, line)
        parts = (_unquoted(one.strip()) for one in value[1:-1].split(","))
        found[key] += [_checked(number, one) for one in parts if one]
    return key


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, depth and text of each line that says something, without comments."""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _without_comment(raw).rstrip()
        bare = line.lstrip(" ")
        if bare and bare != "---":
            yield number, len(line) - len(bare), bare


def _without_comment(line: str) -> str:
    if line.startswith("#"):
        return ""
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and line.endswith(("- ", ": ", "[", ", "), 0, place):
            quote = character
        elif character == "#" and line[place - 1] in " \t":
            return line[:place]
    return line


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _checked(number: int, value: str) -> str:
    if not _VALUE.fullmatch(value) or value[0] in "{[&*!|>%@`":
        _refuse(number, value)
    return value


def _refuse(number: int, line: str) -> NoReturn:
    raise RefusedInputError(
        f"line {number} of `{ENVIRONMENT_YML}` is not understood: {quoted(line[:LONGEST_VALUE])}",
        hint=f"write it as `conda env export --from-history` does, commit {ENVIRONMENT_YML}, "
        "and push again",
    )
