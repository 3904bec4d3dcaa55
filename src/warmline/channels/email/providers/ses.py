"""Amazon SES, through a topic of Amazon SNS. Sources: docs.aws.amazon.com/ses/latest/dg: notification-contents, event-
publishing-retrieving-sns-contents, event-publishing-send-email, receiving-email-notifications-contents.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from warmline.channels.contract import BadCallback, Callback, Signal
from warmline.channels.email.inbound import read_mail
from warmline.channels.email.posted import Posted
from warmline.channels.email.providers.relay import Reader, envelope_to, time_of, touch_of
from warmline.channels.email.providers.report import Report, as_bytes, read_json
from warmline.channels.email.providers.sns import Fetch, Sns, fetch
from warmline.channels.email.providers.told import Told
from warmline.channels.email.reading.complaint import HARMLESS
from warmline.channels.settings import Settings

# Said of a mail that did arrive as well (an out-of-office reads as one), so nothing follows from it.
SAYS_NOTHING = frozenset({"", "General", "Undetermined"})


class Ses:
    name = "ses"

    def __init__(self, settings: Settings, fetch: Fetch = fetch) -> None:
        topics = [one.reveal() for one in settings.secret_list("topic")]
        for topic in topics:
            if not topic.startswith("arn:") or topic.count(":") != 5:
                raise settings.error(
                    "topic", "is not the ARN of a topic", 'Write topic = "arn:aws:sns:us-east-1:123:mail"'
                )
        self._configuration_set = settings.text("configuration_set", "")
        self._sns = Sns(topics, fetch)
        self.signed: Mapping[str, Reader] = {"ses": self.read}
        self.secret: Mapping[str, Reader] = {}

    def headers(self, mark: str) -> Mapping[str, str]:
        """Tags come back only with a configuration set; without one the original headers in the notification name the touch."""
        given = {"X-SES-MESSAGE-TAGS": f"touch={mark}"}
        return given | ({"X-SES-CONFIGURATION-SET": self._configuration_set} if self._configuration_set else {})

    def read(self, callback: Callback, posted: Posted) -> list[Signal]:
        """Raises OSError when SNS cannot be asked: it is then answered 500 and tells it again."""
        envelope = Report(read_json(callback.body))
        self._sns.verify(envelope)
        if envelope.text("Type") == "SubscriptionConfirmation":
            self._sns.confirm(envelope)
            return []
        if envelope.text("Type") != "Notification":
            return []
        if envelope.text("Message").startswith("Successfully validated SNS topic"):
            return []  # SES's own test of a new destination
        return _notification(Report(read_json(envelope.whole("Message"))), envelope.text("MessageId"), posted)


def _notification(report: Report, message_id: str, posted: Posted) -> list[Signal]:
    kind = report.text("eventType") or report.text("notificationType")
    if kind == "Received":
        return _received(report, posted)
    mail = report.inner("mail")
    marks = mail.texts("tags", "touch")
    written = mail.header("Message-ID", "headers")
    touch = touch_of(posted, marks[0] if marks else "", written, mail.text("commonHeaders", "messageId"))
    about = report.inner({"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower()))
    to = mail.texts("destination")
    at = time_of(about.text("timestamp"), posted.now)
    told = Told(posted, touch, f"ses:{message_id}", to[0] if to else "", mail.text("messageId"), at)
    match kind:
        case "Delivery":
            return told.delivered()
        case "Bounce":
            return _bounce(told, about)
        case "Complaint":
            harmless = about.text("complaintFeedbackType").lower() in HARMLESS
            return [] if harmless else told.unsubscribed("complaint", "Marked a mail as spam (Amazon SES)")
        case "Reject":
            return told.failed("Reject", about.text("reason"), "filtered")
        case "Rendering Failure":
            return told.failed("RenderingFailure", about.text("errorMessage"), "sender_config")
        case "Open":
            return told.opened(about.text("userAgent"), about.text("ipAddress"))
        case "Click":
            return told.clicked(about.text("link"), about.text("userAgent"), about.text("ipAddress"))
        case "Subscription" if about.flag("newTopicPreferences", "unsubscribeAll"):
            return told.unsubscribed("provider", "Unsubscribed at Amazon SES")
        case "Send" | "DeliveryDelay" | "Subscription":
            return []
        case _:
            raise BadCallback(f'Warmline knows no notification "{kind[:40]}" of Amazon SES.')


def _bounce(told: Told, about: Report) -> list[Signal]:
    """SES retries by itself, so every bounce is final; Transient keeps the address (a full mailbox, too large a mail)."""
    detail = about.text("bounceSubType")
    of = (about.each("bouncedRecipients") or [Report({})])[0]
    words = f"{of.text('status')} {of.text('diagnosticCode')}".strip()
    if about.text("bounceType") == "Permanent":
        return told.bounced(detail, words)
    return [] if detail in SAYS_NOTHING else told.failed(detail, words)


def _received(report: Report, posted: Posted) -> list[Signal]:
    content = report.whole("content")
    if not content:
        raise BadCallback("The mail is not in the notification. Let the receipt rule use its SNS action, not S3.")
    if report.text("receipt", "action", "encoding").upper() == "BASE64":
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise BadCallback("The content is said to be base64 and is not.") from None
    else:
        raw = as_bytes(content)
    to = envelope_to(posted, [*report.texts("receipt", "recipients"), *report.texts("mail", "destination")])
    return read_mail(raw, posted.token_key, posted.error_classes, posted.now, to, report.text("mail", "source"))
