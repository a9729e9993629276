"""The key ring of the sealed records: AES-256-GCM, the subject bound in, old keys kept for reading.

What is sealed discloses disability (preferences, input modes). It is encrypted at rest, so that a copy
of the database alone tells nothing, and only this module can open it.
"""

import base64
import hashlib
import os
from dataclasses import dataclass
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed record does not open: its key is not in the ring, or it was moved or changed."""


class KeyRingRefused(Exception):
    """The text of a key ring is not `id:base64` entries parted by commas, 32 bytes each."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id. The first one seals; all of them open."""

    keys: dict[str, bytes]

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `k2:BASE64,k1:BASE64` (newest first).

        Raises KeyRingRefused.
        """
        keys: dict[str, bytes] = {}
        for entry in text.replace("\n", ",").split(","):
            if not entry.strip():
                continue
            key_id, _, encoded = entry.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:
                raise KeyRingRefused(f"key {key_id}: not base64") from None
            if not key_id or len(key) != KEY_BYTES or key_id in keys:
                raise KeyRingRefused(f"key {key_id!r}: wants a name of its own and {KEY_BYTES} bytes")
            keys[key_id] = key
        if not keys:
            raise KeyRingRefused("no key given")
        return cls(keys)

    @staticmethod
    def new_key(key_id: str) -> str:
        """The text of a fresh key, as `parse` reads it."""
        return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))

    def draw(self, purpose: str, *parts: UUID | int) -> float:
        """A number in [0, 1) that is the same for the same parts, and that nobody without the key can foretell.

        BLAKE2 as a keyed hash (RFC 7693); its personalisation keeps it apart from what the key seals. With a new key
        all numbers are new.
        """
        text = ":".join((purpose, *map(str, parts))).encode()
        digest = hashlib.blake2b(text, digest_size=7, key=self.keys[self.current], person=b"leye draw").digest()
        return (int.from_bytes(digest) >> 3) / 2**53

    def seal(self, kind: str, subject_id: UUID, value: object) -> bytes:
        """Encrypt a JSON value for one subject."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.keys[self.current]).encrypt(nonce, orjson.dumps(value), _bound(kind, subject_id))

    def open(self, kind: str, subject_id: UUID, key_id: str, ciphertext: bytes) -> object:
        """Decrypt what `seal` made.

        Raises SealBroken.
        """
        try:
            key = self.keys[key_id]
            plain = AESGCM(key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], _bound(kind, subject_id))
        except (KeyError, InvalidTag):
            raise SealBroken(f"{kind} {subject_id}: key {key_id}") from None
        return orjson.loads(plain)


def _bound(kind: str, subject_id: UUID) -> bytes:
    return f"{kind}:{subject_id}".encode()
