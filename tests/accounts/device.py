"""A device that keeps passkeys, for tests of what a browser might answer: it does as WebAuthn says, or as told."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey.

    Attributes:
        rp_id, origin: of the page that asks, as the browser has it.
        signed: how often it signed.
        flags: what it says of its user.
    """

    rp_id: str
    origin: str
    signed: int = 0
    flags: int = PRESENT | VERIFIED
    handle: bytes | None = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: str) -> str:
        """The answer to what a console asks for to register one."""
        asked = json.loads(options)
        self.handle = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": bytes_to_base64url(self._client("webauthn.create", asked["challenge"])),
            "attestationObject": bytes_to_base64url(attestation),
        }
        return self._answer(response)

    def shown(self, options: str, **changed: Any) -> str:
        """The answer to what a console asks for to sign in; `changed` is what of it is otherwise."""
        self.signed += 1
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "userHandle": self.handle,
        }
        return self._answer(response | changed)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.signed.to_bytes(4, "big")

    def _answer(self, response: dict[str, Any]) -> str:
        credential = bytes_to_base64url(self.credential_id)
        said: dict[str, Any] = {
            "id": credential,
            "rawId": credential,
            "type": "public-key",
            "clientExtensionResults": {},
        }
        return json.dumps(said | {"response": response})
