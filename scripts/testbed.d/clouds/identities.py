"""What the emulated clouds share: issuers of signed tokens, and tokens of their own."""

import base64
import datetime
import hashlib
import secrets
import time

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


class Issuer:
    """Signs tokens with a key of its own, as a cluster does for its service accounts."""

    def __init__(self, name):
        self.name = name
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, life=86400, **claims):
        start = int(time.time())
        return jwt.encode({"iss": self.name, "iat": start, "nbf": start, "exp": start + life, **claims}, self.key,
                          algorithm="RS256", headers={"kid": "1"})

    def verify(self, token, audience):
        return jwt.decode(token, self.key.public_key(), algorithms=["RS256"], audience=audience, issuer=self.name,
                          options={"require": ["exp", "iss", "sub", "aud"]})

    def pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()

    @staticmethod
    def certificate(name):
        """The public key of a self-signed certificate, its SHA-256 thumbprint, and PEM of certificate and key."""
        issuer = Issuer(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = datetime.datetime.now(datetime.timezone.utc)
        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                       .public_key(issuer.key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(start - datetime.timedelta(hours=1))
                       .not_valid_after(start + datetime.timedelta(days=30)).sign(issuer.key, hashes.SHA256()))
        der = certificate.public_bytes(serialization.Encoding.DER)
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        return issuer.key.public_key(), thumbprint, pem + issuer.pem()


class TokenServer:
    """Issues tokens that it alone can verify, and revokes them."""

    def __init__(self):
        self.key = secrets.token_bytes(32)
        self.revoked = set()

    def revoke(self, authorization):
        """Makes the token in a header worthless, and no other: tests share this server."""
        self.revoked.add(authorization.removeprefix("Bearer "))

    def issue(self, life=3600, **claims):
        start = int(time.time())
        # Each one is another, also within a second.
        claims["jti"] = secrets.token_hex(8)
        return jwt.encode({"iat": start, "exp": start + life, **claims}, self.key, algorithm="HS256")

    def claims(self, token, audience):
        """What a token says; None when it is none of ours, or has ended, or is for something else."""
        if token in self.revoked:
            return None
        try:
            return jwt.decode(token, self.key, algorithms=["HS256"], audience=audience)
        except jwt.InvalidTokenError:
            return None
