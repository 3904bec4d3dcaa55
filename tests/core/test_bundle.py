from __future__ import annotations

import pytest

from tests.builders import starter_files
from warmline.core.bundle import key_of, read_bundle


def test_the_starter_workspace_reads_whole() -> None:
    found = read_bundle(starter_files())
    assert found.bundle is not None
    assert found.problems == []
    assert len(found.bundle.playbooks) == 11
    assert found.bundle.key == "acme-roofing"


def test_a_playbook_comes_with_the_texts_of_the_templates_it_uses_and_no_others() -> None:
    found = read_bundle(starter_files()).bundle
    assert found is not None
    playbook = found.playbooks["pricing"]
    texts = found.texts_of(playbook)
    assert texts.keys() == playbook.templates()
    assert texts["ack"] == starter_files()["templates/ack.txt"]


def test_problems_of_every_file_come_at_once() -> None:
    files = starter_files()
    files["playbooks/demo.yaml"] = "name: ["
    files["templates/ack.txt"] = "no head"
    files["warmline.toml"] = files["warmline.toml"].replace("[caps]", "[cups]")
    found = read_bundle(files)
    assert found.bundle is None
    assert {problem.path for problem in found.problems} == {
        "playbooks/demo.yaml",
        "templates/ack.txt",
        "warmline.toml",
    }


def test_a_file_that_is_right_is_not_blamed_for_one_that_can_not_be_read() -> None:
    files = starter_files()
    files["templates/ack.txt"] = "no head"
    assert {problem.path for problem in read_bundle(files).problems} == {"templates/ack.txt"}


def test_a_folder_without_settings_is_no_workspace() -> None:
    found = read_bundle({"playbooks/demo.yaml": starter_files()["playbooks/demo.yaml"]})
    assert found.bundle is None
    assert [problem.path for problem in found.problems] == ["warmline.toml"]


def test_other_files_of_the_folder_are_left_alone() -> None:
    files = {**starter_files(), "README.md": "x", "forms/a.html": "x", "playbooks/old/demo.yaml": "["}
    assert read_bundle(files).problems == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme Roofing", "acme-roofing"),
        ("  Acme & Söhne, Inc. ", "acme-sohne-inc"),
        ("株式会社", "682a-5f0f-4f1a-793e"),
    ],
)
def test_a_workspace_is_known_by_its_name_in_plain_letters(name: str, key: str) -> None:
    assert key_of(name) == key
