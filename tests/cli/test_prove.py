from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import Said
from tests.cli.test_check import spoil
from tests.rehearsal.trials import forgets
from warmline.cli import app
from warmline.cli.init import make_starter
from warmline.rehearsal.watch import PROPERTIES

#: The module: `warmline.cli.prove` is the command by now.
module = sys.modules["warmline.cli.prove"]

FEW = ("--events", "1", "--worlds", "new-york.holiday,paris.workday")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prove") / "acme"
    make_starter(folder)
    return folder


def run(*arguments: object) -> Said:
    result = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def test_a_playbook_that_breaks_nothing_is_proved_within_bounds_with_what_was_walked(acme: Path) -> None:
    said = run("prove", "pricing", "--workspace", acme, *FEW)
    assert (said.code, said.err) == (0, "")
    first, *rest = said.out.splitlines()
    assert first == "Proved within bounds: pricing in 2 worlds, whatever happens, up to 1 event on a path."
    assert [line.strip() for line in rest[:-1]] == list(PROPERTIES.values())
    assert " states, " in rest[-1]
    assert "that was not walked." in rest[-1]


def test_a_playbook_may_be_named_by_its_file(acme: Path) -> None:
    said = run("prove", acme / "playbooks/slow-nurture.yaml", *FEW)
    assert said.code == 0
    assert said.out.startswith("Proved within bounds: slow-nurture")


def test_what_breaks_is_told_as_a_story_with_what_the_gate_had_found(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "walk", partial(module.walk, gate=forgets("human_live")))
    said = run("prove", "pricing", "--workspace", acme, "--events", "2", "--worlds", "new-york.workday.written")
    assert said.code == 1
    assert said.out.startswith(
        "Broken: pricing in the world new-york.workday.written. The property: nothing goes out by"
    )
    assert "The shortest story, by the lead's clock; 2 events in it:" in said.out
    assert " 09:00  lead      comes in from New York: form.submitted\n" in said.out
    assert " GOES OUT  ack by sms\n" in said.out
    assert "\nA text goes out, although a person has talked to the lead.\n" in said.out
    assert "  pass   quiet hours                " in said.out


def test_json_is_the_answer_and_nothing_else(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(run("prove", "demo", "-d", acme, *FEW, "--json").out)
    assert (told["proved"], told["reached"], told["broken"]) == (True, 1, None)
    assert told["states"] == sum(one["states"] for one in told["worlds"]) > 100
    monkeypatch.setattr(module, "walk", partial(module.walk, gate=forgets("quiet_hours")))
    said = run("prove", "demo", "-d", acme, *FEW, "--json")
    assert said.code == 1
    assert json.loads(said.out)["broken"]["property"] == "window"


def test_when_the_time_is_up_it_says_how_far_it_got(acme: Path) -> None:
    said = run("prove", "slow-nurture", "--workspace", acme, "--worlds", "new-york", "--seconds", "2", "--events", "6")
    assert said.code == 0
    assert "The time was up before 6 events" in said.out
    said = run("prove", "pricing", "--workspace", acme, "--seconds", "0.001")
    assert said.code == 2
    assert "Not every world could be walked in 0.001 s. Write a higher --seconds" in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pricng",), "There is no playbook pricng. Did you mean pricing?"),
        (("nowhere/pricing.yaml",), "There is no nowhere/pricing.yaml."),
        (("pricing", "--worlds", "texaz"), "There is no world texaz. Did you mean texas?"),
        (("pricing", "--events", "9"), "Write a number from 0 to 6."),
        (("pricing", "--seconds", "0"), "Write a number above 0, such as 60."),
        (("pricing", "--seconds", "nan"), "Write a number above 0, such as 60."),
    ],
)
def test_bad_input_is_told_with_what_to_write(acme: Path, arguments: tuple[str, ...], said: str) -> None:
    told = run("prove", *arguments, "--workspace", acme)
    assert (told.code, told.out) == (2, "")
    assert said in told.err


def test_a_workspace_with_errors_is_not_walked_and_its_errors_are_shown(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    make_starter(folder)
    spoil(folder / "playbooks/demo.yaml", "sms", "smz")
    said = run("prove", "demo", "--workspace", folder)
    assert (said.code, said.out) == (2, "")
    assert "playbooks/demo.yaml:" in said.err
    assert "Did you mean sms?" in said.err
    assert "The workspace has errors, so nothing was walked." in said.err


def test_a_folder_that_is_no_workspace_and_a_file_that_is_in_none_are_named(tmp_path: Path) -> None:
    said = run("prove", "pricing", "--workspace", tmp_path)
    assert said.code == 2
    assert "There is no warmline.toml in" in said.err
    (tmp_path / "some.yaml").write_text("name: x\n")
    said = run("prove", tmp_path / "some.yaml")
    assert said.code == 2
    assert "is not in the folder playbooks of a workspace" in said.err
