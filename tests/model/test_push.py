"""What of a push is refused, and with which hint."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.push import RefUpdate, plan_push


def test_deleting_the_deploy_branch_is_answered_with_how_to_choose_another() -> None:
    deletion = RefUpdate("1" * 40, "0" * 40, "refs/heads/main")

    with pytest.raises(RefusedInputError, match="it is the deploy branch") as refused:
        plan_push([deletion], "main")

    hint = "pushdeploy git:set deploy-branch NAME chooses another branch first"
    assert refused.value.hint == hint
