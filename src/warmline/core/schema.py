"""The JSON Schema of a playbook file, for editors: completion, hover texts, and red lines under slips while one types.

It is committed as schema/playbook.schema.json. The parser stays the judge: it also knows what a schema can't say.
"""

from __future__ import annotations

import json
from typing import Any

from .parse import KEYS
from .playbook import SIGNALS
from .steps import CHANNELS, KINDS, PEOPLE
from .steps import KEYS as STEP_KEYS

URL = "https://warmline.example.com/schema/playbook.schema.json"
_NAME = "[a-z0-9]+(-[a-z0-9]+)*"
_DURATION = "[0-9]{1,9} *([mM]inute|[hH]our|[dD]ay|[wW]eek)s?"
_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9]"
_AFTER = rf"after +{_NAME}(\.[a-z-]+)?"
_AT = (
    rf"^ *((now|{_DURATION})( +{_AFTER})?|{_AFTER}"
    rf"|([dD]ay|[wW]eek)s? +[0-9]+( *(\.\.|-|–|to) *[0-9]+)?( +{_AFTER})?( *, *{_CLOCK}( *\.\. *{_CLOCK})?)?) *$"
)


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": URL,
        "title": "Warmline playbook",
        "description": "The policy for a kind of lead: who enters, what happens, who answers, what comes after.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "owner", "steps"],
        "properties": {key: _PLAYBOOK[key] for key in KEYS},
        "$defs": {
            "duration": _text("A length of time.", ["45 minutes", "2 hours", "1 day", "2 weeks"], f"^ *{_DURATION} *$"),
            "condition": _text(
                "A CEL expression over event, lead and history that answers true or false.",
                ['event.form == "pricing" && !event.after_hours', "!history.engaged", 'history.clicked("context")'],
            ),
            "name": _text("Small letters, digits and hyphens.", ["first-call"], f"^{_NAME}$"),
            "channel": {"description": "A channel that needs no person.", "enum": list(CHANNELS), "examples": ["sms"]},
            **{f"{kind}-step": _step(kind) for kind in KINDS},
        },
    }


def schema_text() -> str:
    """What stands in schema/playbook.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _step(kind: str) -> dict[str, Any]:
    required = {"send": ["send", "template", "at"], "call": ["call", "at"], "task": ["task", "title", "at"]}
    return {
        "type": "object",
        "title": f"A {kind} step",
        "additionalProperties": False,
        "required": required[kind],
        "properties": {key: _STEP[key] for key in STEP_KEYS[kind]},  # type: ignore[index]
    }


def _text(description: str, examples: list[str], pattern: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"description": description, "type": "string", "minLength": 1, "examples": examples}
    return {**found, "pattern": pattern} if pattern else found


def _ref(name: str, description: str, examples: list[Any]) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "description": description, "examples": examples}


def _object(description: str, properties: dict[str, Any], examples: list[Any], **more: Any) -> dict[str, Any]:
    shape = {"description": description, "type": "object", "additionalProperties": False, "properties": properties}
    return {**shape, "examples": examples, **more}


def _choice(description: str, values: list[str]) -> dict[str, Any]:
    return {"description": description, "enum": values, "examples": values[:1]}


_SIGNAL = _choice("What a person did that stops the machine.", list(SIGNALS))

_PLAYBOOK: dict[str, dict[str, Any]] = {
    "name": _text("What people call this playbook.", ["Pricing request"]),
    "enroll": _object(
        "Who enters, and which playbook wins. Without it only other playbooks and people enrol.",
        {
            "when": _ref(
                "condition", "Asked about every event; history is not known yet.", ['event.form == "pricing"']
            ),
            "rank": {
                "description": "0 to 100; the higher one wins.",
                "type": "integer",
                "minimum": 0,
                "maximum": 100,
                "default": 50,
                "examples": [90],
            },
            "again": {
                "description": "When the same lead may enter again.",
                "type": "string",
                "pattern": f"^ *(never|always|after +{_DURATION}) *$",
                "default": "always",
                "examples": ["after 30 days", "never", "always"],
            },
        },
        [{"when": 'event.form == "pricing"', "rank": 90, "again": "after 30 days"}],
    ),
    "promise": _ref("duration", "First human touch, in office time: counted, shown, escalated.", ["5 minutes"]),
    "owner": _object(
        "Whose the lead is. A lead that has an owner keeps it.",
        {
            "team": _text("A team of warmline.toml; its people take turns.", ["sales"]),
            "by": _choice("How a team shares its leads out.", ["round-robin"]),
            "person": _text("One person of warmline.toml.", ["sam"]),
        },
        [{"team": "sales", "by": "round-robin"}, {"person": "sam"}],
        oneOf=[{"required": ["team"]}, {"required": ["person"]}],
    ),
    "hand-off": _object(
        "What stops the machine with a clock running, how long the owner has, and what happens then.",
        {
            "on": {
                "description": "The signals that start the clock.",
                "anyOf": [_SIGNAL, {"type": "array", "minItems": 1, "uniqueItems": True, "items": _SIGNAL}],
                "examples": [["reply", "click", "callback", "meeting"]],
            },
            "act within": _ref("duration", "Office time for the owner to act.", ["10 minutes"]),
            "else": _choice("Then: tell the manager, or wait.", ["escalate", "wait"]),
        },
        [{"on": ["reply", "callback"], "act within": "10 minutes", "else": "escalate"}],
    ),
    "steps": {
        "description": "What happens, by name. A name is how other steps and conditions speak of a step.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"$ref": "#/$defs/name"},
        "additionalProperties": {
            "description": "One of three kinds: send, call or task.",
            "oneOf": [{"$ref": f"#/$defs/{kind}-step"} for kind in KINDS],
        },
        "examples": [{"ack": {"send": "sms", "or": "email", "template": "ack", "at": "now", "purpose": "acknowledge"}}],
    },
    "after": {
        "description": "What comes when the steps are used up and nobody answered. Without it the owner decides.",
        "anyOf": [
            {"const": "close", "description": "The lead is closed.", "examples": ["close"]},
            _object(
                "Another playbook.",
                {
                    "enroll": _text("The file name of the playbook, without .yaml.", ["slow-nurture"]),
                    "in": _ref("duration", "A pause before it.", ["7 days"]),
                },
                [{"enroll": "slow-nurture", "in": "7 days"}],
                required=["enroll"],
            ),
        ],
        "examples": [{"enroll": "slow-nurture"}, "close"],
    },
}

_STEP: dict[str, dict[str, Any]] = {
    "send": _ref("channel", "Send a template on this channel.", ["sms"]),
    "or": {
        "description": "The next channels, in order, when the gate refuses the one before.",
        "anyOf": [
            {"$ref": "#/$defs/channel"},
            {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"$ref": "#/$defs/channel"}},
        ],
        "examples": ["email", ["email", "voicemail"]],
    },
    "template": {
        "description": "The name of a file in templates/, without .txt, or a choice of two.",
        "anyOf": [
            {"$ref": "#/$defs/name"},
            _object(
                "The first when the condition holds at the moment of sending, the other when not.",
                {
                    "if": _ref("condition", "What decides.", ['history.clicked("context")']),
                    "use": _ref("name", "The template when it holds.", ["case-fit"]),
                    "else": _ref("name", "The template when it does not.", ["objection"]),
                },
                [{"if": 'history.clicked("context")', "use": "case-fit", "else": "objection"}],
                required=["if", "use", "else"],
            ),
        ],
        "examples": ["ack", {"if": "history.engaged", "use": "case-fit", "else": "objection"}],
    },
    "at": _text(
        "At once, after a pause, on a day of the lead's calendar (day 1: it entered), or after a step.",
        ["now", "45 minutes after first-call.missed", "day 2, 10:00", "day 3..4, 11:00..16:00", "week 2"],
        _AT,
    ),
    "if": _ref(
        "condition", "Asked when the step is due; the step falls away when it does not hold.", ["!history.engaged"]
    ),
    "purpose": _choice(
        "acknowledge only confirms the lead's own request within 15 minutes.", ["marketing", "acknowledge"]
    ),
    "call": _choice("Who calls the lead.", list(PEOPLE)),
    "script": _ref("name", "A file in templates/ with `kind: script`, shown to the caller.", ["discovery"]),
    "attempts": {
        "description": "How often to try before the step counts as unanswered.",
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "default": 1,
        "examples": [2],
    },
    "every": _ref("duration", "The pause between attempts; 2 hours unless said.", ["2 hours"]),
    "expires": _ref(
        "duration", "How long the task stays open; a call 24 hours, another task 2 days unless said.", ["2 hours"]
    ),
    "hours": _choice("When to call: in office hours, or at any hour the law allows.", ["office", "legal"]),
    "task": _choice("Who does it.", list(PEOPLE)),
    "title": _text("What is to be done.", ["Send the price list"]),
}
