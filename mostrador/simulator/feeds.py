"""Feeds 2021-06-30: createFeedDocument, createFeed, getFeed, getFeeds, cancelFeed and getFeedDocument."""

from __future__ import annotations

import json

from aiohttp import web

from mostrador.simulator.answers import Refused, invalid, json_response, listed, not_found
from mostrador.simulator.clock import iso, parse_iso
from mostrador.simulator.documents import signed_url
from mostrador.simulator.gate import Call
from mostrador.simulator.store import Json
from mostrador.simulator.world import Document, Feed

ADJUSTMENTS = "POST_PAYMENT_ADJUSTMENT_DATA"
ACKNOWLEDGEMENTS = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
FEED_TYPES = frozenset({ADJUSTMENTS, ACKNOWLEDGEMENTS})
STATUSES = frozenset({"CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"})
DAY = 86400.0
UPLOAD_LIFE = 2 * DAY
REPORT_LIFE = 28 * DAY
LISTED_FOR = 90 * DAY


async def _body(call: Call) -> Json:
    if call.request.content_type != "application/json":
        raise Refused(415, "UnsupportedMediaType", "The content type must be application/json.")
    try:
        body = json.loads(await call.request.text())
    except ValueError:
        raise invalid("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The body is not a JSON object.")
    return body


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{name} is missing.")
    return value


async def create_feed_document(call: Call) -> web.Response:
    """Answer createFeedDocument."""
    world = call.world
    content_type = _text(await _body(call), "contentType")
    document = Document(world.new_document_id(), call.seller.seller_id, content_type, world.clock.now())
    world.documents[document.document_id] = document
    world.keep("document", document.document_id, document)
    world.commit()
    url = signed_url(call.world, call.request, document.document_id, "PUT")
    return json_response({"feedDocumentId": document.document_id, "url": url}, status=201)


async def create_feed(call: Call) -> web.Response:
    """Answer createFeed. Nothing here remembers a feed that was sent before: the same twice is two feeds."""
    body = await _body(call)
    feed_type = _text(body, "feedType")
    marketplace_ids = _marketplaces(call, body)
    document = _input_document(call, _text(body, "inputFeedDocumentId"))
    if feed_type not in FEED_TYPES:
        raise invalid(f"feedType {feed_type} is not supported.")
    world = call.world
    feed = Feed(
        feed_id=world.new_feed_id(),
        seller_id=call.seller.seller_id,
        feed_type=feed_type,
        marketplace_ids=marketplace_ids,
        input_document_id=document.document_id,
        created=world.clock.now(),
    )
    document.used = True
    world.feeds[feed.feed_id] = feed
    world.keep("feed", feed.feed_id, feed)
    world.keep("document", document.document_id, document)
    world.commit()
    call.entry.feed_id = feed.feed_id
    world.feed_arrived(feed)
    return json_response({"feedId": feed.feed_id}, status=202)


def _marketplaces(call: Call, body: Json) -> list[str]:
    marketplace_ids = body.get("marketplaceIds")
    if not isinstance(marketplace_ids, list) or not 1 <= len(marketplace_ids) <= 25:
        raise invalid("marketplaceIds must have 1 to 25 values.")
    if not set(marketplace_ids) <= set(call.seller.marketplaces):
        raise invalid("The selling partner does not take part in one of the marketplaces.")
    return [str(marketplace_id) for marketplace_id in marketplace_ids]


def _input_document(call: Call, document_id: str) -> Document:
    document = call.world.documents.get(document_id)
    if document is None or document.seller_id != call.seller.seller_id or document.report:
        raise invalid("The inputFeedDocumentId is unknown.")
    if call.world.clock.now() - document.created > UPLOAD_LIFE:
        raise invalid("The inputFeedDocumentId has expired.")
    if not document.uploaded:
        raise invalid("Nothing was uploaded to the inputFeedDocumentId.")
    if document.used and call.world.assumes("document-reuse") == "refuse":
        raise invalid("The inputFeedDocumentId was already used.")
    return document


def feed_json(feed: Feed) -> Json:
    """Return the feed as Amazon shows it."""
    body: Json = {
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "marketplaceIds": feed.marketplace_ids,
        "createdTime": iso(feed.created),
        "processingStatus": feed.status,
    }
    if feed.started:
        body["processingStartTime"] = iso(feed.started)
    if feed.ended:
        body["processingEndTime"] = iso(feed.ended)
    if feed.result_document_id:
        body["resultFeedDocumentId"] = feed.result_document_id
    return body


def _own_feed(call: Call) -> Feed:
    feed = call.world.feeds.get(call.request.match_info["feedId"])
    if feed is None or feed.seller_id != call.seller.seller_id:
        raise not_found("feed")
    call.entry.feed_id = feed.feed_id
    return feed


async def get_feed(call: Call) -> web.Response:
    """Answer getFeed."""
    return json_response(feed_json(_own_feed(call)))


async def cancel_feed(call: Call) -> web.Response:
    """Answer cancelFeed: only a feed that still waits can be cancelled."""
    feed = _own_feed(call)
    if feed.status != "IN_QUEUE":
        raise invalid(f"A feed that is {feed.status} cannot be cancelled.")
    feed.status = "CANCELLED"
    feed.ended = call.world.clock.now()
    call.world.keep("feed", feed.feed_id, feed)
    call.world.commit()
    call.world.feed_ended(feed)
    return web.Response(status=200)


async def get_feeds(call: Call) -> web.Response:
    """Answer getFeeds, newest first; a misfortune may keep new feeds out of the list for a while."""
    query = _listing_query(call)
    visible = call.world.clock.now() - call.world.faults.listing_lag(call.seller.seller_id)
    feeds = [
        feed
        for feed in reversed(call.world.feeds.values())
        if feed.seller_id == call.seller.seller_id and feed.created <= visible and _listed(feed, query)
    ]
    start, size = query["offset"], query["size"]
    body: Json = {"feeds": [feed_json(feed) for feed in feeds[start : start + size]]}
    if start + size < len(feeds):
        body["nextToken"] = call.world.seal.close(
            query | {"offset": start + size, "seller": call.seller.seller_id}
        )
    return json_response(body)


def _listing_query(call: Call) -> Json:
    asked = call.request.query
    if "nextToken" in asked:
        if len(asked) > 1:
            raise invalid("nextToken must be the only parameter.")
        query = call.world.seal.open(asked["nextToken"])
        if query is None or query.get("seller") != call.seller.seller_id:
            raise invalid("The nextToken is invalid.")
        return query
    types = listed(asked.getall("feedTypes", []))
    if not types:
        raise invalid("Either feedTypes or nextToken is required.")
    return {
        "types": types,
        "places": listed(asked.getall("marketplaceIds", [])),
        "statuses": _statuses(listed(asked.getall("processingStatuses", []))),
        "since": _time(call, "createdSince", call.world.clock.now() - LISTED_FOR),
        # No bound of its own, so that a later page is not cut at the time of the first.
        "until": _time(call, "createdUntil", call.world.clock.now() + DAY),
        "size": _page_size(asked.get("pageSize", "10")),
        "offset": 0,
    }


def _statuses(statuses: list[str]) -> list[str]:
    if not set(statuses) <= STATUSES:
        raise invalid("processingStatuses has unknown values.")
    return statuses


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise invalid("pageSize must be between 1 and 100.")
    return int(text)


def _time(call: Call, name: str, otherwise: float) -> float:
    if name not in call.request.query:
        return otherwise
    try:
        return parse_iso(call.request.query[name])
    except ValueError:
        raise invalid(f"{name} is not an ISO 8601 time.") from None


def _listed(feed: Feed, query: Json) -> bool:
    return (
        feed.feed_type in query["types"]
        and (not query["statuses"] or feed.status in query["statuses"])
        and (not query["places"] or bool(set(query["places"]) & set(feed.marketplace_ids)))
        # Times are written with milliseconds; a caller may send one of them back.
        and query["since"] <= feed.created + 0.001
        and feed.created <= query["until"] + 0.001
    )


async def get_feed_document(call: Call) -> web.Response:
    """Answer getFeedDocument."""
    document = call.world.documents.get(call.request.match_info["feedDocumentId"])
    gone = document is not None and call.world.clock.now() - document.created > REPORT_LIFE
    if document is None or document.seller_id != call.seller.seller_id or gone or not document.body_base64:
        raise not_found("feed document")
    encoded = call.request.query.get("enableContentEncodingUrlHeader") == "true" and document.gzip
    url = signed_url(call.world, call.request, document.document_id, "GET", encoded=encoded)
    body: Json = {"feedDocumentId": document.document_id, "url": url}
    if document.gzip:
        body["compressionAlgorithm"] = "GZIP"
    return json_response(body)
