from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_starter_workspace_has_no_problems(run: Run, acme: Path) -> None:
    said = run("check", acme)
    assert (said.code, said.err) == (0, "")
    assert said.out == "No problems in 11 playbooks.\n"


def test_every_error_comes_with_its_place_and_what_to_write(run: Run, acme: Path) -> None:
    spoil(acme / "playbooks/pricing.yaml", "sms", "smz")
    spoil(acme / "playbooks/demo.yaml", "rank: ", "rnak: ")
    said = run("check", acme)
    assert said.code == 1
    first, second = said.err.splitlines()
    assert first.startswith(f"{acme}/playbooks/demo.yaml:")
    assert "error: `rnak` is not a key of enroll. Did you mean rank?" in first
    assert "Did you mean sms?" in second
    assert said.out == "2 errors in 11 playbooks.\n"


def test_one_file_is_checked_with_its_workspace_and_only_its_problems_are_shown(run: Run, acme: Path) -> None:
    spoil(acme / "playbooks/pricing.yaml", "template: ack", "template: akc")
    spoil(acme / "playbooks/demo.yaml", "team: sales", "team: slaes")
    said = run("check", acme / "playbooks/demo.yaml")
    assert said.code == 1
    assert "slaes" in said.err
    assert "akc" not in said.err


def test_a_keyword_that_is_heard_as_an_opt_out_is_told_with_its_place_and_what_to_write(run: Run, acme: Path) -> None:
    text = (acme / "warmline.toml").read_text()
    table = '[sources.sign]\nevent = "keyword.received"\nkeywords = ["ROOF", "Cancel!"]\n'
    (acme / "warmline.toml").write_text(f"{text}\n{table}")
    said = run("check", acme)
    line = text.count("\n") + 4
    assert said.code == 1
    assert (
        f"{acme}/warmline.toml:{line}:1: error: `sources.sign.keywords` names Cancel!, which is heard as an opt-out, and never "
        'as a keyword. Tell people to text a word that asks for nothing else: keywords = ["QUOTE"].\n'
    ) in said.err
    assert "ROOF, which" not in said.err


def test_a_missing_path_is_named(run: Run, tmp_path: Path) -> None:
    said = run("check", tmp_path / "nowhere")
    assert said.code == 1
    assert f"There is no {tmp_path}/nowhere" in said.err


def test_a_folder_that_is_no_workspace_says_how_to_make_one(run: Run, tmp_path: Path) -> None:
    said = run("check", tmp_path)
    assert said.code == 1
    assert "warmline init DIR" in said.err


def test_a_file_that_is_not_text_is_named(run: Run, acme: Path) -> None:
    (acme / "templates/ack.txt").write_bytes(b"\xff\xfe\x00")
    said = run("check", acme)
    assert said.code == 1
    assert "ack.txt is not UTF-8 text" in said.err


def test_a_channel_that_could_not_be_built_is_told_with_its_line(run: Run, acme: Path) -> None:
    smtp = """[channels.email]
provider = "smtp"
host = "127.0.0.1"
password = "env:NOT_SET_HERE"
user = "acme"

[channels.email.inbox]
host = "imap.acme.test"
user = "sam"
password = "env:NOT_SET_HERE_EITHER"
tls = "none"

[channels.elsewhere]"""
    text = (acme / "warmline.toml").read_text()
    before, _, rest = text.partition("[channels.email]")
    (acme / "warmline.toml").write_text(
        before + smtp.removesuffix("[channels.elsewhere]") + rest[rest.index("from = ") :]
    )
    text = (acme / "warmline.toml").read_text().replace(rest[rest.index("from = ") :].splitlines()[0], "", 1)
    text = text.replace('provider = "smtp"', 'provider = "smtp"\nfrom = "Sam <sam@acme.test>"')
    (acme / "warmline.toml").write_text(text.replace("\nrate = 20", "", 1))
    said = run("check", acme)
    assert said.code == 1
    line = next(number for number, one in enumerate(text.splitlines(), 1) if one == 'tls = "none"')
    assert (
        f"warmline.toml:{line}:1: error: [channels.email.inbox] tls: would send the password in the clear." in said.err
    )
    assert 'Write tls = "tls" or tls = "starttls".' in said.err
