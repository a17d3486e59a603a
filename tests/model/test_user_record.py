"""Which users are ours, and which number the next one gets."""

import pytest

from pushdeploy.model.account import FIRST_ID, LAST_ID
from pushdeploy.model.user_record import UserRecord, parse_user_record, render_user_record


def free(_: int) -> bool:
    return False


def test_a_record_reads_as_it_was_written() -> None:
    record = UserRecord().with_user("pd-blog", 990).with_group("pd-blog", 991).without("pd-shop")

    assert parse_user_record(render_user_record(record)) == record


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"users": 1, "groups": {}, "retired": []}'])
def test_a_record_that_we_did_not_write_proves_nothing(text: str) -> None:
    assert parse_user_record(text) == UserRecord()


def test_the_number_of_a_user_that_is_gone_rests_while_others_are_free() -> None:
    record = UserRecord().with_user("pd-blog", LAST_ID).with_group("pd-blog", LAST_ID)

    gone = record.without("pd-blog")

    assert gone.retired == (LAST_ID,)
    assert gone.free_number(free) == LAST_ID - 1


def test_a_number_of_ours_or_of_anybody_is_not_given_again() -> None:
    record = UserRecord().with_user("pd-blog", LAST_ID)

    assert record.free_number(lambda one: one == LAST_ID - 1) == LAST_ID - 2


def test_the_number_that_rests_longest_is_taken_when_none_is_fresh() -> None:
    record = UserRecord(retired=(500, 400))

    assert record.free_number(lambda one: one not in {400, 500}) == 500
    assert record.free_number(lambda _: True) is None
    assert FIRST_ID < 400


def test_user_and_group_with_two_numbers_give_both_back() -> None:
    record = UserRecord().with_user("pd-blog", 996).with_group("pd-blog", 994)

    assert record.without("pd-blog").retired == (996, 994)
