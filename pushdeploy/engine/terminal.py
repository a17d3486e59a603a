"""Verbs that work at the caller's terminal: its stdin, stdout and stderr come with the request."""

from __future__ import annotations

from collections.abc import Mapping

from pushdeploy.engine.server import Verb

ATTACHED: Mapping[str, Verb] = {}
"""Verbs that need the caller's descriptors."""
