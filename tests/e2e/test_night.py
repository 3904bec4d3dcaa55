"""Leads that come in at night, and the two days after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .house import House, Person, a_house
from .support import PATIENCE, until

pytestmark = pytest.mark.slow

#: Half past ten in the evening in New York, on a Tuesday.
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
THANKSGIVING = datetime(2026, 11, 26, 15, 1, tzinfo=UTC)


def test_a_night_and_two_days_after_it_the_silent_one_is_followed_and_the_others_are_left_in_peace(
    server: str, tmp_path: Path
) -> None:
    silent, answered, stopped, booked = people = [Person() for _ in range(4)]
    with a_house(server, tmp_path, NIGHT) as house:
        leads = [house.lead("pricing", person.form()) for person in people]
        for person in people:
            assert "We're closed right now" in house.first_text(person.phone).fields["Body"]
        assert house.text_from(answered.phone, "Tomorrow at ten is fine", "SMnight1").status == 200
        assert house.text_from(stopped.phone, "STOP", "SMnight2").status == 200
        assert house.post_json("calendar", {"event": "meeting.booked", "phone": booked.phone}).status == 202
        house.happens(leads[1], "handed.off")
        house.happens(leads[3], "handed.off")
        house.rests()
        assert house.tasks(leads[0]) == []
        due = datetime.fromisoformat(house.why(answered.phone).line("handed.off")["data"]["due"])
        assert due == datetime(2026, 11, 25, 14, 10, tzinfo=UTC), "ten minutes of office time"

        house.pass_time(timedelta(minutes=6))
        house.first_mail(silent.email)
        house.pass_until(datetime(2026, 11, 25, 13, 58, tzinfo=UTC))
        until_looked(house)
        assert house.tasks(leads[0]) == [], "the office opens at nine"
        house.pass_time(timedelta(minutes=3))
        house.happens(leads[0], "task.opened")
        assert house.tasks(leads[0]) == ["call"]

        house.pass_until(THANKSGIVING)
        until(lambda: len(house.far.texts_to(silent.phone)) == 2, PATIENCE, "the nudge of the third day, at ten")
        until_looked(house)
        for person in (answered, stopped, booked):
            assert len(house.far.texts_to(person.phone)) == 1
            assert house.far.mails_to(person.email) == []
        assert [house.status(lead) for lead in leads] == ["open", "handed_off", "opted_out", "handed_off"]
        assert house.why(silent.phone).runs() == {"after-hours": "running"}
        assert house.warmline("orphans") == "0\n"


def until_looked(house: House) -> None:
    """Wait until the engine has taken the new time over and done what it brought."""
    house.rests()
    bell = Person()
    house.lead("phone", {"phone": bell.phone})
    house.first_text(bell.phone)
    house.rests()
