"""A sample lead to read templates with: everything is known of it, and the person with the longest name meets it."""

from __future__ import annotations

from typing import Any

from .message import VARIABLES, Rendered, render, variables_of
from .playbook import ChannelKind, Template
from .settings import Config


def sampled(template: Template, config: Config, channel: ChannelKind) -> Rendered:
    """The words for the sample lead on that channel. Raises TemplateError."""
    return render(template, typical(template, config, channel))


def typical(template: Template, config: Config, channel: ChannelKind) -> dict[str, dict[str, Any]]:
    """The variables that `template` reads on that channel, for the sample lead of this workspace."""
    known: dict[str, dict[str, Any]] = {group: dict(names) for group, names in VARIABLES.items()}
    workspace = config.workspace
    known["company"] |= {
        name: text for name in ("name", "phone", "postal_address", "website") if (text := getattr(workspace, name))
    }
    people = [who for who in config.people.values() if who.role == "rep"] or list(config.people.values())
    if people:
        who = max(people, key=lambda who: len(who.name))
        details = {"name": who.name, "first_name": who.first_name, "phone": who.phone, "email": who.email}
        details |= {"booking_url": who.booking_url}
        known["rep"] |= {name: text for name, text in details.items() if text}
    known["links"] = dict(config.links)
    known["touch"] = {"channel": channel}
    for used in variables_of(template.subject) + variables_of(template.body):
        group, _, name = used.name.partition(".fields.")
        if name:
            known[group].setdefault("fields", {})[name] = "something"
    return known
