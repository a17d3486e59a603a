"""What runs as the build user says which limit ended it."""

import pytest

from pushdeploy.deploy.builder import OUT_OF_MEMORY, OUT_OF_TASKS, explained
from pushdeploy.system.limits import Hits


@pytest.mark.parametrize(
    ("status", "hits", "said"),
    [
        (2, Hits(), 2),
        (2, Hits(killed=1), OUT_OF_MEMORY),
        (-9, Hits(killed=1, unborn=7), OUT_OF_MEMORY),
        (2, Hits(unborn=7), OUT_OF_TASKS),
        (0, Hits(killed=1, unborn=7), 0),
    ],
)
def test_a_failed_build_names_the_limit_that_it_met(status: int, hits: Hits, said: int) -> None:
    assert explained(status, hits) == said
