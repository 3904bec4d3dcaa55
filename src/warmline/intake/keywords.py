"""Answering STOP, HELP and START: judged in core/keywords.py, written into the story, said in the webhook's answer."""

from __future__ import annotations

from warmline.channels.contract import Signal
from warmline.core import keywords
from warmline.core.keywords import Who, Word
from warmline.store import events
from warmline.store.workspaces import Workspace

from .case import Case


def say_back(case: Case, signal: Signal, word: Word, channel: str) -> str:
    """The words to say back, "" for none. Call it under the lead's lock: what was answered is read and written there."""
    text = answer_of(case.workspace, signal, word, channel)
    if not text:
        return ""
    story = events.of_kinds(case.conn, case.lane, case.id, ("keyword.answered", "opted.in"))
    if not keywords.is_answered(word, story, case.now, signal.at):
        return ""
    case.happened("keyword.answered", channel=channel, word=word, text=text)
    return text


def who_answers(workspace: Workspace, channel: str) -> Who | None:
    """None where nobody does: there is an answer to texts only."""
    texts = workspace.config.channels.get("sms")
    return texts.keywords if channel == "sms" and texts is not None else None


def answer_of(workspace: Workspace, signal: Signal, word: Word, channel: str) -> str:
    """The workspace's words for it; "" where it is not ours to answer, because the provider does or has done so."""
    texts = workspace.config.channels.get("sms")
    ours = channel == "sms" and texts is not None and texts.keywords == "warmline"
    return texts.answers[word] if texts and ours and not signal.data.get("answered_by") else ""
