"""A template file: a few lines of YAML between two `---`, then the words in Liquid.

---
angle: answer with a time
subject: Your roof, {{ lead.first_name | default: "and what happens next" }}
---
Hi {{ lead.first_name | default: "there" }}, ...
"""

from __future__ import annotations

from .message import TemplateError, compile_template
from .playbook import Template
from .tree import Reader
from .words import NAME, Problem

KEYS = ("angle", "subject", "kind")
_ADVICE = "Begin the file with ---, a line such as `angle: answer with a time`, and --- again."


def parse_template(name: str, source: str, path: str) -> tuple[Template | None, list[Problem]]:
    """Read one template. None exactly when one of the problems is an error. Never raises for any text.

    Lines within a paragraph are kept as written: write a paragraph on one line.
    """
    reader = Reader(path)
    template = _template(reader, name, source.replace("\r\n", "\n").removeprefix("\ufeff"))
    problems = sorted(set(reader.problems))
    return (None if any(problem.severity == "error" for problem in problems) else template), problems


def _template(reader: Reader, name: str, source: str) -> Template | None:
    lines = source.split("\n")
    if not NAME.fullmatch(name):
        reader.note_at(
            1, 1, f"`{name}` can't be the name of a template.", "Use small letters, digits and hyphens: ack.txt."
        )
    end = next((index for index, line in enumerate(lines) if index and line.rstrip() == "---"), 0)
    if lines[0].rstrip() != "---" or not end:
        reader.note_at(1, 1, "The template does not say what it is for.", _ADVICE)
        return None
    front = _front(reader, "\n".join(["", *lines[1:end]]))
    body = "\n".join(lines[end + 1 :])
    begin = end + 2 + (len(body) - len(body.lstrip("\n")))
    body = body.strip("\n").rstrip()
    if not body:
        reader.note_at(begin, 1, "The template has no words.", "Write the message below the second ---.")
    _check_liquid(reader, body, begin)
    if "subject" in front:
        _check_liquid(reader, front["subject"], 2)
    kind = front.get("kind", "text")
    if kind == "text" and "angle" not in front:
        reader.note_at(
            2, 1, "The template has no angle.", "Add its one reason for reaching out: angle: answer with a time."
        )
    return Template(
        name=name,
        kind="script" if kind == "script" else "text",
        body=body,
        subject=front.get("subject", ""),
        angle=front.get("angle", ""),
        line=begin,
    )


def _front(reader: Reader, source: str) -> dict[str, str]:
    root = reader.compose(source)
    if root is None:
        if not reader.problems:
            reader.note_at(1, 1, "The lines between the two --- are empty.", "Add: angle: answer with a time.")
        return {}
    fields = reader.fields(root, KEYS, "a template") or {}
    front: dict[str, str] = {}
    for key, (_, value) in fields.items():
        text = (
            reader.choice(value, ("text", "script"), key) if key == "kind" else reader.text(value, key, f"{key}: ...")
        )
        if text and key == "subject" and "\n" in text:
            reader.note(value, "A subject is one line.", "Write it on one line.")
        if text:
            front[key] = text
    return front


def _check_liquid(reader: Reader, body: str, line: int) -> None:
    try:
        compile_template(body)
    except TemplateError as error:
        said, _, advice = str(error).partition(". ")
        reader.note_at(line + error.line - 1, 1, f"This is not Liquid: {said}.", advice)
