"""Look-ups: one contract, two providers that keep it, and a file whose faults are named by their line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warmline.core.numbers import ANSWERS, LINES
from warmline.core.settings import LookUps
from warmline.lookups import build
from warmline.lookups.contract import LookUp, LookUpError
from warmline.lookups.file import FileLookUp, read_answers
from warmline.lookups.sandbox import SandboxLookUp

NOW = datetime(2026, 11, 26, tzinfo=UTC)
NUMBERS = ["+12125550191", "+12125550195", "+12125550100", "+442079460958"]
HEAD = "number,line,reassigned,asked_at\n"


def a_file(folder: Path, text: str) -> FileLookUp:
    (folder / "numbers.csv").write_text(text)
    return FileLookUp(folder / "numbers.csv")


@pytest.fixture(params=["sandbox", "file"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> LookUp:
    if request.param == "sandbox":
        return SandboxLookUp()
    return a_file(tmp_path, HEAD + "+12125550191,landline,no,2026-11-01\n212-555-0195,,yes,2026-11-02T10:00:00Z\n")


def test_every_number_gets_an_answer_of_the_closed_list_to_every_question(provider: LookUp) -> None:
    told = provider.ask(NUMBERS, ["line", "reassigned"], NOW)
    assert sorted((one.number, one.question) for one in told) == sorted(
        (number, question) for number in NUMBERS for question in ("line", "reassigned")
    )
    for one in told:
        assert one.answer in (LINES if one.question == "line" else ANSWERS)
        assert one.at.tzinfo is not None
    by = {(one.number, one.question): one.answer for one in told}
    assert (by["+12125550191", "line"], by["+12125550195", "reassigned"]) == ("landline", "yes")


def test_what_a_file_does_not_hold_it_does_not_know(tmp_path: Path) -> None:
    told = a_file(tmp_path, HEAD).ask(["+12125550100"], ["line", "reassigned"], NOW)
    assert [(one.question, one.answer) for one in told] == [("line", "unknown"), ("reassigned", "no_data")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line must name the columns"),
        ("phone,line\n", "first line must name the columns"),
        (HEAD + "hello,mobile,no,2026-11-01\n", "Line 2: 'hello' is no phone number"),
        ("number" + "x" * 200_000, "Line 1 is no CSV: field larger than field limit"),
        (HEAD + "+12125550100,mobile,no,2062-11-01\n", "Line 2: 2062-11-01 has not come yet"),
        (HEAD + "+12125550100,mobile,no,yesterday\n", "Line 2: 'yesterday' is no date"),
        (
            HEAD + "+12125550100,mobile,no,2026-11-01\n+12125550100,pigeon,no,2026-11-01\n",
            "Line 3: 'pigeon' is no answer",
        ),
    ],
)
def test_a_fault_of_a_file_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LookUpError, match=said):
        list(read_answers(text.splitlines(keepends=True), NOW))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(LookUpError, match="can't be read"):
        FileLookUp(tmp_path / "none.csv").ask(NUMBERS, ["line"], NOW)


def test_the_settings_name_the_provider(tmp_path: Path) -> None:
    assert build(LookUps(), tmp_path) is None
    assert isinstance(build(LookUps("sandbox"), tmp_path), SandboxLookUp)
    assert isinstance(build(LookUps("file", path="n.csv"), tmp_path), FileLookUp)


def test_a_line_that_can_not_be_read_is_told_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(LookUpError, match=r"numbers\.csv: Line 2: 'hello' is no phone number"):
        a_file(tmp_path, HEAD + "hello,mobile,no,2026-11-01\n").ask(NUMBERS, ["line"], NOW)


def test_a_day_that_has_begun_further_east_is_one_that_has_come(tmp_path: Path) -> None:
    told = a_file(tmp_path, HEAD + "+12125550100,mobile,no,2026-11-27\n").ask(["+12125550100"], ["line"], NOW)
    assert [one.answer for one in told] == ["mobile"]
