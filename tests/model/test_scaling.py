"""`ps:scale web=N` where something else decides."""

import pytest

from pushdeploy.errors import UsageError
from pushdeploy.model.formation import parse_scale
from pushdeploy.model.scaling import refuse_without_effect


@pytest.mark.parametrize(
    ("command", "asked", "by_config_var", "complaint"),
    [
        ("gunicorn -w 2 app:app", "web=4", None, "the Procfile says how many workers web has: 2"),
        ("gunicorn -w 2 app:app", "web+1", None, "the Procfile says"),
        ("uvicorn main:app --workers 2", "web=4", None, "the Procfile says"),
        ("hypercorn main:app", "web=4", None, "hypercorn takes its number of workers only from"),
        ("granian --workers 2 main:app", "web=4", None, "granian takes its number of workers"),
        ("daphne main:app", "web=4", None, "daphne has one process and no workers"),
        ("waitress-serve main:app", "web=2", None, "waitress has one process"),
        ("gunicorn app:app", "web=4", 3, "the config var `WEB_CONCURRENCY` says how many"),
        ("gunicorn -w 2 app:app", "web=3", 3, "the Procfile says how many workers web has: 2"),
    ],
)
def test_a_number_that_would_change_nothing_is_refused(
    command: str, asked: str, by_config_var: int | None, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint) as refused:
        refuse_without_effect(command, parse_scale([asked]), by_config_var)

    assert refused.value.hint


@pytest.mark.parametrize(
    ("command", "asked", "by_config_var"),
    [
        ("gunicorn app:app", "web=4", None),
        ("gunicorn -w 2 app:app", "web=2", None),
        ("gunicorn -w 2 app:app", "web=auto", None),
        ("gunicorn -w 2 app:app", "worker=4", None),
        ("uvicorn main:app", "web=4", None),
        ("granian --workers $WEB_CONCURRENCY main:app", "web=4", None),
        ("daphne main:app", "web=1", None),
        ("gunicorn app:app", "web=3", 3),
        ("node server.js", "web=4", None),
    ],
)
def test_any_other_is_not(command: str, asked: str, by_config_var: int | None) -> None:
    refuse_without_effect(command, parse_scale([asked]), by_config_var)
