"""An authority that issues certificates of pass types, in Apple's place, and a service account in Google's."""

from __future__ import annotations

import datetime as dt
import functools
import io
import json
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)
PASS_TYPE, TEAM = "pass.example.shop.card", "ABCDE12345"
PASSWORD = "four red plums"


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def locked_key(self) -> bytes:
        locked = BestAvailableEncryption(PASSWORD.encode())
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)

    @property
    def p12(self) -> bytes:
        locked = BestAvailableEncryption(PASSWORD.encode())
        return pkcs12.serialize_key_and_certificates(b"card", self.key, self.certificate, None, locked)


def wwdr(which: int = 1) -> Issued:
    """One of several authorities that all have the same name."""
    return _authority(which)


@functools.cache
def _authority(which: int) -> Issued:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Worldwide Developer Relations, of a test")])
    return Issued(_certificate(name, key, name, key, is_authority=True), key)


@functools.cache
def pass_type(
    *, ends: dt.datetime | None = None, is_ec: bool = False, uid: str = PASS_TYPE, issued_by: int = 1
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1()) if is_ec else rsa.generate_private_key(65537, 2048)
    named = [(NameOID.USER_ID, uid), (NameOID.ORGANIZATIONAL_UNIT_NAME, TEAM), (NameOID.COMMON_NAME, f"Pass: {uid}")]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in named if value])
    authority = wwdr(issued_by)
    return Issued(_certificate(name, key, authority.certificate.subject, authority.key, ends=ends), key)


def _certificate(
    name: x509.Name,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
    ends: dt.datetime | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(ends or dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    )
    if not is_authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(issuer_key, SHA256())


def files_of(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def openssl_accepts(manifest: bytes, signature: bytes, folder: Path) -> bool:
    """Whether `openssl smime -verify` finds that the manifest was signed by a certificate of the authority."""
    paths = {"manifest": manifest, "signature": signature, "authority": wwdr().pem}
    for name, data in paths.items():
        (folder / name).write_bytes(data)
    command = "openssl smime -verify -binary -inform DER -in signature -content manifest -CAfile authority -out read"
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and (folder / "read").read_bytes() == manifest


@functools.cache
def service_account() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    said = {
        "type": "service_account",
        "client_email": "cards@shop.iam.gserviceaccount.example",
        "private_key_id": "0123456789abcdef",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    return key, json.dumps(said).encode()


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
