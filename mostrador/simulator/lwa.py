"""Login with Amazon: access tokens for refresh tokens and client credentials, and the check of each call."""

from __future__ import annotations

import base64
import binascii
import secrets

from aiohttp import web

from mostrador.simulator.answers import json_response, unauthorized
from mostrador.simulator.shop import Seller
from mostrador.simulator.store import Json
from mostrador.simulator.world import World

TOKEN_LIFE = 3600
SCOPES = frozenset({"sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation"})


def _refused(status: int, error: str, description: str) -> web.Response:
    return json_response({"error": error, "error_description": description}, status=status)


async def token(world: World, request: web.Request) -> web.Response:
    """Answer POST /auth/o2/token."""
    if request.content_type != "application/x-www-form-urlencoded":
        return _refused(400, "invalid_request", "The request must be form-encoded.")
    form = {key: str(value) for key, value in (await request.post()).items()}
    form |= _basic_credentials(request.headers.get("Authorization", ""))
    client = _client(world, form)
    if client is None:
        return _refused(401, "invalid_client", "Client authentication failed")
    match form.get("grant_type"):
        case "refresh_token":
            return _for_refresh_token(world, client, form.get("refresh_token", ""))
        case "client_credentials":
            return _for_client(world, client, form.get("scope", ""))
        case _:
            return _refused(400, "unsupported_grant_type", "The grant_type is not supported.")


def _basic_credentials(header: str) -> dict[str, str]:
    if not header.startswith("Basic "):
        return {}
    try:
        client_id, _, client_secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": client_secret}


def _client(world: World, form: dict[str, str]) -> Seller | None:
    for seller in world.sellers.values():
        if seller.client_id == form.get("client_id"):
            same = secrets.compare_digest(
                seller.client_secret.encode(), form.get("client_secret", "").encode()
            )
            return seller if same else None
    return None


def _for_refresh_token(world: World, seller: Seller, refresh_token: str) -> web.Response:
    if seller.revoked or not secrets.compare_digest(seller.refresh_token.encode(), refresh_token.encode()):
        return _refused(400, "invalid_grant", "The refresh token is invalid, expired or revoked.")
    return json_response(_grant(world, seller, grantless=False) | {"refresh_token": refresh_token})


def _for_client(world: World, seller: Seller, scope: str) -> web.Response:
    if not scope or not SCOPES.issuperset(scope.split()):
        return _refused(400, "invalid_scope", "The scope is missing or unknown.")
    return json_response(_grant(world, seller, grantless=True) | {"scope": scope})


def _grant(world: World, seller: Seller, *, grantless: bool) -> Json:
    now = world.clock.now()
    sealed = world.seal.close(
        {"s": seller.seller_id, "c": seller.client_id, "i": now, "e": now + TOKEN_LIFE, "g": grantless}
    )
    return {"access_token": f"Atza|{sealed}", "token_type": "bearer", "expires_in": TOKEN_LIFE}


def caller(world: World, request: web.Request, *, grantless: bool = False) -> Seller:
    """Return the selling partner in whose name, or by whose application, a request comes.

    Raises: Refused (403) when its access token is missing, foreign, expired, revoked or of the other kind:
    `grantless` says which one is wanted.
    """
    access_token = request.headers.get("x-amz-access-token", "")
    if not access_token:
        raise unauthorized("Access token is missing in the request header.")
    content = (
        world.seal.open(access_token.removeprefix("Atza|")) if access_token.startswith("Atza|") else None
    )
    if content is None or content.get("s") not in world.sellers:
        raise unauthorized("The access token you provided is invalid.")
    seller = world.sellers[content["s"]]
    if content["e"] <= world.clock.now():
        raise unauthorized("The access token you provided has expired.")
    if seller.revoked or content["i"] < seller.tokens_valid_from:
        raise unauthorized("The access token you provided is revoked.")
    if content["g"] and not grantless:
        raise unauthorized("The access token does not belong to a selling partner.")
    if grantless and not content["g"]:
        raise unauthorized("The operation is grantless and wants a token of the application.")
    return seller
