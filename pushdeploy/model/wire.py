"""How requests, values and errors cross a socket or a pipe: as plain JSON, and back.

A value is a dataclass of text, numbers, enums, tuples, dicts and other such dataclasses. Imports
little: a push does this too.

Over the engine's socket go one request line and a few short answer lines. Request:
`{"verb": "converge", "app": "blog", "who": "alice", …}`; descriptors may come with it (SCM_RIGHTS,
unix(7)). Before it, `{"verb": "prepare"}` says that a push has begun. Answers: `{"waiting": {…}}`
and `{"attempt": 7, "log": "/…/7.jsonl"}` any number of times, then one of `{"answer": …}` and
`{"error": {…}}`. Events never come this way: they go to the attempt's log, and whoever watches
follows that file.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from inspect import signature
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pushdeploy import errors
from pushdeploy.errors import PushdeployError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

REQUEST_LIMIT = 4 << 20
"""Bytes of a request: config vars may be large."""

DESCRIPTORS = 3
"""stdin, stdout and stderr of a command that runs at the caller's terminal."""


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"


def decode_request(line: bytes) -> dict[str, Any]:
    """The request of a line.

    Raises:
        UsageError: it is none.
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the request is not JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
        raise UsageError("the request is not a JSON object with a `verb`")
    return request


def plain(value: Any) -> Any:
    """What JSON can say of a value: a dataclass is an object with the names of its fields."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def read(kind: type[T], said: Any) -> T:
    """The inverse of `plain`. Keys that the class does not have are left out.

    Raises:
        ValueError: something is missing or of another type.
    """
    try:
        return cast("T", _read(kind, said))
    except (TypeError, AttributeError) as error:
        raise ValueError(f"this is not {kind.__name__}: {error}") from error


def read_arguments(
    function: Callable[..., Any], said: Mapping[str, Any], **known: Any
) -> dict[str, Any]:
    """The named arguments of a function, as `said` has them; what it does not take is left out.

    Args:
        function: its parameters by name have types.
        said: their values, as JSON says them.
        known: what its annotations name that its module does not know.

    Raises:
        ValueError: one is missing or of another type.
    """
    hints, found = get_type_hints(function, localns=known), {}
    for one in signature(function).parameters.values():
        if one.kind is not one.KEYWORD_ONLY or (one.name not in said and one.default != one.empty):
            continue
        try:
            found[one.name] = _read(hints[one.name], said[one.name])
        except KeyError as error:
            raise ValueError(f"`{one.name}` is missing") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"`{one.name}`: {error}") from error
    return found


def _read(kind: Any, said: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):  # with `None`, the only one that answers need
        return None if said is None else _read(inner[0], said)
    if origin is tuple:
        if not isinstance(said, list):
            raise ValueError(f"{said!r:.80} is not a list")
        return tuple(_read(inner[0], one) for one in said)
    if origin is dict:
        return {key: _read(inner[1], one) for key, one in said.items()}
    if is_dataclass(kind):
        return _dataclass(kind, said)
    return _single(kind, said)


def _dataclass(kind: Any, said: Any) -> Any:
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], said[name]) for name in hints if name in said})


def _single(kind: Any, said: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(said)
    if kind is float and type(said) is int:
        return float(said)
    if kind is not object and type(said) is not kind:
        raise ValueError(f"{said!r:.80} is not {kind.__name__}")
    return said


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of the fields, as the module that has the class knows them."""
    known = get_type_hints(kind)
    return {one.name: known[one.name] for one in fields(kind)}


def error_record(error: PushdeployError) -> dict[str, Any]:
    """An error as it goes over a wire: its class, and all that it holds."""
    ours = (one.__name__ for one in type(error).__mro__ if one.__module__ == errors.__name__)
    more = {
        name: value for name, value in vars(error).items() if name in ("report", "status", "output")
    }
    return {
        "kind": next(ours),
        "message": error.message,
        "hint": error.hint,
        **plain(more),
        "exit_code": error.exit_code,
    }


def read_error(record: Mapping[str, Any]) -> PushdeployError:
    """The inverse; of a class that we do not know, the root with the same exit code."""
    kind = getattr(errors, str(record.get("kind")), PushdeployError)
    if not (isinstance(kind, type) and issubclass(kind, PushdeployError)):
        kind = PushdeployError
    hint = record.get("hint")
    more = _more(kind, record)
    error = kind(str(record.get("message")), hint=None if hint is None else str(hint), **more)
    code = int(record.get("exit_code", error.exit_code))
    if code != error.exit_code:
        error.exit_code = code
    return error


def _more(kind: type[PushdeployError], record: Mapping[str, Any]) -> dict[str, Any]:
    """What a class holds beside message and hint."""
    if issubclass(kind, errors.DeployFailedError):
        return {"report": tuple(map(str, record.get("report", ())))}
    if issubclass(kind, errors.CommandFailedError):
        return {"status": int(record.get("status", 1)), "output": str(record.get("output", ""))}
    return {}
