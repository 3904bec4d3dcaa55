"""What became of a mail, in our words. A failure that is not final is no signal; only a final one that says so condemns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from warmline.channels.contract import Signal
from warmline.channels.email.posted import Posted
from warmline.channels.email.replies import ENHANCED, STATUS_CLASSES

#: Classes of rules/provider_errors.yaml that say that the address itself is dead, or that its owner wants no mail.
CONDEMN = frozenset({"invalid_address", "invalid_number", "opted_out"})


class Told:
    """Signals of one event of a provider. `key` makes the same event told twice one."""

    def __init__(self, posted: Posted, touch: str, key: str, address: str, provider_id: str, at: datetime) -> None:
        self._posted, self._touch, self._key, self._at = posted, touch, key, at
        self._address, self._provider_id = address, provider_id

    def delivered(self) -> list[Signal]:
        return [self._signal("delivered")] if self._touch else []

    def bounced(self, code: str, words: str, otherwise: str = "invalid_address") -> list[Signal]:
        """The provider gave up for good. An enhanced status in `words` decides, then the provider's own `code`.

        A policy or a content filter refuses for good too: then the class keeps the address.
        """
        status = _status(words)
        table = {**STATUS_CLASSES, **self._posted.error_classes}
        tried = (status, status.rpartition(".")[0], code)
        reason = next((table[one] for one in tried if one in table), otherwise)
        kind = "failed" if reason in ("opted_out", "unknown") else "bounced"
        return [self._signal(kind, reason=reason, code=status or code, data={"said": words[:300]})]

    def failed(self, code: str, words: str, otherwise: str = "unreachable") -> list[Signal]:
        """The provider gave up on this mail and says that the address may be good: a full mailbox, a long outage."""
        reason = self._posted.error_classes.get(code, otherwise)
        reason = "unreachable" if reason in CONDEMN else reason
        return [self._signal("failed", reason=reason, code=_status(words) or code, data={"said": words[:300]})]

    def refused(self, code: str, words: str) -> list[Signal]:
        """The provider never tried: its own list says why, and that list is as good as the event that put it there."""
        reason = self._posted.error_classes.get(code, "unknown")
        kind = "bounced" if reason == "invalid_address" else "failed"
        return [self._signal(kind, reason=reason, code=code, data={"said": words[:300]})]

    def unsubscribed(self, how: str, words: str = "") -> list[Signal]:
        """`how`: complaint (marked as spam) or provider (the provider's own way out)."""
        return [self._signal("unsubscribed", text=words, data={"how": how})]

    def opened(self, user_agent: str, ip: str, automated: str = "") -> list[Signal]:
        return self._visit("opened", user_agent, ip, {"automated": automated})

    def clicked(self, url: str, user_agent: str, ip: str) -> list[Signal]:
        """A link that goes through our own door is left to it: there, more is seen of who comes."""
        if any(url.startswith(self._posted.public_url + path) for path in ("/t/", "/u/", "/o/")):
            return []
        return self._visit("clicked", user_agent, ip, {"url": url, "link": url})

    def _visit(self, kind: str, user_agent: str, ip: str, more: Mapping[str, str]) -> list[Signal]:
        data = {"user_agent": user_agent[:200], "ip": ip, "told_by": "provider", **{k: v for k, v in more.items() if v}}
        return [self._signal(kind, data=data)] if self._touch else []

    def _signal(
        self, kind: str, reason: str = "", code: str = "", text: str = "", data: Mapping[str, str] | None = None
    ) -> Signal:
        return Signal(
            kind, self._at, touch_id=self._touch, provider_id=self._provider_id, text=text, reason=reason, code=code[:60],
            sender=self._address if kind == "unsubscribed" else "",
            recipient=self._address if kind != "unsubscribed" else "", key=f"{self._key}:{kind}", data=data or {},
        )  # fmt: skip


def _status(words: str) -> str:
    found = ENHANCED.search(words)
    return found[0] if found and found[1] != "2" else ""
