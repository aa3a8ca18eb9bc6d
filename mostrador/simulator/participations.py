"""Sellers v1: getMarketplaceParticipations."""

from __future__ import annotations

from aiohttp import web

from mostrador.simulator.answers import json_response
from mostrador.simulator.gate import Call
from mostrador.simulator.marketplaces import BY_ID, Marketplace, country_code
from mostrador.simulator.store import Json


async def get_marketplace_participations(call: Call) -> web.Response:
    """Answer getMarketplaceParticipations."""
    places = [BY_ID[marketplace_id] for marketplace_id in call.seller.marketplaces]
    return json_response({"payload": [_participation(place, call.seller.name) for place in places]})


def _participation(place: Marketplace, store_name: str) -> Json:
    return {
        "marketplace": {
            "id": place.id,
            "name": place.name,
            "countryCode": country_code(place),
            "defaultCurrencyCode": place.currency,
            "defaultLanguageCode": place.language,
            "domainName": f"www.{place.domain}",
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": store_name,
    }
