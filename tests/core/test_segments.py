"""Segments as carriers count them, against Twilio's own counter (sms-segments-calculator) as judge."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import starter_files
from warmline.core.bundle import read_bundle
from warmline.core.length import PLAIN, in_plain, in_words, odd_characters, segments

NPM = Path(sys.prefix) / "npm"
JUDGE = """
const { SegmentedMessage } = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const judged = texts.map((text) => {
  const found = new SegmentedMessage(text, "auto");
  return [found.encodingName, found.segmentsCount, found.totalSize ? found.numberOfUnicodeScalars : 0];
});
process.stdout.write(JSON.stringify(judged));
"""
BASIC = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà"
EXTENSION = "^{}\\[~]|€"
ODD = "’“”–…ë日✓👍"


@pytest.mark.slow
def test_twilios_own_counter_says_the_same_of_two_thousand_texts() -> None:
    dice = random.Random(11)
    texts = ["a" * 160, "a" * 161, "€" * 80, "€" * 81, "a" * 152 + "€" + "a" * 10, "日" * 70, "日" * 71, "👍" * 35]
    texts += ["日" * 66 + "👍" + "日" * 10, "this is a " + "]" * 75 + "😘"]  # the last: their issue 18
    for alphabet in (BASIC, BASIC + EXTENSION, EXTENSION, BASIC + EXTENSION + ODD, ODD):
        texts += [
            "".join(dice.choices(alphabet, k=dice.choice((1, 60, 70, 75, 140, 155, 165, 310, 460)))) for _ in range(400)
        ]
    node = shutil.which("node")
    assert node is not None, "Node is missing: ./run test installs it"
    done = subprocess.run(
        [node, "-e", JUDGE], input=json.dumps(texts), capture_output=True, text=True, check=True, cwd=NPM
    )
    ours = [({"gsm7": "GSM-7", "ucs2": "UCS-2"}[size.encoding], size.count) for size in map(segments, texts)]
    theirs = [(encoding, count) for encoding, count, _ in json.loads(done.stdout)]
    assert [(text, a, b) for text, a, b in zip(texts, ours, theirs, strict=True) if a != b] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 132, "1 text, GSM-7, 28 characters left"),
        ("a" * 159, "1 text, GSM-7, 1 character left"),
        ("a" * 161, "2 texts, GSM-7, 145 characters left"),
        ("It’s", "1 text, UCS-2 because of `’` (U+2019 right single quotation mark), 66 characters left"),
        ("a\u00a0b", "1 text, UCS-2 because of (U+00A0 no-break space), 67 characters left"),
        ("", "0 texts, GSM-7, 160 characters left"),
    ],
)
def test_the_size_of_a_text_is_told_in_words(text: str, words: str) -> None:
    assert in_words(segments(text)) == words


def test_an_escape_is_not_split_and_leaves_a_unit_unused() -> None:
    size = segments("a" * 152 + "€" + "a" * 10)
    assert (size.units, size.count, size.left) == (164, 2, 141)


def test_every_letter_of_typesetting_has_an_equal_that_costs_no_more() -> None:
    for char, plain in PLAIN.items():
        assert odd_characters(char) == (char,)
        assert odd_characters(plain) == ()
    assert in_plain("“It’s” 👍 – ok…") == '"It\'s"  - ok...'


def test_check_names_the_one_character_that_makes_a_text_longer_with_its_place() -> None:
    files = starter_files()
    body = files["templates/ack.txt"]
    files["templates/ack.txt"] = body.replace("I'll", "I’ll")
    line = next(number for number, row in enumerate(body.splitlines(), 1) if "I'll" in row)
    column = body.splitlines()[line - 1].index("I'll") + 2
    (problem,) = read_bundle(files).problems
    assert str(problem) == (
        f"templates/ack.txt:{line}:{column}: warning: `’` (U+2019 right single quotation mark) makes it 3 texts long"
        " instead of 1. Write ' instead."
    )


def test_a_character_that_a_variable_brings_is_told_as_such() -> None:
    files = starter_files()
    files["warmline.toml"] = files["warmline.toml"].replace('name = "Acme Roofing"', 'name = "Zoë’s Roofing"')
    told = [str(problem) for problem in read_bundle(files).problems if problem.path == "templates/nudge.txt"]
    assert [one for one in told if "which comes from a variable" in one]
