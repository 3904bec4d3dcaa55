"""Checks over a whole workspace: what one file alone can't know. Errors stop publishing, warnings are advice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import combinations

from .expression_parts import named_texts
from .history import REQUESTS
from .keywords import keyword_in
from .lint import Use, lint_template
from .message import TemplateError
from .overlap import overlap, satisfiable
from .playbook import Call, ChannelKind, Choice, Playbook, Send, Template
from .sample import sampled
from .settings import Config
from .toml_table import find_key
from .tree import Reader
from .words import Problem, suggest


def check_workspace(
    playbooks: Iterable[Playbook], templates: Mapping[str, Template], config: Config, source: str = ""
) -> list[Problem]:
    """Everything that is wrong between the files of a workspace, in the order of files and lines.

    Playbooks stand in playbooks/<key>.yaml, templates in templates/<name>.txt, settings in warmline.toml: `source` is its
    text, for the line numbers.
    """
    check = _Check(list(playbooks), templates, config, source)
    for playbook in check.playbooks:
        check.owner(playbook)
        check.after(playbook)
        check.steps(playbook)
        check.angles(playbook)
        check.triggers(playbook)
    check.ranks()
    check.sources()
    check.keywords()
    uses = check.uses()
    for name, template in templates.items():
        check.problems += lint_template(template, uses.get(name, Use()), config)
    return sorted(set(check.problems))


class _Check:
    def __init__(
        self, playbooks: list[Playbook], templates: Mapping[str, Template], config: Config, source: str
    ) -> None:
        self.source = source
        self.playbooks = playbooks
        self.by_key = {playbook.key: playbook for playbook in playbooks}
        self.templates = templates
        self.config = config
        self.problems: list[Problem] = []
        self._places = {playbook.key: Reader("").places(playbook.source) for playbook in playbooks}

    def note(
        self, playbook: Playbook, keys: tuple[str, ...], message: str, instead: str, *, warning: bool = False
    ) -> None:
        """Note a problem at the value under `keys`, or at the nearest one above it."""
        places = self._places[playbook.key]
        while keys and keys not in places:
            keys = keys[:-1]
        line, column = places.get(keys, (1, 1))
        severity = "warning" if warning else "error"
        self.problems.append(Problem(_path(playbook), line, column, message, instead, severity))  # type: ignore[arg-type]

    def owner(self, playbook: Playbook) -> None:
        owner = playbook.owner
        if owner.team and owner.team not in self.config.teams:
            self.note(
                playbook, ("owner", "team"), f"There is no team `{owner.team}`.", suggest(owner.team, self.config.teams)
            )
        if owner.person and owner.person not in self.config.people:
            self.note(
                playbook,
                ("owner", "person"),
                f"There is no person `{owner.person}`.",
                suggest(owner.person, self.config.people),
            )

    def after(self, playbook: Playbook) -> None:
        target = playbook.after.enroll
        others = [key for key in self.by_key if key != playbook.key]
        if target and target not in self.by_key:
            self.note(playbook, ("after", "enroll"), f"There is no playbook `{target}`.", suggest(target, others))
        elif target and (circle := self._circle(playbook)):
            said = " -> ".join(circle)
            self.note(
                playbook, ("after",), f"This goes round for ever without a pause: {said}.", "Add a pause: in: 7 days."
            )
        entered = any(other.after.enroll == playbook.key for other in self.playbooks)
        if playbook.enroll.when is None and not entered:
            advice = "Add `enroll: {when: ...}`, or name it in another playbook's `after`."
            self.note(playbook, (), "Nobody enters this playbook by itself.", advice, warning=True)

    def _circle(self, playbook: Playbook) -> list[str]:
        trail = [playbook.key]
        current = playbook
        while current.after.enroll in self.by_key and current.after.delay == timedelta(0):
            trail.append(current.after.enroll)
            if trail[-1] == playbook.key:
                return trail
            if trail.count(trail[-1]) > 1:
                return []
            current = self.by_key[trail[-1]]
        return []

    def steps(self, playbook: Playbook) -> None:
        told_how_to_stop = False
        when = playbook.enroll.when
        asked = when is None or any(satisfiable((when,), {("event", "kind"): kind}) for kind in REQUESTS)
        for step in playbook.steps:
            at = ("steps", step.name)
            if isinstance(step, Call) and step.script:
                self._script(playbook, (*at, "script"), step.script)
            if not isinstance(step, Send):
                continue
            for channel in step.channels:
                if channel not in self.config.channels:
                    key = "send" if channel == step.channels[0] else "or"
                    advice = f'Add to warmline.toml: [channels.{channel}] provider = "sandbox".'
                    self.note(playbook, (*at, key), f"The channel {channel} is not configured.", advice)
            if step.purpose == "acknowledge" and not asked:
                said = "Nobody who enters here has just asked for anything, so `purpose: acknowledge` is read as marketing."
                self.note(playbook, (*at, "purpose"), said, "Leave `purpose` out.", warning=True)
            for keys, name in _templates(step):
                self._text(playbook, (*at, *keys), name, step)
                template = self.templates.get(name)
                if "sms" not in step.channels or template is None or told_how_to_stop:
                    continue
                if self._says_how_to_stop(template):
                    told_how_to_stop = True
                elif step.purpose == "marketing":
                    told_how_to_stop = True
                    said = f"The first marketing text, {name}, does not say how to stop."
                    self.note(playbook, (*at, *keys), said, "Add to it: Reply STOP to opt out.", warning=True)

    def _says_how_to_stop(self, template: Template) -> bool:
        """By text: a mail from the same template has a footer for it."""
        try:
            words = sampled(template, self.config, "sms").text.lower()
        except TemplateError:
            return True  # nobody knows its words yet; what is wrong with it is noted where templates are read
        return "stop" in words or "opt out" in words

    def _script(self, playbook: Playbook, keys: tuple[str, ...], name: str) -> None:
        template = self.templates.get(name)
        scripts = [other for other, known in self.templates.items() if known.kind == "script"]
        if template is None:
            self.note(
                playbook, keys, f"There is no script `{name}`.", f"Write templates/{name}.txt. {suggest(name, scripts)}"
            )
        elif template.kind != "script":
            self.note(
                playbook,
                keys,
                f"`{name}` is a message, not a script for a call.",
                f"Add to templates/{name}.txt: kind: script.",
            )

    def _text(self, playbook: Playbook, keys: tuple[str, ...], name: str, step: Send) -> None:
        template = self.templates.get(name)
        texts = [other for other, known in self.templates.items() if known.kind == "text"]
        if template is None:
            self.note(
                playbook, keys, f"There is no template `{name}`.", f"Write templates/{name}.txt. {suggest(name, texts)}"
            )
        elif template.kind == "script":
            self.note(
                playbook,
                keys,
                f"`{name}` is a script for a call and can't be sent.",
                "Name a template without kind: script.",
            )
        elif "email" in step.channels and not template.subject:
            advice = f"Add to templates/{name}.txt: subject: Your request."
            self.note(playbook, keys, f"`{name}` may go out by email and has no subject.", advice)

    def angles(self, playbook: Playbook) -> None:
        """Every touch needs another reason; the two templates of one choice may share theirs."""
        seen: dict[str, str] = {}
        for step in playbook.steps:
            found = {}
            for key, name in _templates(step) if isinstance(step, Send) else ():
                angle = self.templates[name].angle.strip().lower() if name in self.templates else ""
                if angle and angle in seen:
                    same = "is sent twice" if seen[angle] == name else f"has the angle of `{seen[angle]}`"
                    advice = "Give every touch another reason: a question, a detail, a worry answered, a way out."
                    self.note(playbook, ("steps", step.name, *key), f"`{name}` {same}: {angle}.", advice, warning=True)
                found[angle] = name
            seen |= {angle: name for angle, name in found.items() if angle}

    def triggers(self, playbook: Playbook) -> None:
        """A form, source or keyword that the condition names and nothing brings in."""
        when = playbook.enroll.when
        known = {
            "event.form": [source.form for source in self.config.sources.values()],
            "event.source": list(self.config.sources),
            "event.keyword": [word for source in self.config.sources.values() for word in source.keywords],
        }
        for field, operator, text in named_texts(when.source) if when else ():
            if operator != "!=" and field in known and known[field] and text not in known[field]:
                name = field.removeprefix("event.")
                advice = suggest(text, known[field])
                self.note(
                    playbook, ("enroll", "when"), f"No source brings in the {name} `{text}`.", advice, warning=True
                )

    def ranks(self) -> None:
        by_rank = defaultdict(list)
        for playbook in self.playbooks:
            if playbook.enroll.when is not None:
                by_rank[playbook.enroll.rank].append(playbook)
        for rank, tied in by_rank.items():
            for one, other in combinations(tied, 2):
                if one.enroll.when and other.enroll.when and overlap(one.enroll.when, other.enroll.when):
                    said = f"This and `{one.key}` may want the same lead, and both have rank {rank}."
                    advice = "Give the one that should win a higher rank."
                    self.note(other, ("enroll", "rank"), said, advice, warning=True)

    def sources(self) -> None:
        """Leads of a source that no playbook takes up would be left to themselves."""
        for key, source in self.config.sources.items():
            fixed = {("event", "kind"): source.event, ("event", "form"): source.form, ("event", "source"): key}
            for keyword in source.keywords or ("",):
                known = fixed | ({("event", "keyword"): keyword} if keyword else {})
                if source.event not in ("meeting.booked", "called.back") and not any(
                    playbook.enroll.when and satisfiable((playbook.enroll.when,), known) for playbook in self.playbooks
                ):
                    what = f"keyword {keyword}" if keyword else f"form {source.form}"
                    said = f"Leads of the source `{key}` ({source.event}, {what}) enter no playbook."
                    advice = f"Add a playbook: enroll: {{when: 'event.source == \"{key}\"'}}."
                    self.problems.append(Problem("warmline.toml", 1, 1, said, advice, "warning"))

    def keywords(self) -> None:
        """Whoever texts a keyword has agreed to what the source says: so it says which words these are, and no two do."""
        listed: dict[str, str] = {}
        for key, source in self.config.sources.items():
            place = find_key(self.source, ("sources", key, "keywords"))
            if source.event == "keyword.received" and not source.keywords:
                said = f"`sources.{key}.keywords` is missing: without it no text makes anybody a lead."
                advice = 'List the words that people are told to text: keywords = ["QUOTE"].'
                self.problems.append(Problem("warmline.toml", *place, said, advice))
            for word in source.keywords:
                if again := keyword_in(word, listed):
                    said = f"`sources.{key}.keywords` names {word}, which sources.{listed[again]} names too."
                    self.problems.append(Problem("warmline.toml", *place, said, "Leave it to one of them."))
                listed[word] = key

    def uses(self) -> dict[str, Use]:
        """Which channels each template may go out on."""
        channels: dict[str, set[ChannelKind]] = defaultdict(set)
        for playbook in self.playbooks:
            for step in playbook.steps:
                if isinstance(step, Send):
                    for _, name in _templates(step):
                        channels[name] |= set(step.channels)
        return {name: Use(frozenset(found)) for name, found in channels.items()}


def _templates(step: Send) -> list[tuple[tuple[str, ...], str]]:
    """The templates of a step, each with the keys it stands under."""
    if isinstance(step.template, Choice):
        return [(("template", "use"), step.template.use), (("template", "else"), step.template.otherwise)]
    return [(("template",), step.template)]


def _path(playbook: Playbook) -> str:
    return f"playbooks/{playbook.key}.yaml"
