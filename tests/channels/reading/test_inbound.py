"""Mails that come in, by their bytes: real ones of a lab, and what else mail programs and strangers send."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import KEY, touch
from warmline import rules
from warmline.channels.contract import BadCallback, Signal
from warmline.channels.email.inbound import CUT, MOST_REPORTS, read_mail
from warmline.channels.email.reading.letter import LONGEST_SOURCE, MOST_BYTES, MOST_PARAMETERS, Letter
from warmline.channels.email.reading.report import MOST_LINES, MOST_TOLD
from warmline.channels.email.tokens import bounce_address, message_id, reply_address
from warmline.core import replies

MAILS = Path(__file__).parents[1] / "mails"
NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
CLASSES = rules.provider_errors().classes_by_code()["smtp"]
OURS = message_id(touch(1), "acme.test", KEY)
VERP = bounce_address(touch(1), "acme.test", KEY)


def read(raw: bytes | str, **envelope: str | None) -> list[Signal]:
    content = raw if isinstance(raw, bytes) else raw.encode()
    return read_mail(content, KEY, CLASSES, NOW, **envelope)  # type: ignore[arg-type]


def one(raw: bytes | str, **envelope: str | None) -> Signal:
    (signal,) = read(raw, **envelope)
    return signal


def asks(signal: Signal) -> str:
    """What the words of it are read as."""
    return replies.read(signal.text, rules.opt_out_words()).kind


def plain(text: str, **headers: str) -> bytes:
    mail = EmailMessage()
    given_headers = {"From": "Ann <ann@lead.test>", "To": "hello@acme.test", "Subject": "Re: Your quote"} | headers
    for name, value in given_headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


# --- the real ones ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "reason", "code", "sender"),
    [
        ("dsn-postfix-failed-5.1.1", "bounced", "invalid_address", "5.1.1", "gone@lead.test"),
        ("dsn-postfix-failed-4.2.2", "bounced", "unreachable", "4.2.2", "slow@lead.test"),
        ("dsn-postfix-delayed-4.2.2", "delayed", "", "4.2.2", "slow@lead.test"),
        ("autoreply-dovecot-sieve-vacation", "inbound", "", "", "ann@lead.test"),
    ],
)
def test_a_real_mail_becomes_the_right_signal(name: str, kind: str, reason: str, code: str, sender: str) -> None:
    signal = one((MAILS / f"{name}.eml").read_bytes())
    assert (signal.kind, signal.reason, signal.code, signal.sender) == (kind, reason, code, sender)
    assert bool(signal.data.get("automated")) == (name.startswith("autoreply"))


@pytest.mark.parametrize("name", [path.name for path in sorted(MAILS.glob("*.eml"))])
def test_a_real_mail_to_our_address_names_its_touch_and_to_a_forged_one_does_not(name: str) -> None:
    raw = (MAILS / name).read_bytes()
    assert one(raw, envelope_to=VERP).touch_id == touch(1)
    assert one(raw, envelope_to=VERP.replace("@", "x@")).touch_id == ""
    other = VERP.replace(touch(1), touch(2))
    assert one(raw, envelope_to=other).touch_id == ""


@pytest.mark.parametrize("name", [path.name for path in sorted(MAILS.glob("*.eml"))])
def test_the_same_mail_has_the_same_key_whatever_hops_did_to_it(name: str) -> None:
    raw = (MAILS / name).read_bytes()
    hopped = b"Received: from a by b\nDelivered-To: x@acme.test\n" + raw
    assert one(raw).key == one(hopped.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).key


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"To": reply_address(touch(1), "acme.test", KEY)},
        {"To": VERP.upper()},
        {"Delivered_To": VERP},
        {"In_Reply_To": OURS},
        {"References": f"<other@lead.test> {OURS} <more@lead.test>"},
    ],
)
def test_an_answer_belongs_to_the_touch_it_answers(headers: dict[str, str]) -> None:
    assert one(plain("Yes", **headers)).touch_id == touch(1)


def test_the_address_it_came_to_counts_before_the_thread_it_is_in() -> None:
    other = message_id(touch(2), "acme.test", KEY)
    assert one(plain("Yes", To=VERP, In_Reply_To=other)).touch_id == touch(1)


def test_a_bounce_that_came_to_another_address_names_its_touch_by_the_mail_in_it() -> None:
    raw = (MAILS / "dsn-postfix-failed-5.1.1.eml").read_bytes().replace(b"<touch-2.abc@engine.test>", OURS.encode())
    assert one(raw).touch_id == touch(1)


def test_a_mail_of_ours_that_comes_back_as_a_copy_says_nothing() -> None:
    assert read(plain("Hi", Message_ID=OURS)) == []


# --- reports ----------------------------------------------------------------------------------------------------------


def report(fields: str, original: str = f"Message-ID: {OURS}\n", kind: str = "delivery-status") -> str:
    return (
        "From: MAILER-DAEMON@mx.lead.test\nTo: x@acme.test\nSubject: Undelivered Mail Returned to Sender\n"
        f"MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nSorry.\n\n--b\nContent-Type: message/{kind}\n\n"
        f"{'Reporting-MTA: dns; mx' if kind == 'delivery-status' else ''}\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{original}\nHi\n\n--b--\n"
    )


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind", "reason"),
    [
        ("failed", "5.1.1", "", "bounced", "invalid_address"),
        ("failed", "5.1.10", "", "bounced", "invalid_address"),
        ("failed", "5.2.1", "", "bounced", "invalid_address"),
        ("failed", "5.2.2", "smtp; 552 5.2.2 over quota", "bounced", "unreachable"),
        ("failed", "4.4.7", "", "bounced", "unreachable"),
        ("failed", "5.7.1", "", "bounced", "sender_config"),
        ("failed", "5.0.0", "smtp; 550 5.1.1 no such user", "bounced", "invalid_address"),
        ("failed", "5.0.0", "smtp; 550 go away", "bounced", "unknown"),
        ("FAILED (bounced)", "5.1.1 (bad)", "", "bounced", "invalid_address"),
        ("delayed", "4.2.2", "", "delayed", ""),
        ("delayed", "5.1.1", "", "delayed", ""),  # the action says what happened, the status only why
        ("delivered", "2.0.0", "", "delivered", ""),
        ("expanded", "2.0.0", "", "delivered", ""),
        ("", "5.1.1", "", "bounced", "invalid_address"),
        ("", "4.2.2", "", "delayed", ""),
    ],
)
def test_a_report_is_read_by_its_action_first(
    action: str, status: str, diagnostic: str, kind: str, reason: str
) -> None:
    lines = [("Final-Recipient", "rfc822; ann@lead.test"), ("Action", action), ("Status", status)]
    lines += [("Diagnostic-Code", diagnostic)]
    signal = one(report("".join(f"{name}: {value}\n" for name, value in lines if value)))
    assert (signal.kind, signal.reason, signal.touch_id) == (kind, reason, touch(1))
    assert signal.sender == "ann@lead.test"


def test_relayed_to_where_nobody_reports_says_nothing() -> None:
    assert read(report("Final-Recipient: rfc822; ann@lead.test\nAction: relayed\nStatus: 2.0.0\n")) == []


def test_each_recipient_of_a_report_is_told_apart() -> None:
    fields = "\n".join(f"Final-Recipient: rfc822; {name}@lead.test\nAction: failed\nStatus: 5.1.1\n" for name in "ab")
    signals = read(report(fields))
    assert [signal.sender for signal in signals] == ["a@lead.test", "b@lead.test"]
    assert len({signal.key for signal in signals}) == 2


QMAIL = (
    "From: MAILER-DAEMON@mx.lead.test\nTo: {to}\nSubject: failure notice\n\n"
    "Hi. This is the qmail-send program at mx.lead.test.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<ann@lead.test>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n"
    "--- Below this line is a copy of the message.\n\n"
)


@pytest.mark.parametrize("address", ["4.28.1.5", "192.5.1.2", "5.1.2.3", "54.5.7.1"])
def test_parts_of_an_ip_address_are_no_status(address: str) -> None:
    raw = QMAIL.format(to=VERP).replace("192.0.2.1", address)
    signal = one(raw)
    assert (signal.kind, signal.code, signal.reason) == ("bounced", "5.1.1", "invalid_address")
    fields = f"Final-Recipient: rfc822; ann@lead.test\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 {address} no\n"
    assert one(report(fields)).reason == "unknown"


def test_a_bounce_in_a_servers_own_words_is_one_and_a_person_who_quotes_it_has_not_bounced() -> None:
    signal = one(QMAIL.format(to=VERP))
    assert (signal.kind, signal.reason, signal.touch_id) == ("bounced", "invalid_address", touch(1))
    quoting = QMAIL.format(to=VERP).replace("MAILER-DAEMON@mx.lead.test", "ann@lead.test")
    assert one(quoting).kind == "inbound"


@pytest.mark.parametrize(
    ("kind", "counts"), [("abuse", True), ("fraud", True), ("not-spam", False), ("auth-failure", False)]
)
def test_a_complaint_stops_and_what_is_none_does_not(kind: str, counts: bool) -> None:
    fields = f"Feedback-Type: {kind}\nUser-Agent: Lead/1\nVersion: 1\nOriginal-Rcpt-To: ann@lead.test\n"
    signals = read(report(fields.lstrip(), kind="feedback-report").replace("report\n\n\n\n", "report\n\n"))
    assert [(one.kind, one.touch_id, one.data["how"]) for one in signals] == (
        [("unsubscribed", touch(1), "complaint")] if counts else []
    )


# --- machines and people ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_submitted"),
        ({"Auto_Submitted": "auto-generated; owner=x"}, "auto_submitted"),
        ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "auto_reply"}, "precedence"),
        ({"Precedence": "Auto-Reply"}, "precedence"),
        ({"Precedence": "list"}, ""),  # a list in front of a shared mailbox
        ({"Precedence": "bulk"}, ""),
        ({"Precedence": "junk"}, ""),
        ({"Precedence": "bulk", "Subject": "Out of office"}, "subject"),
        ({"Precedence": "first-class"}, ""),
        ({"X_Autoreply": "yes"}, "auto_reply_header"),
        ({"X_Autoreply": "no"}, ""),
        ({"X_Auto_Response_Suppress": "All"}, ""),  # asks others for no automatic reply
        ({"Return_Path": "<>"}, "null_sender"),
        ({"Return_Path": "<MAILER-DAEMON>"}, "null_sender"),
        ({"Return_Path": "<ann@lead.test>"}, ""),
        ({"From": "noreply@lead.test"}, "no_reply_sender"),
        ({"Subject": "Automatic reply: Your quote"}, "subject"),
        ({"Subject": "Automatische Antwort: Ihr Angebot"}, "subject"),
        ({"Subject": "Réponse automatique : Devis"}, "subject"),
        ({"Subject": "Respuesta automática: Presupuesto"}, "subject"),
        ({"Subject": "Out of Office Re: Your quote"}, "subject"),
        ({"Subject": "Out of office furniture quote"}, ""),
        ({"Subject": "OOO desk order"}, ""),
        ({"Subject": "Auto: need a quote for my Ford"}, ""),
        ({"Subject": "Abwesend - Anfrage"}, ""),
        ({"Subject": "Re: Automatic reply: Your quote"}, ""),
        ({"Subject": "My holiday plans and your quote"}, ""),
        ({}, ""),
    ],
)
def test_signs_of_a_machine_are_seen(headers: dict[str, str], why: str) -> None:
    assert one(plain("Thank you.", **headers)).data.get("automated", "") == why


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Subject": "On vacation"}, "subject"),
        ({"Subject": "OOO: back on Monday"}, "subject"),
        ({"Subject": "Out of Office: Ann"}, "subject"),
        ({"Subject": "Auto: Re: Your quote"}, "subject"),
        ({"Precedence": "bulk"}, "precedence"),
        ({"Precedence": "list"}, ""),
    ],
)
def test_a_sign_that_people_give_too_counts_where_the_text_says_the_same(headers: dict[str, str], why: str) -> None:
    signal = one(plain("Hello, I am out of the office until Monday.", **headers))
    assert (signal.data.get("automated", ""), signal.data.get("until", "")) == (why, "2026-11-30" if why else "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Precedence": "list", "List_Id": "<sales.acme.test>"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "All"},
    ],
)
def test_a_stop_that_came_through_a_mailing_list_is_a_persons(headers: dict[str, str]) -> None:
    signal = one(plain("Please unsubscribe me.", **headers))
    assert "automated" not in signal.data
    assert asks(signal) == "opt_out"


def test_raw_letters_beyond_ascii_in_a_subject_are_read_as_what_they_are() -> None:
    raw = "From: a@b.test\nSubject: Réponse automatique : devis\n\nBonjour"
    assert one(raw).data == {"subject": "Réponse automatique : devis", "automated": "subject"}
    assert one(raw.encode("latin-1")).data["automated"] == "subject"


def test_a_persons_word_on_when_they_are_back_is_a_persons_word() -> None:
    signal = one(plain("I am away until Monday, call me then"))
    assert "automated" not in signal.data
    assert "until" not in signal.data


def test_a_return_that_is_told_below_the_name_is_read() -> None:
    text = "Dear sender,\nI am out of office.\n\nKind regards,\nAnn Lee\n\nBack on December 14."
    assert one(plain(text, Auto_Submitted="auto-replied")).data["until"] == "2026-12-14"


def test_a_date_in_the_part_that_is_quoted_is_not_the_return() -> None:
    text = (
        "I am out of the office.\n\nOn Tue, Nov 24, 2026 at 9:00 AM Acme <a@acme.test> wrote:\n> back until 3 December"
    )
    assert "until" not in one(plain(text, Auto_Submitted="auto-replied")).data


REPLIES = [
    ("Yes please.\n\nOn Tue, Nov 24, 2026 at 9:00 AM Acme <hello@acme.test> wrote:\n> Reply STOP to opt out", "Yes please."),
    ("Yes.\n\nOn Tue, Nov 24, 2026 at 9:00 AM Acme Roofing of Springfield\n<hello@acme.test> wrote:\n> Hi", "Yes."),
    ("Ja, gern.\n\nAm 24.11.2026 um 09:00 schrieb Acme <hello@acme.test>:\n> Hallo", "Ja, gern."),
    ("Oui.\n\nLe mar. 24 nov. 2026 à 09:00, Acme <hello@acme.test> a écrit :\n> Bonjour", "Oui."),
    ("Sí.\n\nEl mar, 24 nov 2026 a las 9:00, Acme (<hello@acme.test>) escribió:\n> Hola", "Sí."),
    ("Call me.\n\nFrom: Acme <hello@acme.test>\nSent: Tuesday, November 24, 2026 9:00\nTo: Ann\nSubject: Q\n\nHi", "Call me."),
    ("Call me.\n\n-----Original Message-----\nFrom: Acme\nHi", "Call me."),
    ("Call me.\n\n________________________________\nFrom: Acme\nHi", "Call me."),
    ("Call me at five.\n\n-- \nAnn Lee\nHead of Roofs", "Call me at five."),
    ("Call me at five.\n\nSent from my iPhone", "Call me at five."),
    ("> Do you have time on Monday?\nYes.\n> And on Tuesday?\nNo.", "Yes.\nNo."),
    ("On Tue, Nov 24, 2026 at 9:00 AM Acme <hello@acme.test> wrote:\n> Time?\n\nYes, on Monday.", "Yes, on Monday."),
    ("STOP", "STOP"),
    ("Thanks, call me tomorrow at five about the roof", "Thanks, call me tomorrow at five about the roof"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "own"), REPLIES)
def test_a_persons_own_words_are_kept_and_the_rest_is_cut(text: str, own: str) -> None:
    assert one(plain(text)).text == own


def test_a_mail_in_html_alone_is_read_as_text_without_what_it_quotes() -> None:
    html = (
        "<html><head><style>p {color: red}</style></head><body><p>Yes, <b>call</b> me &amp; Bob.</p>"
        '<div class="gmail_quote">On Tue Acme wrote:<blockquote>Unsubscribe here</blockquote></div></body></html>'
    )
    mail = EmailMessage()
    mail["From"] = "ann@lead.test"
    mail.set_content(html, subtype="html")
    assert one(mail.as_bytes()).text == "Yes, call me & Bob."


@pytest.mark.parametrize("text", ["", "Sent from my iPhone", "-- \nAnn Lee\nHead of Roofs", "\n\n--\nAnn"])
def test_a_mail_without_words_may_say_it_in_its_subject(text: str) -> None:
    assert one(plain(text, Subject="unsubscribe")).text == "unsubscribe"
    assert one(plain(text)).text == ""
    assert one(plain("", Subject="Re: Reply STOP to stop")).text == ""


@pytest.mark.parametrize("text", ["Please.", "Thanks,\nAnn", "Ann Lee\nHead of Roofs\n+1 212 555 0123"])
def test_a_subject_that_opts_out_counts_whatever_little_stands_below_it_and_not_in_an_answer(text: str) -> None:
    signal = one(plain(text, Subject="Unsubscribe"))
    assert asks(signal) == "opt_out"
    assert signal.text.startswith("Unsubscribe\n")
    for subject, headers in (("Roof", {}), ("Stop paying too much", {"In_Reply_To": "<1@acme.test>"})):
        assert one(plain("Yes please.", Subject=subject, **headers)).text == "Yes please."


FOOTERS = [
    "Best regards,\nAnn Lee\n\nIf you do not wish to receive further emails from us, please reply with UNSUBSCRIBE.",
    "Thanks\nAnn\n\nUnsubscribe | Privacy policy",
    "-- \nAnn Lee\nTo unsubscribe from our newsletter click here: https://lead.test/leave",
    "Ann Lee\nOffice manager\n\nThis mail is confidential. Delete it and do not contact us.",
    "Mit freundlichen Grüßen\nAnn Lee\n\nPS: please unsubscribe me",
]  # fmt: skip


@pytest.mark.parametrize("footer", FOOTERS)
def test_an_opt_out_only_below_a_sign_off_is_a_doubt_that_shows_what_it_is_about(footer: str) -> None:
    signal = one(plain(f"Yes, Tuesday works.\n\n{footer}"))
    assert asks(signal) == "doubtful"
    assert signal.text.startswith("Yes, Tuesday works.\n\n-- \n")
    assert footer.splitlines()[-1] in signal.text
    assert asks(one(plain(f"Please unsubscribe me.\n\n{footer}"))) == "opt_out"


def test_what_a_mailing_list_says_of_leaving_it_is_no_doubt() -> None:
    text = "Yes, Tuesday works.\n\n-- \nTo unsubscribe from this group send an email to sales+unsubscribe@acme.test."
    assert one(plain(text, List_Id="<sales.acme.test>")).text == "Yes, Tuesday works."


# --- who wrote it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Anna @ Müller", "Müller, Ann", "Müller (Ann", 'Jörg "Jo', "Ann; Lee", ":-) Ann", "é@a.test,"]
)
def test_no_sign_in_an_encoded_name_is_part_of_an_address(name: str) -> None:
    written = Header(name, "utf-8").encode()
    assert one(f"From: {written} <ann@lead.test>\n\nHi").sender == "ann@lead.test"


def test_an_address_in_an_encoded_name_is_nobodys() -> None:
    raw = "From: =?utf-8?q?ann=40lead.test=2C?= <eve@other.test>\nTo: {}\n\nunsubscribe"
    assert one(raw.format("x@acme.test")).sender == "eve@other.test"
    assert (
        one(raw.format(f"=?utf-8?q?{VERP.replace('+', '=2B').replace('@', '=40')}=2C?= <x@acme.test>")).touch_id == ""
    )


# --- whatever comes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b" \r\n ", b"no headers at all", b"\x00\xff" * 50, b"Subject: x\n\nno sender"])
def test_what_is_no_mail_is_told_as_such(raw: bytes) -> None:
    with pytest.raises(BadCallback):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.test\nContent-Type: text/plain; charset=nonsense\n\nHi \xe9",
        b"From: a@b.test\nContent-Type: text/plain; charset=utf-16\n\nHi",
        b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x",
        b"From: a@b.test\nContent-Type: multipart/mixed\n\nHi",
        b"From: a@b.test\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"From: =?nonsense?q?a?= <a@b.test>\nSubject: =?utf-8?b?%%?=\n\nHi",
        b"From: a@b.test\nDate: 99 Foo 2026 99:99\n\nI am away until Monday",
        b"From: \xe9 <a@b.test>\nSubject: \xff\xfe\n\nHi",
        b"From: a@b.test\n\n" + b"x" * 5_000_000,
        b"From: a@b.test\n\n" + b"> " * 500_000,
        b"From: a@b.test\n" + b"X: y\n" * 20_000 + b"\nHi",
        b"From: a@b.test\nContent-Type: text/html\n\n" + b"<div>" * 100_000,
    ],
    ids=range(12),
)
def test_broken_and_huge_mails_are_read_as_far_as_they_go(raw: bytes) -> None:
    assert one(raw).sender == "a@b.test"


def test_of_a_report_on_thousands_of_recipients_the_first_are_told() -> None:
    block = "Final-Recipient: rfc822; ann@lead.test\nAction: failed\nStatus: 5.1.1\n\n"
    many = read(report(block * 3_000))
    assert [signal.touch_id for signal in many] == [touch(1)] * MOST_REPORTS
    assert len({signal.key for signal in many}) == MOST_REPORTS


def test_of_a_mail_that_was_cut_before_its_words_a_person_is_told() -> None:
    head = b"From: ann@lead.test\nSubject: %s\nContent-Type: multipart/mixed; boundary=x\n\n"
    photo = b"--x\nContent-Type: image/jpeg\nContent-Disposition: inline\n\n" + b"A" * MOST_BYTES + b"\n"
    words = b"--x\nContent-Type: text/plain\n\nPlease unsubscribe me\n--x--\n"
    signal = one(head % b"Re: Photos" + photo + words)
    assert signal.text == CUT
    assert asks(signal) == "reply"
    assert asks(one(head % b"Unsubscribe" + photo + words)) == "opt_out"
    assert one(head % b"Re: Photos" + words[:-6] + photo).text == "Please unsubscribe me"


def test_a_header_of_any_part_is_read_up_to_a_bound() -> None:
    many = b'Content-Type: text/plain; x="' + b"; \n " * 50_000 + b'"\n'
    letter = Letter(b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + many + b"\nHi\n--x--\n")
    written = str(letter.part("text/plain")["Content-Type"])  # type: ignore[index]
    assert written.count(";") < MOST_PARAMETERS
    assert len(written) <= LONGEST_SOURCE
    assert letter.text() == "Hi"
    assert len(str(Letter(b"To: " + b"a@b.test, " * 50_000 + b"\n\nHi").top["To"])) <= LONGEST_SOURCE


def test_the_detectors_of_odd_bounces_see_the_beginning_of_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def see(mail: Message) -> tuple[set[bytes], set[bytes]]:
        seen.append(mail.as_bytes())
        return set(), set()

    monkeypatch.setattr("warmline.channels.email.reading.report.all_failures", see)
    for body in (b"\n" * 800_000, b"x" * 800_000):
        one(b"From: MAILER-DAEMON@lead.test\nReturn-Path: <>\nSubject: failure\n\n" + body)
    assert all(len(mail) <= MOST_TOLD and mail.count(b"\n") <= MOST_LINES for mail in seen)
    assert len(seen) == 2


def test_a_character_set_of_programs_is_none_of_a_mail() -> None:
    assert one(b"From: a@b.test\nContent-Type: text/plain; charset=punycode\n\nHi-there").text == "Hi-there"


HOSTILE = """
from datetime import datetime, UTC
from warmline.channels.email.inbound import read_mail
prose = b"On Monday we looked at the roof. Once the snow is gone we go on with it. "
for kind, body in (
    (b"text/plain", prose * 250),
    (b"text/plain", b"On " * 6_000),
    (b"text/html", b"<a " * 33_000),
    (b'text/plain; x="' + b";" * 160_000, b"Hi"),
    (b"text/plain", b"\\n" * 800_000),
):
    head = b"From: MAILER-DAEMON@lead.test\\nReturn-Path: <>\\nSubject: hi\\nContent-Type: "
    read_mail(head + kind + b"\\n\\n" + body, b"key", {}, datetime.now(UTC))
"""


@pytest.mark.slow
def test_no_mail_stops_the_process_for_long() -> None:
    """Together these took some minutes."""
    subprocess.run([sys.executable, "-c", HOSTILE], check=True, timeout=60)


@given(raw=st.binary(max_size=600))
def test_nothing_that_a_stranger_sends_raises_anything_else(raw: bytes) -> None:
    for content in (raw, b"From: a@b.test\n" + raw, (MAILS / "dsn-postfix-failed-5.1.1.eml").read_bytes()[:900] + raw):
        with suppress(BadCallback):
            assert all(signal.key.startswith("mail:") for signal in read(content))
