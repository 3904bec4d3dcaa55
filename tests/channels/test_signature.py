import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from warmline.channels.contract import BadSignature, Callback
from warmline.channels.secrets import Secret
from warmline.channels.signature import sign, verify

VECTORS = json.loads((Path(__file__).parent / "vectors" / "twilio_signatures.json").read_text())
SHA1 = VECTORS["twilio_hmac_sha1"]
SHA256 = VECTORS["twilio_hmac_sha256_shared_key"]
KEY = Secret("12345")


def signed(vector, **headers: str) -> Callback:
    given_headers = {"x-twilio-signature": vector["x_twilio_signature"], **headers}
    return Callback("POST", vector["url"], given_headers, urlencode(vector["params"]).encode(), "status")


def test_the_fixed_sha1_signature_verifies() -> None:
    assert dict(verify(signed(SHA1), [KEY], [])) == SHA1["params"]


def test_the_fixed_shared_key_signature_verifies() -> None:
    callback = signed(SHA256, **{"x-twilio-webhooks-signature-settings": SHA256["settings_header"]})
    assert dict(verify(callback, [Secret("another")], [Secret(SHA256["key"])])) == SHA256["params"]


def test_the_old_and_the_new_token_both_verify_while_a_token_is_rotated() -> None:
    assert verify(signed(SHA1), [Secret("new"), KEY], [])
    with pytest.raises(BadSignature):
        verify(signed(SHA1), [Secret("new")], [])


def test_an_auth_token_does_not_stand_in_for_a_shared_key() -> None:
    callback = signed(SHA256, **{"x-twilio-webhooks-signature-settings": SHA256["settings_header"]})
    with pytest.raises(BadSignature):
        verify(callback, [KEY], [])


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(BadSignature, match="HMAC_MD5"):
        verify(signed(SHA1, **{"x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_MD5"}), [KEY], [KEY])


@pytest.mark.parametrize("signed_url", ["https://a.test:443/x?y=1", "https://a.test/x?y=1"])
@pytest.mark.parametrize("seen_url", ["https://a.test:443/x?y=1", "https://a.test/x?y=1"])
def test_the_schemes_own_port_may_be_there_or_not(signed_url: str, seen_url: str) -> None:
    headers = {"x-twilio-signature": sign(signed_url, [("To", "+1")], KEY)}
    assert verify(Callback("POST", seen_url, headers, b"To=%2B1"), [KEY], []) == [("To", "+1")]


def test_a_json_body_is_covered_by_its_hash_in_the_address() -> None:
    body = b'{"kind": "delivered"}'
    url = "https://a.test/x?bodySHA256=d0ed4d07a4a10bc9b9c6a16a2b1e1ac8"
    headers = {"x-twilio-signature": sign(url, [], KEY)}
    with pytest.raises(BadSignature, match="body"):
        verify(Callback("POST", url, headers, body), [KEY], [])


def test_bytes_that_are_no_text_do_not_break_the_check() -> None:
    with pytest.raises(BadSignature):
        verify(Callback("POST", "https://a.test:x/", {"x-twilio-signature": "é"}, b"\xff=\xfe&%ff=%fe"), [KEY], [])
    with pytest.raises(BadSignature, match="fields"):
        verify(Callback("POST", "https://a.test/", {"x-twilio-signature": "x"}, b"a=b&" * 600), [KEY], [])


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.dictionaries(NAMES, NAMES, max_size=6), st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_the_providers_own_validator_accepts_what_we_sign_and_we_what_it_signs(fields, algorithm) -> None:
    url = "https://a.test/hooks/sms/status?touch=7-0"
    validator = RequestValidator("12345")
    assert validator.validate(url, fields, sign(url, list(fields.items()), KEY, algorithm), algorithm)
    headers = {
        "x-twilio-signature": validator.compute_signature(url, fields, algorithm),
        "x-twilio-webhooks-signature-settings": f"key=k,algorithm={algorithm}",
    }
    found = verify(Callback("POST", url, headers, urlencode(fields).encode()), [KEY], [KEY])
    assert dict(found) == fields


@pytest.mark.parametrize("vector", [SHA1, SHA256], ids=["sha1", "sha256"])
@pytest.mark.parametrize(
    "where", ["value", "name", "more", "less", "url", "query", "scheme", "key", "signature", "algorithm"]
)
def test_a_tampered_vector_is_refused_by_us_and_by_the_providers_own_validator(vector, where: str) -> None:
    """Both judge the same request: the untouched one is right for both, each change is wrong for both."""
    key = vector.get("key", "12345")
    algorithm = "HMAC_SHA256" if "key" in vector else "HMAC_SHA1"
    url, params, signature = vector["url"], dict(vector["params"]), vector["x_twilio_signature"]
    assert _both(url, params, key, signature, algorithm) == (True, True)
    name = sorted(params)[0]
    match where:
        case "value":
            params[name] += "x"
        case "name":
            params[name + "x"] = params.pop(name)
        case "more":
            params["Another"] = "1"
        case "less":
            del params[name]
        case "url":
            url = url.replace("://", "://evil.")
        case "query":
            url += "&a=b" if "?" in url else "?a=b"
        case "scheme":
            url = url.replace("https", "http") if url.startswith("https") else url.replace("http", "https")
        case "key":
            key += "x"
        case "signature":
            signature = signature[:-3] + ("A" if signature[-3] != "A" else "B") + signature[-2:]
        case "algorithm":
            algorithm = {"HMAC_SHA1": "HMAC_SHA256", "HMAC_SHA256": "HMAC_SHA1"}[algorithm]
    assert _both(url, params, key, signature, algorithm) == (False, False)


def _both(url: str, params: dict[str, str], key: str, signature: str, algorithm: str) -> tuple[bool, bool]:
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": f"key=k,algorithm={algorithm}"}
    callback = Callback("POST", url, headers, urlencode(params).encode(), "status")
    try:
        ours = dict(verify(callback, [Secret("old"), Secret(key)], [Secret("old"), Secret(key)])) == params
    except BadSignature:
        ours = False
    return ours, bool(RequestValidator(key).validate(url, params, signature, algorithm))
