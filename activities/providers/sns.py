"""Amazon SNS's envelope: who signed it, and from where its certificate and its confirmation may come. Pure.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. An envelope names the address of
the certificate that it is verified by, so only Amazon's own hosts are asked; and anybody has topics, so the topic
counts as well as the signature.
"""

import base64
import binascii
import re
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from pydantic import Field

from activities.storefronts.payload import Payload

_HOST = re.compile(r"sns\.[a-z0-9-]{4,30}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class Envelope(Payload):
    """A message of SNS."""

    type: str = Field(alias="Type")
    message_id: str = Field(alias="MessageId", min_length=1, max_length=100)
    topic: str = Field(alias="TopicArn")
    message: str = Field(alias="Message")
    timestamp: str = Field(alias="Timestamp")
    subject: str | None = Field(default=None, alias="Subject")
    token: str | None = Field(default=None, alias="Token")
    subscribe_url: str | None = Field(default=None, alias="SubscribeURL")
    version: str = Field(alias="SignatureVersion")
    signature: str = Field(alias="Signature")
    certificate_url: str = Field(alias="SigningCertURL")

    @property
    def is_notification(self) -> bool:
        return self.type == "Notification"


def is_amazons(address: str) -> bool:
    """Whether an address is one of SNS itself: its host, by https, at no other port and as nobody."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and _HOST.fullmatch(parts.netloc) is not None
        and port is None
        and not set(address) & set("\\\r\n\t ")
    )


def is_certificate(address: str) -> bool:
    """Whether SNS keeps its certificates there."""
    return is_amazons(address) and bool(_CERTIFICATE.fullmatch(urlsplit(address).path)) and "?" not in address


def is_signed(envelope: Envelope, certificate: bytes) -> bool:
    """Whether the owner of the certificate signed the envelope."""
    hashes = {"1": SHA1(), "2": SHA256()}
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        signature = base64.b64decode(envelope.signature, validate=True)
        if not isinstance(key, RSAPublicKey) or envelope.version not in hashes:
            return False
        key.verify(signature, _signed(envelope), PKCS1v15(), hashes[envelope.version])
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True


def _signed(envelope: Envelope) -> bytes:
    """The text that is signed: names and values of certain fields, a line each; those that are absent are left out."""
    values = envelope.model_dump(by_alias=True)
    names = _NOTIFICATION if envelope.is_notification else _CONFIRMATION
    lines = [f"{name}\n{values[name]}\n" for name in names if values[name] is not None]
    return "".join(lines).encode("utf-8", "surrogatepass")
