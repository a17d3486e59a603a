"""What stays of a long history leads to the same as all of it, now and later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.history import read_history
from pushdeploy.model.history_compaction import lines_asked_for

Line = dict[str, object]


def change(release: int, live: int | None, kind: str, former: int | None = None) -> list[Line]:
    """What a switch leaves; `former` is what was built again."""
    intent = {"intent": release, "previous": live, "kind": kind, "who": "ada", "at": 0.0}
    if former is not None:
        intent["stands_for"] = former
    return [intent, {"settled": release}]


def further(draw: st.DrawFn, there: set[int], live: int | None, first: int) -> list[Line]:
    """What happens: deploys, rebuilds, ways back to what is there, switches undone, warm times."""
    made: list[Line] = []
    for number in range(first, first + draw(st.integers(0, 9))):
        targets = sorted(there - {live})
        rebuild, rollback = "rebuild" if live else "deploy", "rollback" if targets else "deploy"
        kind = draw(st.sampled_from(("deploy", "config", rebuild, rollback)))
        target = draw(st.sampled_from(targets)) if kind == "rollback" else None
        again = kind == "rebuild" or (target is not None and draw(st.booleans()))
        former = (target or live) if again else None
        release = number if target is None or again else target
        if draw(st.integers(0, 4)) == 0:
            made += [change(release, live, kind, former)[0], {"dropped": release}]
            continue
        made += change(release, live, kind, former)
        if live is not None and draw(st.booleans()):
            made.append({"warm": live, "until": float(number)})
        if draw(st.booleans()):
            made.append({"cold": draw(st.sampled_from(sorted(there | {release})))})
        if draw(st.booleans()):
            made.append({"revived": release, "at": float(number)})
        there.add(release)
        live = release
    if draw(st.integers(0, 4)) == 0:
        made.append(change(first + 50, live, "deploy")[0])
    return made


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Line], set[int], list[Line]]:
    """Lines, what is left of their releases after a prune, and further lines."""
    there: set[int] = set()
    before = further(draw, there, None, 1)
    live = read_history(before).live
    present = {one for one in sorted(there) if one == live or draw(st.booleans())}
    after = further(draw, set(present), live, 100)
    return before, present, after


def sense(lines: list[Line], present: set[int]) -> list[object]:
    """All that anybody asks a history for."""
    past = read_history(lines)
    ways = [past.previous(present - {one}) for one in (0, *sorted(present))]
    once_live = [one for one in past.once_live() if one in present]
    warm = {one: until for one, until in past.warm.items() if one in present}
    highest = max((one.release for one in past.changes), default=0)
    left = past.rolled_back_from() & present
    return [past.live, past.intent, ways, once_live, warm, highest, left]


@given(lives())
def test_what_stays_leads_to_the_same(life: tuple[list[Line], set[int], list[Line]]) -> None:
    before, present, after = life
    there = present | {int(str(line["intent"])) for line in after if "intent" in line}

    stay = [dict(line) for line in lines_asked_for(before, present)]

    assert sense(stay, present) == sense(before, present)
    assert sense([*stay, *after], there) == sense([*before, *after], there)
    assert lines_asked_for(stay, present) == stay


def test_of_ten_thousand_deploys_the_releases_that_are_there_stay() -> None:
    lines = [line for number in range(1, 10_001) for line in change(number, number - 1, "deploy")]

    stay = lines_asked_for(lines, {9_999, 10_000})

    assert stay == lines[-4:]


def test_a_line_of_another_kind_stays_as_long_as_its_release() -> None:
    lines: list[Line] = [
        *change(1, None, "deploy"),
        *change(2, 1, "deploy"),
        {"looping": 1, "instance": "worker.1", "at": 1.0},
        {"looping": 2, "instance": "worker.1", "at": 2.0},
        {},
    ]

    assert lines_asked_for(lines, {2}) == [*lines[2:4], lines[5]]
