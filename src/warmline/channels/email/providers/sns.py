"""Amazon SNS as it posts to us: who signed, for which topic, and the one address that may be called back.

Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from threading import Lock
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

from warmline.channels.contract import BadSignature
from warmline.channels.email.providers.report import Report

Fetch = Callable[[str], bytes]

HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
SECONDS = 5.0
LARGEST = 64 * 1024
FIELDS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Sns:
    """Checks envelopes of the `topics` named. Certificates are kept by address: SNS changes the address with the key."""

    def __init__(self, topics: Sequence[str], fetch: Fetch) -> None:
        self._topics, self._fetch = frozenset(topics), fetch
        self._certificates: dict[str, RSAPublicKey] = {}
        self._lock = Lock()

    def verify(self, envelope: Report) -> None:
        """Raises BadSignature; OSError when the certificate cannot be fetched, so that SNS sends it again."""
        kind, topic = envelope.text("Type"), envelope.text("TopicArn")
        if kind not in FIELDS:
            raise BadSignature("The request is no envelope of Amazon SNS.")
        # Before anything is fetched: only a message for our own topic may make us open a connection.
        if topic not in self._topics:
            raise BadSignature("The message is of another topic than `topic` in [channels.email.ses].")
        # Version 1 is what a topic signs with until it is told otherwise; its SHA-1 is AWS's choice.
        digest: HashAlgorithm = SHA256() if envelope.text("SignatureVersion") == "2" else SHA1()  # noqa: S303
        if envelope.text("SignatureVersion") not in ("1", "2"):
            raise BadSignature("The SignatureVersion is not known here.")
        try:
            signature = base64.b64decode(envelope.text("Signature"), validate=True)
            self._key(envelope.text("SigningCertURL")).verify(signature, signed_text(envelope), PKCS1v15(), digest)
        except (binascii.Error, ValueError, InvalidSignature):
            raise BadSignature("The signature does not fit this message.") from None

    def confirm(self, envelope: Report) -> None:
        """Follow the address that confirms the subscription to our own topic. Raises BadSignature or OSError."""
        url = envelope.text("SubscribeURL")
        if not is_of_sns(url):
            raise BadSignature("The SubscribeURL leads elsewhere than to Amazon SNS.")
        self._fetch(url)

    def _key(self, url: str) -> RSAPublicKey:
        if not is_of_sns(url) or not urlsplit(url).path.endswith(".pem"):
            raise BadSignature("The certificate is kept elsewhere than at Amazon SNS.")
        with self._lock:
            key = self._certificates.get(url)
        if key is None:
            found = load_pem_x509_certificate(self._fetch(url)).public_key()
            if not isinstance(found, RSAPublicKey):
                raise BadSignature("The certificate holds no RSA key.")
            with self._lock:
                key = self._certificates[url] = found
        return key


def signed_text(envelope: Report) -> bytes:
    """Name and value of each field in a fixed order, each on a line of its own; a field that is not there is left out."""
    names = FIELDS[envelope.text("Type")]
    return "".join(f"{one}\n{envelope.whole(one)}\n" for one in names if envelope.whole(one)).encode("utf-8", "replace")


def is_of_sns(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and HOST.fullmatch(parts.netloc) is not None
    except ValueError:
        return False


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str) -> None:  # noqa: ARG002
        return None


def fetch(url: str) -> bytes:
    """GET of an address of SNS; no redirect is followed. Raises OSError."""
    try:
        with build_opener(_StayHere).open(url, timeout=SECONDS) as answer:
            found: bytes = answer.read(LARGEST)
    except HTTPError as refused:
        raise OSError(f"Amazon SNS answered {refused.code}.") from None
    return found
