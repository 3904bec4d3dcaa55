"""A person's own words among what their mail program, their company and we put into their mail."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.channels.conformance import KEY, PUBLIC, touch
from warmline import rules
from warmline.channels.email.html import mail_html, mail_text
from warmline.channels.email.reading.page import page_text
from warmline.channels.email.reading.words import read_words
from warmline.channels.email.tokens import sign_touch
from warmline.core import replies

YES = "Yes, Tuesday at 10 would be great for us."
WAY_OUT = f"{PUBLIC}/u/{sign_touch(touch(1), 'unsubscribe', KEY)}"
TEXT = "Hi Ann,\n\nwhen suits you?\n\nSam"
PLACE = "1 Main St, Springfield"
WHO = "Sam at Acme <sam@acme.test>"
#: Our mail as programs write it below the head: its plain part, its HTML part with and without the link, and quoted.
OURS = {
    "plain": mail_text(TEXT, PLACE, WAY_OUT),
    "link": f"{TEXT}\n\n{PLACE}\n\nUnsubscribe<{WAY_OUT}>\n",
    "spaced link": f"{TEXT}\n\n{PLACE}\n\nUnsubscribe <{WAY_OUT}>\n",
    "word": f"{TEXT}\n\n{PLACE}\n\nUnsubscribe\n",
    "marked": "".join(f"> {line}\n" for line in mail_text(TEXT, PLACE, WAY_OUT).splitlines()),
}
HEADS = {
    "outlook en": f"From: {WHO}\nSent: Thursday, December 3, 2026 10:12 AM\nTo: Ann <ann@lead.test>\nSubject: Roof\n\n",
    "outlook bold": f"*From:* {WHO}\n*Sent:* Thursday, December 3, 2026 10:12 AM\n*To:* Ann\n*Subject:* Roof\n\n",
    "outlook de": f"Von: {WHO}\nGesendet: Donnerstag, 3. Dezember 2026 10:12\nAn: Ann\nBetreff: Roof\n\n",
    "outlook fr": f"De : {WHO}\nEnvoyé : jeudi 3 décembre 2026 10:12\nÀ : Ann\nObjet : Roof\n\n",
    "outlook fr narrow": f"De\u00a0: {WHO}\nEnvoyé\u00a0: jeudi 3 décembre 2026 10:12\nÀ\u00a0: Ann\nObjet\u00a0: Roof\n\n",
    "outlook es": f"De: {WHO}\nEnviado el: jueves, 3 de diciembre de 2026 10:12\nPara: Ann\nAsunto: Roof\n\n",
    "outlook pt": f"De: {WHO}\nEnviada em: quinta-feira, 3 de dezembro de 2026 10:12\nPara: Ann\nAssunto: Roof\n\n",
    "outlook it": f"Da: {WHO}\nInviato: giovedì 3 dicembre 2026 10:12\nA: Ann\nOggetto: Roof\n\n",
    "outlook nl": f"Van: {WHO}\nVerzonden: donderdag 3 december 2026 10:12\nAan: Ann\nOnderwerp: Roof\n\n",
    "outlook sv": f"Från: {WHO}\nSkickat: den 3 december 2026 10:12\nTill: Ann\nÄmne: Roof\n\n",
    "mail sv": f"Från: {WHO}\nDatum: torsdag 3 december 2026\nTill: Ann\n\n",
    "mail no": f"Fra: {WHO}\nDato: torsdag 3. desember 2026\nTil: Ann\n\n",
    "outlook pl": f"Od: {WHO}\nWysłano: czwartek, 3 grudnia 2026 10:12\nDo: Ann\nTemat: Roof\n\n",
    "outlook cs": f"Od: {WHO}\nOdesláno: čtvrtek 3. prosince 2026 10:12\nKomu: Ann\nPředmět: Roof\n\n",
    "outlook ru": f"От: {WHO}\nОтправлено: 3 декабря 2026 10:12\nКому: Ann\nТема: Roof\n\n",
    "outlook zh": f"发件人: {WHO}\n发送时间: 2026年12月3日 10:12\n收件人: Ann\n主题: Roof\n\n",
    "outlook ja": f"差出人: {WHO}\n送信日時: 2026年12月3日 10:12\n宛先: Ann\n件名: Roof\n\n",
    "outlook tr": f"Kimden: {WHO}\nGönderildi: 3 Aralık 2026 Perşembe 10:12\nKime: Ann\nKonu: Roof\n\n",
    "outlook ios": f"Get Outlook for iOS<https://aka.ms/o0ukef>\n{'_' * 32}\nFrom: {WHO}\nSent: Thursday\n\n",
    "web.de": 'Gesendet: Donnerstag, 03. Dezember 2026 um 10:12 Uhr\nVon: "Sam" <sam@acme.test>\nAn: Ann\nBetreff: Roof\n',
    "notes": 'From:\t"Sam at Acme" <sam@acme.test>\nTo:\tann@lead.test\nDate:\t12/03/2026 10:12 AM\n\n',
    "iphone en": f"On Dec 3, 2026, at 10:12 AM, {WHO} wrote:\n\n",
    "gmail wrapped": "On Thu, Dec 3, 2026 at 10:12 AM Sam at Acme Roofing and Sons <\nsam@acme.test> wrote:\n\n",
    "gmail long": "On Thu, Dec 3, 2026 at 10:12 AM Sam at Acme of Springfield <\nreply+1@reply.acme.test>\nwrote:\n\n",
    "gmail de": f"Am Do., 3. Dez. 2026 um 10:12 Uhr schrieb {WHO}:\n\n",
    "thunderbird de": "Am 03.12.26 um 10:12 schrieb Sam at Acme:\n",
    "gmail fr": f"Le jeu. 3 déc. 2026 à 10:12, {WHO} a écrit :\n\n",
    "iphone fr": f"Le 3 déc. 2026 à 10:12, {WHO} a écrit\u202f:\n\n",
    "gmail es": "El jue, 3 dic 2026 a las 10:12, Sam at Acme (<sam@acme.test>) escribió:\n\n",
    "gmail it": f"Il giorno gio 3 dic 2026 alle ore 10:12 {WHO} ha scritto:\n\n",
    "gmail pt": f"Em qui., 3 de dez. de 2026 às 10:12, {WHO} escreveu:\n\n",
    "gmail nl": f"Op do 3 dec 2026 om 10:12 schreef {WHO}:\n\n",
    "gmail sv": f"Den tors 3 dec. 2026 kl 10:12 skrev {WHO}:\n\n",
    "gmail pl": f"czw., 3 gru 2026 o 10:12 {WHO} napisał(a):\n\n",
    "gmail ru": f"чт, 3 дек. 2026 г. в 10:12, {WHO}:\n\n",
    "gmail tr": f"{WHO}, 3 Ara 2026 Per, 10:12 tarihinde şunu yazdı:\n\n",
    "gmail ja": f"2026年12月3日(木) 10:12 {WHO}:\n\n",
    "zoho": f"---- On Thu, 03 Dec 2026 10:12:00 +0000 {WHO} wrote ----\n\n",
    "proton old": f"‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Thursday, December 3rd, 2026 at 10:12, {WHO} wrote:\n\n",
    "samsung es": f"-------- Mensaje original --------\nDe: {WHO}\nFecha: 3/12/26 10:12\nA: ann@lead.test\n\n",
    "apple forward": f"Begin forwarded message:\n\nFrom: {WHO}\nSubject: Roof\nDate: December 3, 2026\nTo: Ann\n\n",
}  # fmt: skip


def asks(text: str) -> str:
    return replies.read(text, rules.opt_out_words()).kind


@pytest.mark.parametrize("ours", OURS.values(), ids=list(OURS))
@pytest.mark.parametrize("head", HEADS.values(), ids=list(HEADS))
def test_of_an_answer_to_our_mail_only_the_answer_is_kept(head: str, ours: str) -> None:
    words = read_words(f"{YES}\n\n{head}{ours}")
    assert words.own == YES
    assert asks(words.below) == "reply"


@pytest.mark.parametrize("ours", ["plain", "link", "spaced link"])
def test_our_footer_opts_nobody_out_below_a_head_that_nobody_knows(ours: str) -> None:
    words = read_words(f"{YES}\n\nSam at Acme skribis:\n\n{OURS[ours]}")
    assert asks(words.own) == asks(words.below) == "reply"


def test_our_footer_is_known_in_html_and_behind_a_filter_of_links() -> None:
    page = page_text(f"<p>{YES}</p><p>Sam skribis:</p>" + mail_html(TEXT, "Roof", PLACE, WAY_OUT))
    filtered = quote(WAY_OUT, safe="")
    behind = f"{YES}\n\nSam skribis:\n\nUnsubscribe<https://safe.test/?url={filtered}&data=05>"
    for text in (page, behind):
        assert asks(read_words(text).own) == "reply"


def test_the_word_of_our_footer_without_its_link_is_a_doubt_below_more_than_an_answer() -> None:
    assert read_words(f"{YES}\n\nSam skribis:\n\n{OURS['word']}").below == "Unsubscribe"
    for own in ("Unsubscribe", "Hi Sam,\n\nUnsubscribe", "Hi,\n\nUnsubscribe\n\nThanks,\nAnn"):
        assert asks(read_words(own, "Ann").own) == "opt_out"


@pytest.mark.parametrize(
    "text",
    [
        f"Please unsubscribe me: {WAY_OUT}",
        f"The link {WAY_OUT} does not work.\nTake me off your list.",
        f"{WAY_OUT}\nIt does not work. Take me off your list.",
        f"\nUnsubscribe: {WAY_OUT}\nPlease do that for me.",
        "Thanks Sam.\n\nPlease unsubscribe me.\n\nAnn",
        "Thanks,\nplease take me off your list",
        "Two things:\n- who are you\n- please unsubscribe me",
        "I moved from:\nMain St to:\nOak St. Please unsubscribe me",
    ],
)
def test_an_opt_out_in_their_own_words_is_kept(text: str) -> None:
    assert asks(read_words(text, "Ann Lee ann").own) == "opt_out"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Hi Sam,\n\nOn Thu, Dec 3, 2026 at 10:12 AM Sam <s@a.test> wrote:\n> When?\n\nPlease unsubscribe me.",
         "Hi Sam,\nPlease unsubscribe me."),
        ("See below.\n\nOn Thu, Dec 3, 2026 at 10:12 AM Sam <s@a.test> wrote:\n> When?\nTuesday.\n> Sam\n",
         "See below.\nTuesday."),
        ("See below.\nThanks\nAnn\n\nOn 3/12/26 10:12, Sam wrote:\n> When?\nTuesday.\n> Sam\n", "See below.\nTuesday."),
        (f"{YES}\n\n> Hi Ann,\n> Unsubscribe:\n{WAY_OUT}\n\nAnd on Friday.", f"{YES}\nAnd on Friday."),
        ("Yes\n\n| Hi Ann\n| Unsubscribe", "Yes"),
        ("From: Main St\nTo: Oak St\nDate: 3 May", "From: Main St\nTo: Oak St\nDate: 3 May"),
        ("Yes at 10:00.\nOn Tue, Nov 24, 2026 at 9:00 AM Acme <a@acme.test> wrote:\n> Hi", "Yes at 10:00."),
        ("Yes.\n\nOn Thursday, December 3, 2026 at\n10:12 AM Sam <s@a.test> wrote:\n> Hi", "Yes."),
        ("Call me tomorrow.\n\nAnn Lee\nHead of Roofs", "Call me tomorrow."),
        ("Call me tomorrow.\n\nCordialement,\nAnn", "Call me tomorrow."),
        ("No\nThanks", "No\nThanks"),
        ("Sent from my iPhone\n\nTuesday works", "Tuesday works"),
    ],
)  # fmt: skip
def test_what_is_theirs_is_kept_wherever_it_stands(text: str, own: str) -> None:
    assert read_words(text, "Ann Lee").own == own


def test_below_the_head_of_a_mail_that_nobody_marked_an_opt_out_may_be_theirs() -> None:
    words = read_words(f"-----Original Message-----\nFrom: Sam\n\n{TEXT}\n\nPlease unsubscribe me")
    assert words.own == ""
    assert asks(words.below) == "opt_out"


def test_a_sign_that_no_tag_ends_is_text() -> None:
    assert page_text("<p>3 < 4</p>" + "<a " * 3) == "3 < 4\n<a <a <a"
    assert page_text("<p>Hi<!-- <p>no --> Ann<!-- never closed <p>no") == "Hi Ann"


@pytest.mark.parametrize(
    "text",
    [
        f"{OURS['plain']}\nPlease unsubscribe me",
        f"{HEADS['outlook en']}{OURS['link']}\nPlease unsubscribe me",
        f"{HEADS['outlook en']}{OURS['plain']}\nPlease unsubscribe me",
        page_text(mail_html(TEXT, "Roof", PLACE, WAY_OUT).replace("</body>", "<p>Please unsubscribe me</p></body>")),
    ],
)
def test_below_our_own_footer_an_opt_out_may_be_theirs(text: str) -> None:
    assert asks(read_words(text, "Ann Lee").below) == "opt_out"


def test_of_a_thread_below_our_footer_nothing_is_theirs() -> None:
    thread = f"{HEADS['outlook en']}{OURS['plain']}\n{HEADS['outlook de']}Please unsubscribe me from the others\n"
    assert read_words(f"{YES}\n\n{thread}{OURS['link']}").below == ""
