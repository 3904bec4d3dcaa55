"""A workspace's folder as values: settings, playbooks and templates, read together from their texts.

    read_bundle({"warmline.toml": "...", "playbooks/pricing.yaml": "...", "templates/ack.txt": "..."})

The command line gets the texts from a disk, the web from its editor; both are judged here alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from .check import check_workspace
from .parse import parse
from .playbook import Playbook, Template
from .settings import Config, parse_settings
from .templates import parse_template
from .words import Problem

SETTINGS = "warmline.toml"
PLAYBOOKS = "playbooks"
TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is published: everything parsed, beside the texts it was parsed from (by key and by template name)."""

    config: Config
    config_source: str
    playbooks: Mapping[str, Playbook]
    templates: Mapping[str, Template]
    template_sources: Mapping[str, str]

    @property
    def key(self) -> str:
        """What the workspace is known by in a database: stable while its name stays."""
        return workspace_key(self.config)

    def texts_of(self, playbook: Playbook) -> dict[str, str]:
        """The sources of the templates that the playbook uses, by name."""
        return {name: self.template_sources[name] for name in sorted(playbook.templates())}


@dataclass(frozen=True, slots=True)
class ReadBundle:
    """`bundle` is None exactly when one of the problems is an error."""

    bundle: Bundle | None
    problems: list[Problem]


def read_bundle(files: Mapping[str, str]) -> ReadBundle:
    """Read and check a whole workspace. `files` maps paths within the folder to texts; other paths are left alone."""
    problems: list[Problem] = []
    config = None
    if SETTINGS in files:
        settings = parse_settings(files[SETTINGS], SETTINGS)
        config = settings.config
        problems += settings.problems
    else:
        problems.append(
            Problem(SETTINGS, 1, 1, "The workspace has no warmline.toml.", "Make one with: warmline init DIR")
        )
    playbooks: dict[str, Playbook] = {}
    templates: dict[str, Template] = {}
    sources: dict[str, str] = {}
    for path in sorted(files):
        place = PurePosixPath(path)
        if place.parent == PurePosixPath(PLAYBOOKS) and place.suffix == ".yaml":
            parsed = parse(files[path], path)
            problems += parsed.problems
            if parsed.playbook is not None:
                playbooks[place.stem] = parsed.playbook
        elif place.parent == PurePosixPath(TEMPLATES) and place.suffix == ".txt":
            template, found = parse_template(place.stem, files[path], path)
            problems += found
            if template is not None:
                templates[place.stem] = template
                sources[place.stem] = files[path]
    # Cross checks on a half-read workspace would blame files that are right.
    if config is not None and not _errors(problems):
        problems += check_workspace(playbooks.values(), templates, config, files[SETTINGS])
    problems = sorted(set(problems))
    if config is None or _errors(problems):
        return ReadBundle(None, problems)
    return ReadBundle(Bundle(config, files[SETTINGS], playbooks, templates, sources), problems)


def workspace_key(config: Config) -> str:
    """The `key` of [workspace], or the name made into one."""
    return config.workspace.key or key_of(config.workspace.name)


def key_of(name: str) -> str:
    """Acme Roofing -> acme-roofing. A name without any Latin letter or digit is known by its code points."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug or "-".join(f"{ord(letter):x}" for letter in name if not letter.isspace())


def _errors(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)
