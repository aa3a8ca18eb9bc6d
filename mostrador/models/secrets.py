"""Secrets: fields whose values are encrypted at rest and cannot be moved to another row."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12
_VERSION = b"\x01"


class SecretUnreadable(Exception):
    """A stored secret that none of the keys opens: wrong MOSTRADOR_SECRET_KEY, or a changed row."""


def _keys() -> list[bytes]:
    """Return the encryption keys, newest first, derived from the secret key and its retired forerunners."""
    texts: Sequence[str] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hashlib.sha256(b"mostrador secrets at rest\x00" + text.encode()).digest() for text in texts]


def seal(text: str, *, place: str) -> str:
    """Return `text` encrypted (AES-256-GCM) for `place`, such as "selling_partner:A1B2:client_secret"."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_keys()[0]).encrypt(nonce, text.encode(), place.encode())
    return base64.b64encode(_VERSION + nonce + sealed).decode()


def unseal(sealed: str, *, place: str) -> str:
    """Return the text that was sealed for `place`.

    Raises: SecretUnreadable when no key opens it.
    """
    for key in _keys():
        try:
            raw = base64.b64decode(sealed, validate=True)
            nonce, body = raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :]
            return AESGCM(key).decrypt(nonce, body, place.encode()).decode()
        except (InvalidTag, ValueError):  # another key, or bytes that were never sealed
            continue
    raise SecretUnreadable(f"the stored secret of {place} cannot be opened with MOSTRADOR_SECRET_KEY")
