"""The ready-made line that posts a first lead."""

from __future__ import annotations

import shlex

from warmline.core.settings import Config, Source

#: A made-up person. The number is of the block that is set aside for fiction, so it can reach nobody.
SAMPLE = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", "phone": "+12125550142"}


def curl_line(config: Config, url: str) -> str:
    """A curl command for the first source, with every consent box ticked. Empty when there is no source."""
    if not config.sources:
        return ""
    source = next(iter(config.sources.values()))
    words = ["curl", *_key(source)]
    for name, value in _fields(source).items():
        words += ["-d", shlex.quote(f"{name}={value.replace('+', '%2B')}")]
    return " ".join([*words, shlex.quote(f"{url}/in/{source.key}")])


def _key(source: Source) -> list[str]:
    """The source's key, when it has one; one that is kept in the environment stays there."""
    if not source.secret:
        return []
    if source.secret.startswith("env:"):
        return ["-H", f'"X-Warmline-Key: ${source.secret.removeprefix("env:").strip()}"']
    return ["-H", shlex.quote(f"X-Warmline-Key: {source.secret}")]


def _fields(source: Source) -> dict[str, str]:
    """In the names that the source uses for them."""
    sample = {source.map.get(ours, ours): value for ours, value in SAMPLE.items()}
    return sample | {rule.field: "yes" for rule in source.consent if rule.field}
