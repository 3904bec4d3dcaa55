"""What comes with a text, in words."""

import pytest

from warmline.core.media import Media, is_link, told


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("image/jpeg", "a picture (image/jpeg)"),
        ("video/mp4", "a video (video/mp4)"),
        ("audio/amr", "a sound (audio/amr)"),
        ("text/vcard", "a file (text/vcard)"),
        ("", "a file"),
    ],
)
def test_a_file_is_told_by_its_kind(type_: str, words: str) -> None:
    assert Media("https://x.test/1", type_).words == words


def test_what_came_stands_behind_what_was_written() -> None:
    media = [{"url": "https://x.test/1", "type": "image/jpeg"}, {"url": "https://x.test/2", "type": "application/pdf"}]
    sent = "sent a picture (image/jpeg), a file (application/pdf)"
    assert told({"text": "Like this", "media": media}) == f"Like this; {sent}"
    assert told({"text": "", "media": media}) == sent
    assert told({"text": "Like this"}) == told({"text": "Like this", "media": None}) == "Like this"


@pytest.mark.parametrize(("url", "is_it"), [("https://a.test/1", True), ("javascript:x", False), ("", False)])
def test_only_an_address_of_the_web_is_a_link(url: str, is_it: bool) -> None:
    assert is_link(url) is is_it
