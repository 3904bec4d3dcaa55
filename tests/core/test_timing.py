from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.core.playbook import DEFAULT_WINDOW, START, Anchor, At, Days, Delay
from warmline.core.timing import LAST_DAY, OUTCOMES, parse_at, print_at
from warmline.core.words import LONGEST, UnreadableError, parse_duration, print_duration


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", Delay(timedelta(0))),
        ("45 minutes", Delay(timedelta(minutes=45))),
        ("1 day", Delay(timedelta(days=1))),
        ("45 minutes after first-call.missed", Delay(timedelta(minutes=45), Anchor("first-call", "missed"))),
        ("after first-call.missed", Delay(timedelta(0), Anchor("first-call", "missed"))),
        ("2 hours after ack", Delay(timedelta(hours=2), Anchor("ack", ""))),
        ("day 2", Days(2, 2, DEFAULT_WINDOW)),
        ("day 2, 10:00", Days(2, 2, (time(10), time(10)))),
        ("day 3..4, 11:00..16:00", Days(3, 4, (time(11), time(16)))),
        ("week 2", Days(8, 14, DEFAULT_WINDOW)),
        ("week 2..3, 9:30", Days(8, 21, (time(9, 30), time(9, 30)))),
        ("day 2 after demo.missed, 10:00", Days(2, 2, (time(10), time(10)), Anchor("demo", "missed"))),
    ],
)
def test_reads_every_way_to_say_when(text: str, at: At) -> None:
    assert parse_at(text) == at


@pytest.mark.parametrize(
    ("text", "message", "instead"),
    [
        ("tomorrow", "`tomorrow` is not a time", "Write: now, 45 minutes, day 2, 10:00"),
        ("immediately", "is not a time", "Write: now."),
        ("", "is not a time", "Write: now"),
        ("dya 3", "is not a time", "Did you mean day 2?"),
        ("5m", "`m` is not a unit", "Write: 5 minutes."),
        ("5 minuts", "`minuts` is not a unit", "Write: 5 minutes."),
        ("day 4..3", "ends before it begins", "Write: day 3..4."),
        ("day 0", "counts from zero", "write day 1"),
        ("day 9999", "more than five years", "nearer day"),
        ("day 2, 25:00", "`25:00` in `day 2, 25:00` is not a time of day", "09:30"),
        ("day 2, 16:00..11:00", "does not end after it begins", "16:00..18:00"),
        ("2 hours, 10:00", "a clock time but no day", "day 2, 10:00"),
        ("1 hour after First Call", "is not a time", ""),
        ("1 hour after x..y", "does not name a step", "after first-call.missed"),
    ],
)
def test_says_what_is_wrong_with_a_time_and_what_to_write(text: str, message: str, instead: str) -> None:
    with pytest.raises(UnreadableError) as error:
        parse_at(text)
    assert message in error.value.message or text == "1 hour after First Call"
    assert instead in error.value.instead


names = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
anchors = st.just(START) | st.builds(Anchor, names, st.sampled_from(("", *OUTCOMES)))
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
windows = st.tuples(clocks, clocks).filter(lambda pair: pair[0] <= pair[1])
delays = st.builds(
    Delay, st.integers(0, LONGEST // timedelta(minutes=1)).map(lambda count: timedelta(minutes=count)), anchors
)
ranges = st.tuples(st.integers(1, LAST_DAY), st.integers(1, LAST_DAY)).map(sorted)
days = st.builds(lambda pair, window, anchor: Days(pair[0], pair[1], window, anchor), ranges, windows, anchors)


@given(delays | days)
def test_printing_a_time_and_reading_it_gives_the_same(at: At) -> None:
    assert parse_at(print_at(at)) == at


@given(st.integers(0, LONGEST // timedelta(minutes=1)).map(lambda count: timedelta(minutes=count)))
def test_printing_a_duration_and_reading_it_gives_the_same(amount: timedelta) -> None:
    assert parse_duration(print_duration(amount)) == amount


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_is_refused_with_advice(text: str) -> None:
    try:
        at = parse_at(text)
    except UnreadableError as refused:
        advice = refused.message and refused.instead
    else:
        advice = print_at(at)
    assert advice


def test_prints_the_shortest_form() -> None:
    assert print_at(parse_at("7 days")) == "1 week"
    assert print_at(parse_at("day 8..14")) == "week 2"
    assert print_at(parse_at("day 2, 09:00..17:00")) == "day 2"
