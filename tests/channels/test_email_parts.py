import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import KEY, PUBLIC, message, touch
from warmline.channels.contract import Message
from warmline.channels.email.html import mail_html, mail_text
from warmline.channels.email.tokens import bounce_address, read_address, read_touch, reply_address, sign_touch
from warmline.channels.email.tracking import (
    HIDDEN_LINK,
    TrackedLink,
    link_url,
    open_url,
    read_link,
    read_open,
    track,
)
from warmline.core import visits

TOUCHES = st.builds(lambda lane, number: f"{lane}-{number:032x}", st.integers(0, 99999), st.integers(0, 2**128 - 1))
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@given(TOUCHES)
def test_a_return_address_names_its_touch_even_in_capitals_and_fits_a_local_part(touch_id: str) -> None:
    for address, kind in ((bounce_address, "bounce"), (reply_address, "reply")):
        written = address(touch_id, "acme.test", KEY)
        assert read_address(written.upper(), KEY) == (kind, touch_id)
        assert len(written.partition("@")[0]) <= 64


@given(TOUCHES, TOUCHES)
def test_a_token_is_good_for_one_touch_one_purpose_and_one_key(touch_id: str, other: str) -> None:
    signed = sign_touch(touch_id, "bounce", KEY)
    assert read_touch(signed, "reply", KEY) is None
    assert read_touch(signed, "bounce", b"another key") is None
    if other != touch_id:
        assert read_touch(f"{other}.{signed.rpartition('.')[2]}", "bounce", KEY) is None


@pytest.mark.parametrize(
    "address", ["", "sam@acme.test", "bounce+@acme.test", "bounce+x.y@acme.test", "+@", "reply+é@a.test"]
)
def test_another_address_names_no_touch(address: str) -> None:
    assert read_address(address, KEY) is None


@given(TOUCHES, st.integers(0, 255), st.text(max_size=60))
def test_a_tracked_link_leads_where_it_was_made_for(touch_id: str, index: int, path: str) -> None:
    link = TrackedLink(touch_id, index, f"https://acme.test/{path}")
    assert read_link(link_url(link, PUBLIC, KEY).removeprefix(f"{PUBLIC}/t/"), KEY) == link


@given(st.integers(0, 60), st.sampled_from("ABCxyz019-_"))
def test_a_changed_link_leads_nowhere(at: int, sign: str) -> None:
    token = link_url(TrackedLink(touch(1), 0, "https://acme.test/prices"), PUBLIC, KEY).rpartition("/")[2]
    changed = token[:at] + sign + token[at + 1 :]
    assert changed == token or read_link(changed, KEY) is None


@pytest.mark.parametrize("token", ["", "x", "é", "AAAA" * 20, "%%%", "=" * 9])
def test_garbage_leads_nowhere(token: str) -> None:
    assert read_link(token, KEY) is None
    assert read_open(token, KEY) is None


def test_an_open_names_its_touch_and_is_no_link() -> None:
    token = open_url(touch(9), PUBLIC, KEY).rpartition("/")[2]
    assert read_open(token, KEY) == touch(9)
    assert read_link(token.removesuffix(".gif"), KEY) is None


def tracked(text: str, html: str) -> Message:
    given_mail = Message(touch(1), "email", "a@lead.test", text, html=html, unsubscribe_url=f"{PUBLIC}/u/abc?x=1&y=2")
    return track(given_mail, PUBLIC, KEY, links=True, opens=True)


def test_links_are_rewritten_in_both_forms_with_the_same_number_and_nothing_else_changes() -> None:
    text = f"See https://acme.test/a?x=1&y=2, (https://acme.test/b). Leave: {PUBLIC}/u/abc?x=1&y=2"
    html = (
        '<p>x</p>\n<!-- <a href="https://acme.test/a">no</a> -->\n'
        '<a\n class=c href="https://acme.test/b">B</a> '
        "<A HREF='https://acme.test/a?x=1&amp;y=2' data-href=\"https://acme.test/z\">A</A> "
        f'<a href="mailto:s@acme.test">m</a> <a href="#top">t</a> <a href="{PUBLIC}/u/abc?x=1&amp;y=2">leave</a>'
    )
    mail = tracked(text, html)
    found = {read_link(token, KEY) for token in re.findall(re.escape(PUBLIC) + r"/t/([\w-]+)", mail.text)}
    assert found == {
        TrackedLink(touch(1), 0, "https://acme.test/a?x=1&y=2"),
        TrackedLink(touch(1), 1, "https://acme.test/b"),
    }
    assert {read_link(token, KEY) for token in re.findall(re.escape(PUBLIC) + r"/t/([\w-]+)", mail.html)} == found
    assert mail.text.endswith(f"Leave: {PUBLIC}/u/abc?x=1&y=2")
    assert re.sub(r"/t/[\w-]+", "", mail.text).startswith(f"See {PUBLIC}, ({PUBLIC}). ")
    for kept in ('<!-- <a href="https://acme.test/a">no</a> -->', 'data-href="https://acme.test/z"', "mailto:", "#top"):
        assert kept in mail.html
    assert f'<a href="{PUBLIC}/u/abc?x=1&amp;y=2">leave</a>' in mail.html


def test_the_pixel_stands_before_the_end_of_the_body_and_only_in_html() -> None:
    mail = tracked("Hi", "<html><body><p>Hi</p></body></html>")
    assert re.search(r'<p>Hi</p><img src="[^"]+/o/[\w-]+\.gif" [^>]*alt=""[^>]*></body></html>$', mail.html)
    assert tracked("Hi", "").html == ""


def test_tracking_twice_changes_links_once() -> None:
    once = track(message("email", text="https://acme.test/a"), PUBLIC, KEY, links=True, opens=False)
    assert track(once, PUBLIC, KEY, links=True, opens=False) == once


def test_the_hidden_link_is_first_in_the_body_and_says_nothing_to_anybody() -> None:
    given_mail = message("email", text="https://acme.test/a")
    html = '<html><body style="margin:0"><p><a href="https://acme.test/a">A</a></p></body></html>'
    mail = track(replace(given_mail, html=html), PUBLIC, KEY, links=True, opens=True, hidden=True)
    trap = r'<body style="margin:0"><a href="([^"]+)" style="display:none" tabindex="-1" aria-hidden="true"></a><p>'
    found = re.search(trap, mail.html)
    assert found is not None
    assert read_link(found[1].rpartition("/")[2], KEY) == TrackedLink(touch(1), HIDDEN_LINK, f"{PUBLIC}/")
    assert str(HIDDEN_LINK) == visits.HIDDEN
    assert mail.text.count("/t/") == 1


def test_without_tracked_links_or_a_html_part_there_is_no_hidden_link() -> None:
    for html, links in (("", True), ("<p>Hi</p>", False)):
        mail = track(replace(message("email"), html=html), PUBLIC, KEY, links=links, opens=False, hidden=True)
        assert "/t/" not in mail.html


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - HTMLParser's name
        self.seen.append(tag)


@given(st.text(st.sampled_from("<>&\"' ab/=\n:script."), max_size=80))
def test_no_text_becomes_markup(text: str) -> None:
    tags = Tags()
    tags.feed(mail_html(text, text, text, "https://acme.test/u/1"))
    allowed = ["html", "head", "meta", "meta", "title", "body", "div", "p", "br", "a", "footer"]
    assert set(tags.seen) <= set(allowed)
    assert "img" not in tags.seen


def test_the_html_form_has_language_title_links_and_the_way_out() -> None:
    html = mail_html(
        "Hi Zoë,\n\nprices: https://acme.test/p?a=1&b=2.\nSam",
        "Prices & more",
        "Acme\n1 Main St",
        "https://acme.test/u/1",
    )
    assert '<html lang="en">' in html
    assert "<title>Prices &amp; more</title>" in html
    assert 'href="https://acme.test/p?a=1&amp;b=2"' in html
    assert "Acme<br>1 Main St" in html
    assert 'href="https://acme.test/u/1"' in html
    assert unescape(html).count("https://acme.test/p?a=1&b=2") == 2
    assert "<footer" not in mail_html("Hi", "s", "", "")


def test_the_text_form_ends_with_the_address_and_the_way_out() -> None:
    assert mail_text("Hi\n\n", "1 Main St", "https://a.test/u/1") == (
        "Hi\n\n-- \n1 Main St\nUnsubscribe: https://a.test/u/1\n"
    )
    assert mail_text("Hi", "", "") == "Hi\n"
