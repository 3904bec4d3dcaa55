"""Whether each channel of a workspace could be built from its table: what `warmline check` says of accounts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from warmline import channels, rules
from warmline.channels.secrets import MissingSecretError, resolve
from warmline.channels.settings import ChannelSettingsError
from warmline.core.bundle import SETTINGS, Bundle
from warmline.core.words import Problem

#: In place of a secret that is not set on this machine: where it will be is another machine's business.
_NOT_HERE = "x" * 40


def channel_problems(bundle: Bundle) -> list[Problem]:
    """Nothing is asked of any provider."""
    problems = []
    public_url, classes = bundle.config.workspace.public_url, rules.provider_errors().classes_by_code()
    for kind, channel in bundle.config.channels.items():
        try:
            if kind == "call":
                channels.build_dialer(channel.options, _secret, public_url, classes)
            else:
                channels.build(kind, channel.options, _secret, public_url, b"", classes)
        except ChannelSettingsError as error:
            if not _from_elsewhere(channel.options, error):
                line, column = _where(bundle.config_source, error)
                problems.append(Problem(SETTINGS, line, column, error.problem, error.remedy))
    return problems


def _secret(value: str) -> str:
    try:
        return resolve(value, os.environ)
    except MissingSecretError:
        return _NOT_HERE


def _from_elsewhere(options: Mapping[str, object], error: ChannelSettingsError) -> bool:
    """Whether the setting is a variable that is not set here, so that nothing can be said of its value."""
    table: object = options
    for name in error.kind.split(".")[1:]:
        table = table.get(name) if isinstance(table, Mapping) else None
    value = table.get(error.key) if isinstance(table, Mapping) else None
    return "env:" in str(value) and _NOT_HERE in str([_secret(one) for one in re.findall(r"env:\w+", str(value))])


def _where(text: str, error: ChannelSettingsError) -> tuple[int, int]:
    """Line and column of the setting, or of its table where it is missing."""
    head = re.compile(rf"^\s*\[channels\.{re.escape(error.kind)}\]")
    key = re.compile(rf"^(\s*){re.escape(error.key)}\s*=") if error.key else None
    found = inside = 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"^\s*\[", line):
            inside = bool(head.match(line))
            found = found or (number if inside else 0)
        elif inside and key is not None and (there := key.match(line)):
            return number, len(there[1]) + 1
    return found or 1, 1
