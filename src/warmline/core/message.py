"""Turning a template into the words that are sent. Liquid, with every variable required unless it has a fall-back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, FalsyStrictUndefined, RenderContext
from liquid.builtin.expressions import Path, StringLiteral
from liquid.builtin.expressions.logical import EqExpression, NeExpression
from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.builtin.tags.case_tag import MultiExpressionBlockNode
from liquid.exceptions import LiquidError, UndefinedError
from liquid.expression import Expression

from .playbook import Template

#: What a template may read. `fields` of lead and event, and every name under links, are free.
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "lead": {
        "first_name": "Ann",
        "last_name": "Lee",
        "company": "Example Homes",
        "email": "ann@example.com",
        "phone": "+15558675310",
        "country": "US",
        "region": "US-NY",
        "source": "website",
    },
    "rep": {
        "first_name": "Sam",
        "name": "Sam Rivera",
        "phone": "+15550104477",
        "email": "sam@acme.test",
        "booking_url": "https://acme.test/book/sam",
    },
    "company": {
        "name": "Acme Roofing",
        "phone": "+15550104400",
        "postal_address": "1 Main St, Springfield, IL 62701",
        "website": "https://acme.test",
    },
    "event": {
        "kind": "form.submitted",
        "form": "pricing",
        "source": "website",
        "keyword": "QUOTE",
        "page": "https://acme.test/pricing",
        "campaign": "spring",
    },
    "links": {"booking": "https://acme.test/book"},
    "touch": {"channel": "sms"},
}
#: Variables that every lead and workspace has; all others need a fall-back.
CERTAIN = frozenset(
    {"rep.first_name", "rep.name", "company.name", "company.postal_address", "event.kind", "touch.channel"}
)


class TemplateError(Exception):
    """A template that can't be read or rendered. `line` is of the body; `variable` is the missing one, if any."""

    def __init__(self, message: str, line: int = 1, variable: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Rendered:
    """`subject` is one line and empty when the template has none; `text` has no blank edges."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a template reads a variable: `lead.fields.budget`, on `line` of the body."""

    name: str
    line: int


def render(template: Template, variables: Mapping[str, Any]) -> Rendered:
    """The words for one lead. An absent, None or empty variable needs a fall-back in the template.

    Raises TemplateError, which names the variable and the fall-back to write.
    """
    known = _present(variables)
    subject = _render(template.name, template.subject, known) if template.subject else ""
    return Rendered(" ".join(subject.split()), _render(template.name, template.body, known).strip())


def variables_of(body: str) -> tuple[Use, ...]:
    """Every variable that the body reads, in order of appearance. Raises TemplateError when it is not Liquid."""
    try:
        found = _compiled(body).analyze()
    except LiquidError as error:
        raise _syntax_error(error, body) from error
    uses = [
        (
            use.span.index,
            Use(".".join(str(segment) for segment in use.segments), body.count("\n", 0, use.span.index) + 1),
        )
        for group in found.globals.values()
        for use in group
    ]
    return tuple(use for _, use in sorted(uses, key=lambda pair: pair[0]))


def compared(body: str, name: str) -> tuple[Use, ...]:
    """Every text that the body asks whether the variable `name` is, by == or != or a case: (`sms`, line 1).

    Raises TemplateError when it is not Liquid.
    """
    try:
        template = _compiled(body)
    except LiquidError as error:
        raise _syntax_error(error, body) from error
    return tuple(
        Use(side.value, body.count("\n", 0, side.token.start_index) + 1)
        for sides in _comparisons(template)
        if any(str(side) == name for side in sides)
        for side in sides
        if isinstance(side, StringLiteral)
    )


def held_against_nothing(body: str) -> tuple[Use, ...]:
    """Every variable that the body asks whether it is empty text (`""`, blank, empty). What is missing is not even that."""
    try:
        template = _compiled(body)
    except LiquidError as error:
        raise _syntax_error(error, body) from error
    return tuple(
        Use(str(side), body.count("\n", 0, side.token.start_index) + 1)
        for sides in _comparisons(template)
        if any(isinstance(one, Blank | Empty) or (isinstance(one, StringLiteral) and not one.value) for one in sides)
        for side in sides
        if isinstance(side, Path) and str(side).partition(".")[0] in VARIABLES
    )


def compile_template(body: str) -> None:
    """Raises TemplateError when `body` is not Liquid."""
    try:
        _compiled(body)
    except LiquidError as error:
        raise _syntax_error(error, body) from error


class _Missing(FalsyStrictUndefined):
    """Unknown is false in a condition and gives way to `default`; printing it is an error."""

    force_liquid_default = True


class _Bounded(Environment):
    """A slip of the pen, such as a loop to a billion, must not hold up everybody's messages."""

    loop_iteration_limit = 10_000
    output_stream_limit = 100_000


def _phone(number: object) -> str:
    """`{{ rep.phone | phone }}`: +15550104477 as people there write it, 555-010-4477; other countries' as they are."""
    text = str(number)
    national = text.removeprefix("+1")
    if len(national) == 10 and national.isdigit() and text.startswith("+1"):
        return f"{national[:3]}-{national[3:6]}-{national[6:]}"
    return text


_ENVIRONMENT = _Bounded(undefined=_Missing, autoescape=False)
for _tag in ("include", "render", "extends", "block"):  # these read other files
    _ENVIRONMENT.tags.pop(_tag, None)
_ENVIRONMENT.add_filter("phone", _phone)


@lru_cache(maxsize=4096)
def _compiled(body: str) -> BoundTemplate:
    return _ENVIRONMENT.from_string(body)


def _render(name: str, body: str, variables: Mapping[str, Any]) -> str:
    try:
        return _compiled(body).render(**variables)
    except UndefinedError as error:
        variable = _missing_name(error, body)
        line = _line(error, body)
        raise TemplateError(
            f"Template {name}, line {line}: `{variable}` is not known here. "
            f'Write a fall-back: {{{{ {variable} | default: "..." }}}}.',
            line,
            variable,
        ) from error
    except LiquidError as error:
        raise _syntax_error(error, body, name) from error


def _comparisons(template: BoundTemplate) -> Iterator[tuple[Expression, ...]]:
    """The sides of every == and !=, and of every `when` with what its case asks about."""
    context = RenderContext(template)
    nodes = list(template.nodes)
    for node in nodes:
        nodes += node.children(context)
        if isinstance(node, MultiExpressionBlockNode):
            yield node.expression.left, *node.expression.expressions
        parts = list(node.expressions())
        for part in parts:
            parts += part.children()
            if isinstance(part, EqExpression | NeExpression):
                yield part.left, part.right


def _missing_name(error: UndefinedError, body: str) -> str:
    """The whole path as the template writes it, also when already its first part is missing."""
    at = getattr(error.token, "start_index", -1)
    for group in _compiled(body).analyze().globals.values():
        for use in group:
            if use.span.index == at:
                return ".".join(str(segment) for segment in use.segments)
    return str(error.args[0]).split(" is undefined")[0].strip("'") if error.args else ""


def _syntax_error(error: LiquidError, body: str, name: str = "") -> TemplateError:
    said = str(error.args[0]) if error.args else "it is not Liquid"
    line = _line(error, body)
    where = f"Template {name}, line {line}: " if name else ""
    return TemplateError(f"{where}{said}. Write variables as {{{{ lead.first_name }}}} and close every tag.", line)


def _line(error: LiquidError, body: str) -> int:
    index = getattr(error.token, "start_index", -1) if error.token else -1
    return body.count("\n", 0, index) + 1 if index > 0 else 1


def _present(variables: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_kept(variables))


def _kept(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in variables.items():
        if isinstance(value, Mapping):
            yield key, _present(value)
        elif value is not None and (not isinstance(value, str) or value.strip()):
            yield key, value
