"""Calls of providers for tests: the stored ones, and others that are signed here, apart from the product's own code."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from activities.providers.provider import ProviderCall

PAYLOADS = Path(__file__).parent / "payloads"
URL = "https://shelftalk.example/v1/webhooks/"
NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)

MAILGUN_KEY = "key-of-the-shop"
RESEND_SECRET = "whsec_" + base64.b64encode(b"resend signs with this secret").decode()
BASIC = "shelftalk:hush hush"
TWILIO_TOKEN = "12345"
VONAGE_SECRET = "vonage-secret-of-the-tests"
_SENDGRID = generate_private_key(SECP256R1())
SENDGRID_KEY = base64.b64encode(
    _SENDGRID.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
_TELNYX = Ed25519PrivateKey.generate()
TELNYX_KEY = base64.b64encode(_TELNYX.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def stored(name: str) -> bytes:
    """A stored payload, as the bytes it came in."""
    return (PAYLOADS / name).read_bytes()


def vectors(name: str) -> Any:
    return json.loads(stored(f"vectors/{name}.json"))


def as_json(message: object) -> bytes:
    return message if isinstance(message, bytes) else json.dumps(message).encode()


def sendgrid(events: object, at: datetime = NOW) -> ProviderCall:
    body, timestamp = as_json(events), str(int(at.timestamp()))
    signature = base64.b64encode(_SENDGRID.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()
    return ProviderCall(
        body,
        {
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        },
        URL + "sendgrid",
    )


def shared(provider: str, message: object, secret: str = BASIC) -> ProviderCall:
    told = base64.b64encode(secret.encode()).decode()
    return ProviderCall(as_json(message), {"Authorization": f"Basic {told}"}, URL + provider)


def mailgun(event: Mapping[str, Any], at: datetime = NOW, token: str = "0" * 50) -> ProviderCall:
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(MAILGUN_KEY.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return ProviderCall(as_json({"event-data": event, "signature": signed}), {}, URL + "mailgun")


def resend(event: object, at: datetime = NOW, id_: str = "msg_1") -> ProviderCall:
    body, timestamp = as_json(event), str(int(at.timestamp()))
    key = base64.b64decode(RESEND_SECRET.removeprefix("whsec_"))
    signed = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "svix-id": id_,
        "svix-timestamp": timestamp,
        "svix-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    return ProviderCall(body, headers, URL + "resend")


def twilio(
    form: Mapping[str, str] | Sequence[tuple[str, str]], url: str = URL + "twilio", query: str = ""
) -> ProviderCall:
    url = f"{url}?{query}" if query else url
    pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
    signed = url + "".join(name + value for name, value in sorted(pairs))
    signature = base64.b64encode(hmac.new(TWILIO_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    told = dict(part.split("=", 1) for part in query.split("&")) if query else {}
    return ProviderCall(urlencode(pairs).encode(), {"X-Twilio-Signature": signature}, url, told)


def vonage(parameters: Mapping[str, str], at: datetime = NOW) -> ProviderCall:
    given = {**parameters, "timestamp": str(int(at.timestamp()))}
    given.pop("sig", None)
    text = "".join(f"&{name}={given[name].translate({38: '_', 61: '_'})}" for name in sorted(given))
    sig = hmac.new(VONAGE_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return ProviderCall(as_json(given | {"sig": sig}), {}, URL + "vonage")


def telnyx(message: object, at: datetime = NOW) -> ProviderCall:
    body, timestamp = as_json(message), str(int(at.timestamp()))
    signature = base64.b64encode(_TELNYX.sign(f"{timestamp}|".encode() + body)).decode()
    return ProviderCall(body, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": timestamp}, URL + "telnyx")
