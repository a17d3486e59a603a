"""The table of verbs says what the modules have."""

from importlib import import_module

import pytest

from pushdeploy.engine.table import OF_MODULE, Table


@pytest.mark.parametrize("place", OF_MODULE, ids=str)
def test_each_module_has_the_verbs_that_are_said_of_it(place: tuple[str, str]) -> None:
    module, table = place

    verbs = getattr(import_module(f"pushdeploy.engine.{module}"), table)

    assert set(OF_MODULE[place]) == set(verbs)
    assert all(Table()[name] is verb for name, verb in verbs.items())


def test_a_verb_that_nobody_knows_is_in_no_table() -> None:
    with pytest.raises(KeyError):
        Table()["fly"]
