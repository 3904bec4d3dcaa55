"""The sandbox for calls: nothing rings anywhere. On the page Sandbox somebody plays the rep's and the lead's phone."""

from __future__ import annotations

from warmline.channels.call.contract import Answer, CannotSay, Heard, Placing, Recording
from warmline.channels.contract import Accepted, BadCallback, Callback, Receipt, Reply
from warmline.channels.settings import Settings


class SandboxDialer:
    provider = "sandbox"
    detects = True
    patience = 1.0

    def __init__(self, settings: Settings) -> None:
        settings.text("from", "")  # a real provider's number may stay in the file while the sandbox takes its place
        self.rate = settings.number("rate", 1, 0.1, 1000)

    async def place(self, call: Placing) -> Receipt:
        return Accepted(f"sandbox-{call.ref}")

    async def ask(self, ref: str, provider_id: str) -> CannotSay:  # noqa: ARG002
        return CannotSay("the sandbox keeps no calls that it could be asked about")

    def read(self, callback: Callback) -> Heard | None:  # noqa: ARG002
        raise BadCallback("The sandbox for calls is played on its page; no provider tells it anything.")

    def answer(self, answer: Answer) -> Reply:  # noqa: ARG002 - there is nobody to read it
        return Reply()

    async def fetch(self, recording: str) -> Recording | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        pass
