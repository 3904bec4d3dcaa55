import pytest

from warmline.core.condition import Condition, ConditionError


@pytest.mark.parametrize("event", [{}, {"kind": None}, {"kind": ""}])
def test_a_field_that_the_event_has_not_got_is_empty(event: dict[str, object]) -> None:
    assert Condition('event.kind == ""').holds({"event": event, "lead": {}}) is True
    assert Condition('event.kind == "lead.returned"').holds({"event": event}) is False


def test_a_yes_or_no_that_is_not_known_is_no() -> None:
    assert Condition("!event.after_hours && !lead.returning").holds({"event": {}, "lead": {}}) is True


def test_what_is_there_is_not_overwritten() -> None:
    variables = {"event": {"form": "pricing"}, "lead": {"returning": True}}
    assert Condition('event.form == "pricing" && lead.returning').holds(variables) is True
    assert variables == {"event": {"form": "pricing"}, "lead": {"returning": True}}


@pytest.mark.parametrize(
    "source", ["int(lead.first_name) > 3", "lead.first_name", "1 / 0 == 1", "event.nope == 1", "[1][3] == 1"]
)
def test_what_can_not_be_answered_names_the_condition(source: str) -> None:
    with pytest.raises(ConditionError, match="The condition `"):
        Condition(source).holds({"event": {}, "lead": {"first_name": "Ann"}})


def test_equal_sources_are_equal_conditions() -> None:
    assert Condition("true") == Condition("true")
    assert hash(Condition("true")) == hash(Condition("true"))
    assert Condition("true") != Condition("false")


def test_what_a_comment_says_is_not_read_and_an_apostrophe_in_it_hides_nothing() -> None:
    read = Condition("true // don't read lead.company\n&& lead.fields.size == 'x'")
    assert read.reads == {("lead", "fields")}
    assert read.custom == {("lead", "size")}
