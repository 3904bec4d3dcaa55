from __future__ import annotations

from pathlib import Path

import psycopg

from tests.cli.conftest import Run
from warmline.store import sign_ins
from warmline.store.clock import real_now


def link(text: str) -> str:
    return text.strip().splitlines()[-1]


def test_the_link_signs_in_the_first_manager_once(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    said = run("sign-in", "--dir", acme)
    assert said.out.startswith("For Kim Ito (manager), once, within 30 minutes:\n")
    base, _, token = link(said.out).rpartition("/")
    assert base == "http://127.0.0.1:8000/sign-in"
    person = sign_ins.use(conn, token, real_now())
    assert person is not None
    assert person.key == "kim"
    assert sign_ins.use(conn, token, real_now()) is None


def test_a_person_can_be_named(run: Run, acme: Path, conn: psycopg.Connection) -> None:
    run("apply", acme)
    assert run("sign-in", "jo", "--dir", acme).out.startswith("For Jo Park (rep)")


def test_somebody_unknown_gets_the_list(run: Run, acme: Path) -> None:
    run("apply", acme)
    said = run("sign-in", "bob", "--dir", acme)
    assert said.code == 1
    assert said.err == "error: There is no person bob. There are: sam, jo, kim.\n"
