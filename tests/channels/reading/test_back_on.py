"""Return dates in the words of automatic replies, told on Tuesday 24 November 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmline.channels.email.reading.back_on import FARTHEST, read_back_on

TOLD = date(2026, 11, 24)

SAID = [
    # English
    ("I'm away until Monday.", "2026-11-30"),
    ("I am out of office, back on 3 December.", "2026-12-03"),
    ("I will be back in the office on December 3rd.", "2026-12-03"),
    ("I'll be returning Monday, December 7, 2026 and will answer then.", "2026-12-07"),
    ("I am on annual leave until 12/14/2026.", "2026-12-14"),
    ("Out of the office through Friday, Nov 27.", "2026-11-27"),
    ("On vacation till the 5th of December with no access to email.", "2026-12-05"),
    ("Thank you for your mail. I am on leave from 20 November to 4 December.", "2026-12-04"),
    ("I am travelling from Nov 23 - Dec 1 and will reply when I can.", "2026-12-01"),
    ("I will be out of the office November 23-27.", "2026-11-27"),
    ("Out 23-27 November, limited access to mail.", "2026-11-27"),
    ("I return to work on 2026-12-03.", "2026-12-03"),
    ("Away until 2026/12/03", "2026-12-03"),
    ("I'm out of the office and will be back tomorrow.", "2026-11-25"),
    ("I'm on holiday. Back next week!", "2026-11-30"),
    ("I will not be able to read mail until Thursday.", "2026-11-26"),
    ("OOO until Jan 4", "2027-01-04"),
    ("I am on parental leave until March 1st, 2027.", "2027-03-01"),
    ("I'm out until 01/04/2027.", "2027-04-01"),  # open which: the later
    ("I'm away until 12/15.", "2026-12-15"),
    ("I'm away until 15/12.", "2026-12-15"),
    ("Away 11/23 - 12/15.", "2026-12-15"),
    ("Away until 11/12.", "2026-12-11"),  # 12 November is over
    ("I will be available again from December 8.", "2026-12-08"),
    ("I am back on the 3rd of December; in urgent cases call +1 212 555 0123 before 4 December.", "2026-12-03"),
    ("I am currently out of the office with a return date of December 9th.", "2026-12-09"),
    ("I will resume work on Wed, 2 Dec 2026 at 9:00. I am on leave.", "2026-12-02"),
    ("Out of office until and including 4 December", "2026-12-04"),
    ("I am out of office until 14-Dec-2026.", "2026-12-14"),
    ("I am out of office until 14/Dec/2026.", "2026-12-14"),
    ("I am out of office until 14-Dec-26, sorry.", "2026-12-14"),
    ("Out of office. Our office closes on 12/24. I'll be back in the office on 12/9.", "2026-12-09"),
    ("Away. Our office closes on 24 December. I'll be back in the office on 9 December.", "2026-12-09"),
    ("Ich bin am 7. Dez. wieder da. Abwesend.", "2026-12-07"),
    ("I'm out sick, hopefully back by Thursday.", "2026-11-26"),
    ("The office is closed until Monday the 30th of November.", "2026-11-30"),
    # German
    ("Ich bin bis zum 12.12. nicht im Büro.", "2026-12-12"),
    ("Ich bin bis einschließlich 11.12.2026 im Urlaub.", "2026-12-11"),
    ("Ich bin ab dem 7. Dezember wieder für Sie da. Abwesend.", "2026-12-07"),
    ("Ich bin im Urlaub und am Montag, den 7. Dezember 2026, wieder erreichbar.", "2026-12-07"),
    ("Vom 23.11. bis 4.12. bin ich abwesend.", "2026-12-04"),
    ("Ich bin vom 23. bis 27. November auf Dienstreise.", "2026-11-27"),
    ("Bin wieder zurück am 3.12.26. Urlaub!", "2026-12-03"),
    ("Ich bin bis Montag nicht erreichbar.", "2026-11-30"),
    ("Ich bin bis 02.12.26 außer Haus.", "2026-12-02"),
    ("Unser Büro ist bis zum 6. Januar geschlossen.", "2027-01-06"),
    ("Ich bin nächste Woche wieder da.", "2026-11-30"),
    ("Bis 3. März 2027 bin ich in Elternzeit.", "2027-03-03"),
    # French
    ("Je suis absent jusqu'au 4 décembre.", "2026-12-04"),
    ("Je suis en congés, de retour le lundi 7 décembre 2026.", "2026-12-07"),
    ("Absente du 23 novembre au 2 décembre inclus.", "2026-12-02"),
    ("Je suis absent du bureau du 23 au 27 novembre.", "2026-11-27"),
    ("Je serai à nouveau joignable à partir du 1er décembre. En vacances.", "2026-12-01"),
    ("En déplacement, je reviens jeudi.", "2026-11-26"),
    ("Je suis en vacances jusqu’au 3/12/2026.", "2026-12-03"),
    ("Je rentre le 03/12. Absent.", "2026-12-03"),
    ("Absent jusqu'à lundi", "2026-11-30"),
    # Spanish
    ("Estoy fuera de la oficina hasta el 4 de diciembre.", "2026-12-04"),
    ("Estaré de vacaciones del 23 de noviembre al 5 de diciembre de 2026.", "2026-12-05"),
    ("Estoy de vacaciones; vuelvo el lunes 30 de noviembre.", "2026-11-30"),
    ("Regreso el 03/12/2026. Estoy ausente.", "2026-12-03"),
    ("Fuera de la oficina hasta el lunes.", "2026-11-30"),
    ("De baja hasta el próximo 2026-12-10", "2026-12-10"),
    ("Me reincorporo el miércoles 2 de diciembre. Estoy de vacaciones.", "2026-12-02"),
    ("Estaré de vuelta el 1 de diciembre. Ausente.", "2026-12-01"),
]  # fmt: skip

TRAPS = [
    "I was out until Monday, sorry for the late answer.",
    "I have been away until Friday and am catching up. Everything takes longer.",
    "I was on vacation from 1 November to 10 November.",
    "I am out of the office.",
    "I am away, back in two weeks or so.",
    "I am on leave until 20 November.",  # over
    "I am on leave until 3 December 2025.",  # a note of last year
    "I was out of the office; I returned on 3 December 2025.",
    "Thank you for your message. We will get back to you by Monday.",
    "Thank you. Our offer is valid until 5 December.",
    "Your ticket was opened on 24 November 2026.",
    "I will be out of the office from 10 December until 20 December.",  # not yet
    "Ich bin vom 20.12. bis 2.1. im Urlaub.",  # not yet
    "Ich war bis Montag im Urlaub.",
    "Bis bald! Ich bin im Urlaub.",
    "J'étais absent jusqu'à lundi.",
    "Estuve fuera hasta el lunes.",
    "I am away.\n> I am away until 3 December",
    "Out of office. Founded on 1 December 1999.",
    "Away until 45.13.",
    "Away until 30 February.",
    "I am away. Call 030/12/3 or 12-3-44-5",
    "I am away until 3 December 2093.",
    "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "day"), SAID)
def test_a_stated_return_is_read(text: str, day: str) -> None:
    assert read_back_on(text, TOLD) == date.fromisoformat(day)


@pytest.mark.parametrize("text", TRAPS)
def test_nothing_is_read_where_no_return_is_stated(text: str) -> None:
    assert read_back_on(text, TOLD) is None


@pytest.mark.parametrize(
    ("text", "told", "month_first", "day"),
    [
        ("I'm away until 1/4.", "2026-12-28", True, "2027-01-04"),
        ("I'm away until 1/4.", "2026-12-28", False, "2027-04-01"),
        ("I'm away until 12/3.", "2026-11-24", True, "2026-12-03"),
        ("I'm away until Monday.", "2026-11-30", None, "2026-11-30"),  # told on that Monday: it was written before
        ("I'm away until next Monday.", "2026-11-30", None, "2026-12-07"),
        ("I'm away until 4 January.", "2026-12-28", None, "2027-01-04"),
        ("Je suis absent jusqu'au 1/4.", "2026-12-28", True, "2027-04-01"),  # French is never month first
    ],
)
def test_hints_and_the_turn_of_the_year_are_heard(text: str, told: str, month_first: bool | None, day: str) -> None:
    assert read_back_on(text, date.fromisoformat(told), month_first) == date.fromisoformat(day)


PIECES = ("away until", "back", "on", "from", "to", "3", "12/3", "12.12.", "december", "monday", "ich bis zum", ",", ".",
          "urlaub", "2026-12-03", "\n", ">", "-")  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)


@given(text=st.text(max_size=300) | WORDS, told=st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_what_is_read_is_never_past_and_never_far(text: str, told: date) -> None:
    day = read_back_on(text, told)
    assert day is None or told <= day <= told + FARTHEST
