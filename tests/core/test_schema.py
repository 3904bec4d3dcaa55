import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

import warmline
from warmline.core.schema import json_schema, schema_text

COMMITTED = Path(__file__).parents[2] / "schema" / "playbook.schema.json"
PLAYBOOKS = sorted((Path(warmline.__file__).parent / "starter" / "playbooks").glob("*.yaml"))
REWRITE = "python -c 'import warmline.core.schema as s; print(s.schema_text(), end=\"\")' > schema/playbook.schema.json"


def load(source: str) -> Any:
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(source), default=str))


def test_the_committed_file_is_the_generated_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), REWRITE


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_starter_playbook_validates(path: Path) -> None:
    Draft202012Validator(json_schema()).validate(load(path.read_text(encoding="utf-8")))


def test_every_key_has_a_description_and_an_example_that_validates() -> None:
    schema = json_schema()
    seen = 0
    todo = [schema]
    while todo:
        node = todo.pop()
        for name, part in node.get("properties", {}).items():
            assert part.get("description"), name
            assert part.get("examples"), name
            for example in part["examples"]:
                Draft202012Validator({**part, "$defs": schema["$defs"]}).validate(example)
            seen += 1
        todo += [part for part in node.values() if isinstance(part, dict)]
        todo += [part for value in node.values() if isinstance(value, list) for part in value if isinstance(part, dict)]
        todo += [part for key in ("properties", "$defs") for part in node.get(key, {}).values()]
    assert seen > 20


@pytest.mark.parametrize(
    "change",
    [
        "name: X\nowner: {team: sales}\nsteps: {}\n",
        "name: X\nowner: {team: sales, person: sam}\nsteps: {a: {send: sms, template: a, at: now}}\n",
        "name: X\nowner: {team: sales}\nsteps: {a: {send: fax, template: a, at: now}}\n",
        "name: X\nowner: {team: sales}\nsteps: {a: {send: sms, template: a, at: tomorrow}}\n",
        "name: X\nowner: {team: sales}\nsteps: {a: {send: sms, template: a, at: now, attempts: 2}}\n",
        "name: X\nowner: {team: sales}\npromise: 5m\nsteps: {a: {send: sms, template: a, at: now}}\n",
    ],
)
def test_slips_are_red_while_one_types(change: str) -> None:
    assert not Draft202012Validator(json_schema()).is_valid(load(change))
