"""Opaque tokens that only this simulator can make and read: access tokens, page tokens, signed addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from mostrador.simulator.store import Json


class Seal:
    """Signs small JSON documents with a secret that stays in the state folder."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def signature(self, text: str) -> str:
        """Return the signature of a text, 40 hexadecimal digits."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:40]

    def close(self, body: Json) -> str:
        """Return the document as one opaque, URL-safe word."""
        text = base64.urlsafe_b64encode(json.dumps(body, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{text}.{self.signature(text)}"

    def open(self, token: str) -> Json | None:
        """Return the sealed document, or None when it was not sealed here."""
        text, _, signature = token.partition(".")
        if not hmac.compare_digest(self.signature(text).encode(), signature.encode()):
            return None
        body: Json = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return body


def digest_word(text: str, length: int, alphabet: str = "0123456789abcdefghijklmnopqrstuvwxyz") -> str:
    """Return a word of `length` letters that is always the same for the same text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)
