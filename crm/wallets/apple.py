"""Apple's passes: certificates, and a store card as a signed .pkpass; pure.

The signature is detached PKCS#7 over the manifest, with the time of signing and Apple's intermediate certificate.
Binary is a must: without it line ends are signed as CRLF, and phones refuse the pass without a word.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID

from crm.wallets.card import Card

MIMETYPE = "application/vnd.apple.pkpass"
IMAGES = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "images").glob("*.png"))}

MADE_AT = (1980, 1, 1, 0, 0, 0)
"""The date of the files in a pass, so that equal cards make equal files."""

Key = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certificates:
    """The owner's certificate of a pass type with its key, and Apple's that issued it (WWDR)."""

    certificate: x509.Certificate
    key: Key = field(repr=False)
    wwdr: x509.Certificate

    @property
    def pass_type(self) -> str:
        return _named(self.certificate, NameOID.USER_ID)

    @property
    def team(self) -> str:
        return _named(self.certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)

    def problem(self, now: dt.datetime) -> str:
        """Say what keeps phones from accepting passes now, or ""."""
        for certificate, name in ((self.certificate, "APPLE_PASS_CERTIFICATE"), (self.wwdr, "APPLE_WWDR_CERTIFICATE")):
            if now >= certificate.not_valid_after_utc:
                return f"{name} has expired on {certificate.not_valid_after_utc:%Y-%m-%d}. Get a new one from Apple."
            if now < certificate.not_valid_before_utc:
                return f"{name} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}."
        return ""


def read_certificates(certificate: bytes, key: bytes, password: str, wwdr: bytes) -> Certificates:
    """Return what the files hold, PEM or DER; the first may be a .p12 with its key.

    Raises ValueError with a sentence that names the variable.
    """
    secret = password.encode() or None
    own, own_key = _read_own(certificate, secret)
    if key:
        own_key = _read_key(key, secret)
    if own_key is None:
        raise ValueError("APPLE_PASS_KEY is missing: set it to the key of APPLE_PASS_CERTIFICATE.")
    found = Certificates(own, own_key, _read_certificate(wwdr, "APPLE_WWDR_CERTIFICATE"))
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_key().public_bytes(*form) != own_key.public_key().public_bytes(*form):
        raise ValueError("APPLE_PASS_KEY is not the key of APPLE_PASS_CERTIFICATE.")
    if not found.pass_type or not found.team:
        raise ValueError("APPLE_PASS_CERTIFICATE is not of a pass type: it names no pass type or no team.")
    try:
        own.verify_directly_issued_by(found.wwdr)
    except (ValueError, TypeError, InvalidSignature):
        raise ValueError("APPLE_WWDR_CERTIFICATE is not the one that issued APPLE_PASS_CERTIFICATE.") from None
    return found


def make_pass(card: Card, certificates: Certificates, web_service: str, token: str) -> bytes:
    """Return the .pkpass. `web_service` and `token` are where and how the phone asks for a newer one."""
    content = json.dumps(
        pass_json(card, certificates, web_service, token), ensure_ascii=False, indent=1, sort_keys=True
    ).encode()
    files = {"pass.json": content, **IMAGES}
    manifest = manifest_of(files)
    signed = {**files, "manifest.json": manifest, "signature": sign(manifest, certificates)}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in signed.items():
            info = zipfile.ZipInfo(name, MADE_AT)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return made.getvalue()


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """Return the SHA-1 of each file, which is what phones compare (PassKit, Creating the Source for a Pass)."""
    hashes = {name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()}
    return json.dumps(hashes, indent=1, sort_keys=True).encode()


def sign(manifest: bytes, certificates: Certificates) -> bytes:
    """Return the detached signature, DER, with the time of signing and the certificates."""
    return (
        PKCS7SignatureBuilder()
        .set_data(manifest)
        .add_signer(certificates.certificate, certificates.key, SHA256())
        .add_certificate(certificates.wwdr)
        .sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])
    )


def pass_json(card: Card, certificates: Certificates, web_service: str, token: str) -> dict[str, Any]:
    lines = [{"key": line.key, "label": line.label, "value": line.value} for line in card.lines]
    code = {"format": "PKBarcodeFormatQR", "message": card.code, "messageEncoding": "iso-8859-1"}
    points = {
        "key": "points",
        "label": card.points_label,
        "value": card.points,
        "changeMessage": card.points_changed,
    }
    return {
        "formatVersion": 1,
        "passTypeIdentifier": certificates.pass_type,
        "teamIdentifier": certificates.team,
        "serialNumber": card.serial,
        "organizationName": card.organization,
        "description": card.description,
        "logoText": card.organization,
        "foregroundColor": "rgb(255, 255, 255)",
        "labelColor": "rgb(214, 228, 255)",
        "backgroundColor": "rgb(30, 64, 120)",
        "sharingProhibited": True,
        "barcodes": [code] if card.code else [],
        "expirationDate": card.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "voided": card.is_voided,
        "webServiceURL": web_service,
        "authenticationToken": token,
        "storeCard": {
            "primaryFields": [points],
            "secondaryFields": lines[:3],
            "backFields": lines[3:],
        },
    }


def _read_own(data: bytes, secret: bytes | None) -> tuple[x509.Certificate, Key | None]:
    if b"-----BEGIN" not in data:
        try:
            key, certificate, _others = pkcs12.load_key_and_certificates(data, secret)
        except ValueError:
            certificate = None
        if certificate is not None:
            return certificate, key if isinstance(key, Key) else None
    return _read_certificate(data, "APPLE_PASS_CERTIFICATE"), None


def _read_certificate(data: bytes, name: str) -> x509.Certificate:
    try:
        is_pem = b"-----BEGIN" in data
        return x509.load_pem_x509_certificate(data) if is_pem else x509.load_der_x509_certificate(data)
    except ValueError:
        raise ValueError(f"{name} is not a certificate, PEM or DER.") from None


def _read_key(data: bytes, secret: bytes | None) -> Key:
    load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
    try:
        found = load(data, secret)
    except TypeError:
        needed = "a" if secret is None else "no"
        raise ValueError(f"APPLE_PASS_KEY needs {needed} password: see APPLE_PASS_KEY_PASSWORD.") from None
    except ValueError:
        raise ValueError("APPLE_PASS_KEY is not a key, or APPLE_PASS_KEY_PASSWORD is another one's.") from None
    if not isinstance(found, Key):
        raise ValueError("APPLE_PASS_KEY is not an RSA or EC key.")
    return found


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
