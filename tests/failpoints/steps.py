"""Reads a function: which lasting calls can follow one another without a fail point between."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REACHED = re.compile(r"(failpoints\.)?reached")
END = "the end"

Pending = frozenset[str]
"""The lasting calls, on all ways here, that no point has followed yet."""


class Reader:
    """Walks every way through a function, each loop once."""

    def __init__(self, lasting: re.Pattern[str]) -> None:
        self._lasting = lasting
        self.found: list[str] = []

    def read(self, function: ast.FunctionDef) -> list[str]:
        """`one, then another` for every pair without a point, in their order."""
        self._meet(self._statements(function.body, frozenset()), END)
        return self.found

    def _meet(self, pending: Pending, after: str) -> None:
        self.found += [f"{one}, then {after}" for one in sorted(pending)]

    def _statements(self, body: Sequence[ast.stmt], pending: Pending) -> Pending:
        for statement in body:
            pending = self._statement(statement, pending)
        return pending

    def _statement(self, node: ast.stmt, pending: Pending) -> Pending:
        match node:
            case ast.Return() | ast.Raise():
                self._meet(self._calls([node], pending), END)
                return frozenset()
            case ast.FunctionDef():  # is read by itself
                return pending
            case ast.Try():
                return self._try(node, pending)
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Match():
                return self._ways(node, pending)
        return self._calls([node], pending)

    def _ways(
        self, node: ast.If | ast.For | ast.While | ast.With | ast.Match, pending: Pending
    ) -> Pending:
        """What stands before the blocks, then each block; a loop may not be entered."""
        bodies = [case.body for case in node.cases] if isinstance(node, ast.Match) else [node.body]
        inner = {one for body in bodies for one in body}
        if isinstance(node, ast.If):
            inner |= set(node.orelse)
            bodies.append(node.orelse)
        heads = [one for one in ast.iter_child_nodes(node) if one not in inner]
        before = self._calls([one for one in heads if not isinstance(one, ast.match_case)], pending)
        ways = [self._statements(body, before) for body in bodies]
        if isinstance(node, ast.For | ast.While):
            ways.append(before)
        return frozenset().union(*ways)

    def _try(self, node: ast.Try, pending: Pending) -> Pending:
        done = self._statements([*node.body, *node.orelse], pending)
        ways = [self._statements(handler.body, pending) for handler in node.handlers]
        return self._statements(node.finalbody, done.union(*ways))

    def _calls(self, nodes: Iterable[ast.AST], pending: Pending) -> Pending:
        calls = [one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Call)]
        calls.sort(key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0))
        for name in (ast.unparse(one.func) for one in calls):
            if REACHED.fullmatch(name):
                pending = frozenset()
            elif self._lasting.search(name):
                self._meet(pending, name)
                pending = frozenset({name})
        return pending
