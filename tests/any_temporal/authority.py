"""A certificate authority of a test's own, for servers and clients that know each other by certificate."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Where its own certificate is, and the one that it signed for 127.0.0.1 with its key: good for both ends."""

    certificate: Path
    signed: Path
    key: Path


def make_authority(folder: Path) -> Authority:
    """Make one in this folder, good for a day."""
    authority, its_key = _certificate("authority", None)
    signed, key = _certificate("peer", (authority, its_key))
    made = Authority(folder / "authority.pem", folder / "peer.pem", folder / "peer.key")
    made.certificate.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.signed.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def _certificate(
    name: str, by: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by is not None:
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(here, critical=False)
    return builder.sign(by[1] if by else key, hashes.SHA256()), key
