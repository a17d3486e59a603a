"""Words that are not commands: proposals never destroy, and other tools' words are known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.cli.group import ALIASES, names
from pushdeploy.model import foreign_words
from pushdeploy.model.foreign_words import READS, answer, similar_read, slip

KNOWN = [*names(), *ALIASES]
PROGRAMS = ("git", "honcho")
"""What else a hint may begin with."""


def named(hint: str) -> list[str]:
    """The commands of ours that a hint names."""
    return re.findall(r"\bpushdeploy (\S+?)(?:[ ,;]|$)", hint)


@pytest.mark.parametrize(
    ("word", "hint"), [(word, said.hint) for word, said in foreign_words.words()]
)
def test_each_hint_names_commands_that_are_there(word: str, hint: str) -> None:
    assert word not in KNOWN
    assert hint.startswith(("pushdeploy ", *(f"{one} " for one in PROGRAMS)))
    assert all(one in names() or one == "--help" for one in named(hint)), hint
    assert len(f" !     Next: {hint}") <= 88


def test_nothing_that_only_tells_changes_anything() -> None:
    assert set(names()) >= READS
    verbs = {one.partition(":")[2] for one in READS}
    assert verbs <= {"", "get", "status", "show", "info", "output"}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("ps:stop", "pushdeploy ps:scale worker=0, or pushdeploy maintenance:on"),
        ("info", "pushdeploy ps"),
        ("apps:info", "pushdeploy ps"),
        ("STATUS", "pushdeploy ps"),
        ("doctor", "pushdeploy ps"),
        ("open", "pushdeploy domains"),
        ("git:remote", "git remote add production deploy@HOST:APP; pushdeploy apps lists them"),
        ("letsencrypt:enable", "pushdeploy certs:auto"),
        ("letsencrypt:anything", "pushdeploy certs:auto"),
        ("logs:tail", "pushdeploy logs -t"),
        ("env", "pushdeploy config"),
        ("create", "pushdeploy apps:create APP"),
        ("destroy", "pushdeploy apps:destroy --help"),
        ("rollback:v3", "pushdeploy releases"),
        ("promote", "git push production main"),
        ("setup", "git push production main"),
        ("ps:rebuild", "pushdeploy restart"),
        ("storage:mount", "pushdeploy storage:add instance"),
    ],
)
def test_words_of_other_tools_are_answered_with_what_does_it_here(typed: str, wanted: str) -> None:
    found = answer(typed)

    assert found is not None
    assert found.hint == wanted


@pytest.mark.parametrize(("word", "said"), list(foreign_words.words()))
def test_each_answer_is_a_sentence(word: str, said: foreign_words.Answer) -> None:
    assert len(said.why.split()) >= 3, f"{word}: {said.why}"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("log", "`logs` shows what the app printed"),
        ("plugin:list", "there are no plugins"),
        ("uninstall", "`sudo ./installer.sh uninstall` in a checkout clears the server"),
        ("rename", "an app keeps its name"),
    ],
)
def test_the_answer_is_about_the_word(typed: str, why: str) -> None:
    found = answer(typed)

    assert found is not None
    assert found.why == why


def test_two_words_are_read_together_where_a_tool_says_it_so() -> None:
    logs, details = answer("app", "logs"), answer("app", "details")

    assert logs is not None
    assert details is not None
    assert (logs.hint, details.hint) == ("pushdeploy logs -t", "pushdeploy ps")


@pytest.mark.parametrize("word", ["mongo:create", "memcached:create"])
def test_a_database_is_said_to_be_nobody_s_business_here(word: str) -> None:
    found = answer(word)

    assert found is not None
    assert "bring your own, and set its URL" in found.why


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("config:sett", "config:set"),
        ("config:st", "config:set"),
        ("config:gte", "config:get"),
        ("nginx:shwo", "nginx:show"),
        ("ps:restrat", "ps:restart"),
        ("ps:scal", "ps:scale"),
        ("apps:destory", None),
        ("keys:remov", None),
        ("config:unsett", None),
        ("certs:remvoe", None),
        ("watchdog:of", None),
        ("config:what", None),
        ("ps:stop", None),
        ("xyzzy", None),
    ],
)
def test_one_wrong_letter_is_seen_but_never_before_what_destroys(
    typed: str, wanted: str | None
) -> None:
    assert slip(typed, KNOWN) == wanted


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("mysql:export", "pushdeploy mysql:create"),
        ("mariadb:create", "pushdeploy mysql:create"),
        ("mysql:connect", "pushdeploy mysql:cli"),
    ],
)
def test_words_for_mariadb_lead_to_its_commands(word: str, hint: str) -> None:
    found = answer(word)

    assert found is not None
    assert found.hint == hint


@pytest.mark.parametrize("word", ["pg:credentials", "psql", "addons:create", "postgres:create"])
def test_postgresql_is_one_command(word: str) -> None:
    found = answer(word)

    assert found is not None
    assert found.hint == "pushdeploy pg:create"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("relases", "releases"),
        ("lgos", "logs"),
        ("apps:destory", "apps"),
        ("config:shw", "config"),
        ("config:what", "config"),
        ("rollbak", None),
        ("deploi", None),
        ("restrt", None),
    ],
)
def test_else_only_what_tells_is_proposed(typed: str, wanted: str | None) -> None:
    assert similar_read(typed, KNOWN) == wanted


NOUNS = st.sampled_from(sorted({one.partition(":")[0] for one in names()}))
VERBS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=9)
TYPED = st.one_of(
    st.builds("{}:{}".format, NOUNS, VERBS), VERBS, st.text(min_size=1), st.sampled_from(KNOWN)
)


@given(TYPED)
def test_no_word_at_all_makes_it_propose_what_destroys(typed: str) -> None:
    for found in (slip(typed, KNOWN), similar_read(typed, KNOWN)):
        assert found is None or found.partition(":")[2] not in foreign_words.DESTROYING

    read = similar_read(typed, KNOWN)
    assert read is None or read in READS
    said = answer(typed)
    assert said is None or not re.search(r":(destroy|remove|unset)(?! --help)", said.hint)
