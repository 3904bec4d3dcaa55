"""Twilio's webhook signature, made and checked. The sandbox signs its callbacks the same way.

Source: twilio.com/docs/usage/webhooks/webhooks-security and .../webhook-shared-keys; fixed vectors in tests/channels.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from warmline.channels.contract import BadSignature, Callback
from warmline.channels.secrets import Secret

Algorithm = Literal["HMAC_SHA1", "HMAC_SHA256"]
Fields = Sequence[tuple[str, str]]

SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
MOST_FIELDS = 500


def verify(callback: Callback, auth_tokens: Iterable[Secret], shared_keys: Iterable[Secret]) -> Fields:
    """The form fields of a callback whose signature is right (none for a JSON body). Raises BadSignature.

    HMAC-SHA1 is checked with the auth tokens, HMAC-SHA256 with the shared keys; any one of a list may match, so that a
    key can be rotated without losing a callback.
    """
    given = callback.headers.get(SIGNATURE, "")
    if not given:
        raise BadSignature("The request carries no X-Twilio-Signature.")
    algorithm = _algorithm(callback.headers.get(SETTINGS, ""))
    keys = list(auth_tokens if algorithm == "HMAC_SHA1" else shared_keys)
    fields = _signed_fields(callback)
    for url in _spellings(callback.url):
        for key in keys:
            if hmac.compare_digest(sign(url, fields, key, algorithm).encode(), given.encode("utf-8", "replace")):
                return fields
    raise BadSignature(
        f"The {algorithm} signature does not fit this request. Check the key and public_url in warmline.toml."
    )


def sign(url: str, fields: Fields, key: Secret, algorithm: Algorithm = "HMAC_SHA1") -> str:
    """base64 HMAC over the URL followed by every name and value, names sorted, equal values of a name once."""
    digest = hashlib.sha1 if algorithm == "HMAC_SHA1" else hashlib.sha256
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    mac = hmac.new(key.reveal().encode(), signed.encode("utf-8", "surrogateescape"), digest)
    return base64.b64encode(mac.digest()).decode()


def _algorithm(settings: str) -> Algorithm:
    """`key=...,algorithm=HMAC_SHA256`; without an algorithm it is the auth token's HMAC_SHA1."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            match value.strip().upper():
                case "HMAC_SHA1":
                    return "HMAC_SHA1"
                case "HMAC_SHA256":
                    return "HMAC_SHA256"
                case other:
                    raise BadSignature(f"The signature algorithm {other[:40]} is not known here.")
    return "HMAC_SHA1"


def _signed_fields(callback: Callback) -> Fields:
    """Form fields are part of the signature; another body is covered by its hash in the URL's bodySHA256."""
    query = parse_qs(urlsplit(callback.url).query)
    if "bodySHA256" in query:
        if not hmac.compare_digest(hashlib.sha256(callback.body).hexdigest(), query["bodySHA256"][0].lower()):
            raise BadSignature("The body is not the one whose hash the provider signed.")
        return []
    try:
        text = callback.body.decode("utf-8", "surrogateescape")
        return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadSignature(f"The request has more than {MOST_FIELDS} fields.") from None


def _spellings(url: str) -> list[str]:
    """The URL as it is, with its scheme's port and without a port: the provider is not consistent in this."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    try:
        port = parts.port
    except ValueError:
        return [url]
    default = 443 if parts.scheme == "https" else 80
    bare = host[: -len(f":{port}")] if port is not None else host
    with_port = host if port is not None else f"{host}:{default}"
    user = parts.netloc[: len(parts.netloc) - len(host)]
    spelled = [url, *(parts._replace(netloc=user + netloc).geturl() for netloc in (bare, with_port))]
    return list(dict.fromkeys(spelled))
