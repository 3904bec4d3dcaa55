"""The words of a touch: its template as it reads on the channel that the touch goes out on."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.builders import a_lead, a_workspace, enrolled
from tests.engine.hands import FakeChannel, Hands
from warmline.channels.contract import Message, Refused
from warmline.store.workspaces import Workspace

BY_PHONE_ALONE = {"sms": "express_written", "call": "inquiry"}
BY_MAIL_ALONE = {"email": "inquiry", "call": "inquiry"}


def sent_by(hands: Hands, channel: str) -> list[Message]:
    taker = hands.channels[channel]
    assert isinstance(taker, FakeChannel)
    return taker.took


def goes_out(hands: Hands, lead: UUID) -> None:
    hands.tick(lead)
    hands.hand_over(lead)


def test_a_step_says_how_to_stop_in_a_text_and_not_in_a_mail_which_has_its_footer(
    hands: Hands, workspace: Workspace
) -> None:
    by_phone = a_lead(hands.conn, workspace, email=None, consents=BY_PHONE_ALONE)
    by_mail = a_lead(hands.conn, workspace, phone=None, email="bo@example.com", consents=BY_MAIL_ALONE)
    for lead in (by_phone, by_mail):
        enrolled(hands.conn, workspace, "pricing", lead)
        goes_out(hands, lead)
    (text,) = sent_by(hands, "sms")
    (mail,) = sent_by(hands, "email")
    assert text.text.endswith("STOP to opt out.")
    assert "STOP" not in mail.text + mail.html + mail.subject
    assert mail.text.startswith("Hi Ann,\n\nThank you for asking us for a price.")
    assert "Unsubscribe: " in mail.text


@pytest.mark.parametrize("refused", ["gate", "provider"])
def test_the_channel_that_comes_second_has_words_of_its_own(hands: Hands, workspace: Workspace, refused: str) -> None:
    lead = a_lead(hands.conn, workspace, consents=BY_MAIL_ALONE if refused == "gate" else None)
    enrolled(hands.conn, workspace, "pricing", lead)
    hands.sms.answers = [Refused("invalid_number", "21211", "no such number")]
    goes_out(hands, lead)
    goes_out(hands, lead)
    (mail,) = sent_by(hands, "email")
    assert "STOP" not in mail.text
    texts = [message.text for message in sent_by(hands, "sms")]
    assert [text.endswith("STOP to opt out.") for text in texts] == ([] if refused == "gate" else [True])


def test_a_touch_keeps_the_words_it_was_planned_with_when_its_template_learns_of_channels(hands: Hands) -> None:
    old = "---\nangle: first answer\nsubject: 'Hello'\n---\nGot it, {{ lead.first_name }}. STOP to opt out.\n"
    workspace = a_workspace(hands.conn, {"templates/ack.txt": old})
    hands.dispatcher = hands.a_dispatcher()
    before, after = (
        a_lead(hands.conn, workspace, phone=f"+1212555012{number}", email=f"a{number}@example.com") for number in (1, 2)
    )
    enrolled(hands.conn, workspace, "pricing", before)
    hands.tick(before)
    a_workspace(hands.conn)
    hands.dispatcher = hands.a_dispatcher()
    enrolled(hands.conn, workspace, "pricing", after)
    hands.tick(after)
    for lead in (before, after):
        hands.hand_over(lead)
    first, second = (message.text for message in sent_by(hands, "sms"))
    assert first == "Got it, Ann. STOP to opt out."
    assert second.startswith("Hi Ann, Sam at Acme Roofing here.")
