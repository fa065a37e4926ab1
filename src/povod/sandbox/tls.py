"""A certificate authority for the sandbox, made anew at each start.

One server key serves all hosts; a certificate is signed when a host is first asked for.
"""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=365)


class Authority:
    """Issues server certificates for any host name; `ca_pem` is what clients must trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._server_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Povod sandbox CA")])
        certificate = self._sign_itself()
        self.ca_pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    def context(self, host: str, *, expired: bool = False) -> ssl.SSLContext:
        """A server context with a certificate for `host`, made once."""
        key = (host, expired)
        if key not in self._contexts:
            self._contexts[key] = self._make_context(host, expired=expired)
        return self._contexts[key]

    def _make_context(self, host: str, *, expired: bool) -> ssl.SSLContext:
        path = self._folder / "certificate.pem"
        certificate = self._issue(host, expired=expired)
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + _private(self._server_key)
            + self.ca_pem.encode()  # Chromium knows it by its key and must see it
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        path.unlink()
        return context

    def _issue(self, host: str, *, expired: bool) -> x509.Certificate:
        end = datetime.now(UTC) + (-timedelta(days=3) if expired else _LIFE)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        return (
            self._builder(subject, end)
            .public_key(self._server_key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_key_id_of(self._key), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _sign_itself(self) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        own_id = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            self._builder(self._name, datetime.now(UTC) + _LIFE)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(own_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, end: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - _LIFE - timedelta(days=2))
            .not_valid_after(end)
        )


def _key_id_of(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
