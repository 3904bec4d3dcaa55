"""The providers' side of a webhook: signs as each of them does, with keys and a certificate of this run's own."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook

from tests.channels.conformance import KEY, NOW, PUBLIC, message
from warmline import rules
from warmline.channels import build
from warmline.channels.contract import Callback
from warmline.channels.email.compose import Sender
from warmline.channels.email.providers import RELAYS
from warmline.channels.email.providers.relay import Relay
from warmline.channels.email.providers.ses import Ses
from warmline.channels.email.smtp import SmtpChannel
from warmline.channels.secrets import resolve
from warmline.channels.settings import Settings

TOPIC = "arn:aws:sns:us-east-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-x.pem"
MAIL_SECRET = "a-path-that-nobody-guesses"
SIGNING_KEY = "key-of-mailgun"
WHSEC = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
CLASSES = rules.provider_errors().classes_by_code()


class Signer:
    """`fetched` are the addresses that SNS's part asked for."""

    def __init__(self) -> None:
        self.ecdsa = ec.generate_private_key(ec.SECP256R1())
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.certificate = certificate(self.rsa)
        self.public_key = base64.b64encode(
            self.ecdsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).decode()
        self.fetched: list[str] = []
        self._channels: dict[str, SmtpChannel] = {}
        self.message = message("email")
        self.sender = Sender("Sam", "sam@acme.test", "acme.test", "bounces.acme.test", "reply.acme.test")

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return self.certificate

    def table(self, name: str, **more: object) -> dict[str, object]:
        own: dict[str, dict[str, object]] = {
            "postmark": {},
            "sendgrid": {"public_key": self.public_key},
            "mailgun": {"signing_key": ["an-older-key", SIGNING_KEY]},
            "ses": {"topic": TOPIC},
            "resend": {"signing_key": WHSEC},
        }
        smtp = {"provider": "smtp", "host": "127.0.0.1", "from": "sam@acme.test", "hook_secret": MAIL_SECRET}
        return {**smtp, "relay": name, name: own[name] | more}

    def channel(self, name: str, **more: object) -> SmtpChannel:
        """One a name is enough: it keeps nothing between two callbacks."""
        if more or name not in self._channels:
            made = self._build(name, **more)
            if more:
                return made
            self._channels[name] = made
        return self._channels[name]

    def _build(self, name: str, **more: object) -> SmtpChannel:
        made = build("email", self.table(name, **more), lambda value: resolve(value, {}), PUBLIC, KEY, CLASSES)
        assert isinstance(made, SmtpChannel)
        if name == "ses":
            made._relay = self.relay_of(name)
        return made

    def relay_of(self, name: str) -> Relay:
        own = self.table(name)[name]
        settings = Settings(f"email.{name}", own, lambda value: resolve(value, {}))  # type: ignore[arg-type]
        return Ses(settings, self.fetch) if name == "ses" else RELAYS[name](settings)

    def callback(self, name: str, content: object, tail: str = "", at: datetime = NOW, **headers: str) -> Callback:
        """`content` is what the provider has to say; it goes out as JSON, wrapped and signed."""
        signed: dict[str, str] = {}
        body = json.dumps(content).encode()
        if name == "sendgrid":
            timestamp = str(int(at.timestamp()))
            signature = self.ecdsa.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
            signed = {
                "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
                "x-twilio-email-event-webhook-timestamp": timestamp,
            }
        elif name == "mailgun":
            body = json.dumps({"signature": mailgun_signature(at), "event-data": content}).encode()
        elif name == "ses":
            body = json.dumps(self.envelope(Message=json.dumps(content))).encode()
        elif name == "resend":
            signed = {
                "svix-id": "msg_1", "svix-timestamp": str(int(at.timestamp())),
                "svix-signature": Webhook(WHSEC).sign("msg_1", at, body.decode()),
            }  # fmt: skip
        door = tail or ("postmark" if name == "postmark" else name)
        path = f"{MAIL_SECRET}/{door}" if name == "postmark" or "/" in door else door
        url = f"{PUBLIC}/hooks/email/{path}"
        return Callback("POST", url, {"content-type": "application/json", **signed, **headers}, body, path)

    def envelope(self, version: str = "2", **fields: Any) -> dict[str, Any]:
        """What SNS posts, signed over its fields in the order of AWS's own description, written out here once more."""
        sent = {
            "Type": "Notification", "MessageId": str(uuid4()), "TopicArn": TOPIC, "Timestamp": "2026-11-23T15:00:00.000Z",
            "Message": "", "SignatureVersion": version, "SigningCertURL": CERTIFICATE_URL, **fields,
        }  # fmt: skip
        names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{name}\n{sent[name]}\n" for name in names if sent.get(name))
        digest = SHA256() if version == "2" else SHA1()  # noqa: S303
        signature = self.rsa.sign(text.encode(), padding.PKCS1v15(), digest)
        return {**sent, "Signature": base64.b64encode(signature).decode()}


def mailgun_signature(at: datetime, key: str = SIGNING_KEY) -> dict[str, str]:
    timestamp, token = str(int(at.timestamp())), "0" * 50
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": signature}


def certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), NOW - timedelta(days=1), NOW + timedelta(days=1)
    )
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)
