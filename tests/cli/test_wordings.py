"""Ready words: one for whatever a rule may ask, filled in, and taken by `warmline check` as it stands."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from warmline import rules
from warmline.core.rulebook import ConsentRule
from warmline.core.settings import parse_settings


def test_there_are_ready_words_for_every_consent_that_a_law_may_ask() -> None:
    asked = {
        (channel, rule.asked)
        for pack in rules.packs().values()
        for rule in pack.rules
        if isinstance(rule, ConsentRule) and rule.allowed and rule.asked in ("express", "express_written")
        for channel in rule.channels
    }
    assert asked
    keys = {f"{channel}-{level.replace('_', '-')}" for channel, level in asked}
    assert keys <= rules.consent_wordings().keys()


@pytest.mark.parametrize("key", sorted(rules.consent_wordings()))
def test_what_is_printed_goes_into_the_settings_as_it_stands(run: Run, acme: Path, key: str) -> None:
    for language in ("en", "es", "fr"):
        said = run("wordings", key, "--dir", acme, "--language", language).out
        _, _, toml = said.partition("[wordings]\n")
        line = next(line for line in toml.splitlines() if line.startswith(key))
        text = tomllib.loads(line)[line.partition(" = ")[0]]
        assert "Acme Roofing" in text
        assert "{" not in text
        consent = next(line for line in toml.splitlines() if line.startswith("consent = "))
        settings = (acme / "warmline.toml").read_text()
        settings = settings.replace("[wordings]\n", f"[wordings]\n{line}\n", 1)
        settings += f"\n[sources.fair]\n{consent}\n"
        read = parse_settings(settings)
        assert read.config is not None, read.problems
        (rule,) = read.config.sources["fair"].consent
        assert read.config.wordings[rule.wording] == text


def test_words_nobody_wrote_are_refused_with_those_there_are(run: Run, acme: Path) -> None:
    assert "sms-express-written" in run("wordings", "sms-express-writen", "--dir", acme).err
    assert "en, es, fr" in run("wordings", "sms-express", "--dir", acme, "--language", "de").err
    assert json.loads(run("wordings", "call-express", "--dir", acme, "--json").out)["name"] == "call-express-en-2026-11"
    assert "voicemail-express-written" in run("wordings").out
