from __future__ import annotations

import pytest

from warmline.core.changes import NOTHING, Change, Diff, Texts, compare


def test_equal_texts_have_no_changes() -> None:
    texts = Texts({"a": {"b": 1}}, {"p": "x"}, {"t": "y"})
    assert compare(texts, Texts({"a": {"b": 1}}, {"p": "x"}, {"t": "y"})) == ()


def test_everything_is_added_to_nothing() -> None:
    found = compare(NOTHING, Texts({"a": {"b": 1}}, {"p": "x"}, {"t": "y"}))
    assert [(one.kind, one.name, one.what) for one in found] == [
        ("setting", "a.b", "added"),
        ("playbook", "p", "added"),
        ("template", "t", "added"),
    ]


def test_a_setting_is_named_by_its_key_with_dots() -> None:
    found = compare(Texts({"a": {"b": [1, 2]}}, {}, {}), Texts({"a": {"b": [1]}}, {}, {}))
    assert found == (Change("setting", "a.b", "changed", "@@ -1 +1 @@\n-[1,2]\n+[1]"),)


def test_a_person_is_one_change_however_much_of_them_changed() -> None:
    old = Texts({"people": {"sam": {"name": "Sam", "role": "rep"}}}, {}, {})
    new = Texts({"people": {"sam": {"name": "Samuel", "role": "manager"}}}, {}, {})
    assert [(one.kind, one.name, one.what) for one in compare(old, new)] == [("person", "sam", "changed")]


def test_a_changed_text_shows_its_lines() -> None:
    found = compare(Texts({}, {"p": "one\ntwo\n"}, {}), Texts({}, {"p": "one\nzwei\n"}, {}))
    assert found[0].diff.splitlines()[1:] == [" one", "-two", "+zwei"]


def test_what_is_gone_is_removed() -> None:
    assert [one.what for one in compare(Texts({}, {}, {"t": "x"}), NOTHING)] == ["removed"]


@pytest.mark.parametrize(
    ("diff", "is_news"),
    [
        (Diff("a", False, (), {}), False),
        (Diff("a", True, (), {}), True),
        (Diff("a", False, (), {"p": 2}), True),
        (Diff("a", False, (Change("setting", "x", "added"),), {}), True),
    ],
)
def test_a_diff_is_true_when_there_is_something_to_publish(diff: Diff, is_news: bool) -> None:
    assert bool(diff) is is_news
