"""Why an app failed to start, told from what it printed, and the one command that helps.

A table of causes: the first that fits is said. Pure; used for the health check, the release
command, workers and `run`. The outputs that they were made from are in `tests/model/outputs`.
"""

from __future__ import annotations

from pushdeploy.model import (
    causes_of_age,
    causes_of_code,
    causes_of_django,
    causes_of_place,
    causes_of_postgres,
    causes_of_stores,
)
from pushdeploy.model.cause import Cause, Evidence, Rule

RULES: tuple[Rule, ...] = (
    Rule("memory", causes_of_place.memory),
    Rule("read-only", causes_of_place.read_only),
    Rule("script", causes_of_place.script),
    Rule("config var", causes_of_code.config_var),
    Rule("database url", causes_of_code.no_database),
    Rule("old package", causes_of_age.outgrown),
    Rule("template", causes_of_age.template_response),
    Rule("postgres", causes_of_postgres.postgres),
    Rule("mysql", causes_of_stores.mysql),
    Rule("celery", causes_of_stores.celery),
    Rule("redis", causes_of_stores.redis),
    Rule("driver", causes_of_code.driver),
    Rule("module", causes_of_code.missing_module),
    Rule("library", causes_of_code.missing_library),
    Rule("name", causes_of_code.missing_name),
    Rule("program", causes_of_code.program),
    Rule("allowed host", causes_of_django.allowed_host),
    Rule("table", causes_of_code.table),
    Rule("refused", causes_of_place.refused),
    Rule("taken port", causes_of_place.taken_port),
    Rule("background", causes_of_place.background),
    Rule("interface", causes_of_code.interface),
    Rule("silent 500", causes_of_django.silent),
)
"""In this order: what names its cause in so many words comes before what is often its effect."""


def cause_of(evidence: Evidence) -> Cause | None:
    """Why; `None` when the output does not say it in words that are known."""
    return next((found for rule in RULES if (found := rule.find(evidence)) is not None), None)
