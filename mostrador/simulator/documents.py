"""Pre-signed addresses of feed documents: upload and download, without a token, for five minutes."""

from __future__ import annotations

from aiohttp import web
from yarl import URL

from mostrador.simulator.world import World

URL_LIFE = 300


def signed_url(
    world: World, request: web.Request, document_id: str, method: str, *, encoded: bool = False
) -> str:
    """Return an address of this server that may be used once or more within five minutes."""
    expires = world.clock.now() + URL_LIFE
    query = {"X-Amz-Expires-At": f"{expires:.3f}", "Encoded": "1" if encoded else "0"}
    query["X-Amz-Signature"] = _signature(world, document_id, method, query)
    origin = URL.build(scheme=request.scheme, authority=request.host)
    return str((origin / "documents" / document_id).with_query(query))


def _signature(world: World, document_id: str, method: str, query: dict[str, str]) -> str:
    return world.seal.signature(f"{method} {document_id} {query['X-Amz-Expires-At']} {query['Encoded']}")


def _refused(code: str) -> web.Response:
    return web.Response(
        text=f"<Error><Code>{code}</Code></Error>", status=403, content_type="application/xml"
    )


def _refusal(world: World, request: web.Request, method: str) -> web.Response | None:
    query = {name: request.query.get(name, "") for name in ("X-Amz-Expires-At", "Encoded")}
    signature = _signature(world, request.match_info["documentId"], method, query)
    if request.query.get("X-Amz-Signature") != signature:
        return _refused("SignatureDoesNotMatch")
    if float(query["X-Amz-Expires-At"]) < world.clock.now():
        return _refused("AccessDenied")
    return None


async def upload(world: World, request: web.Request) -> web.Response:
    """Take the bytes of an upload; the content type must be the one announced."""
    refusal = _refusal(world, request, "PUT")
    if refusal is not None:
        return refusal
    document = world.documents[request.match_info["documentId"]]
    if request.headers.get("Content-Type") != document.content_type:
        return _refused("SignatureDoesNotMatch")
    document.body = await request.read()
    document.uploaded = True
    world.keep("document", document.document_id, document)
    world.commit()
    return web.Response(status=200)


async def download(world: World, request: web.Request) -> web.Response:
    """Give the bytes of a document, as they are stored."""
    refusal = _refusal(world, request, "GET")
    if refusal is not None:
        return refusal
    document = world.documents[request.match_info["documentId"]]
    headers = {"Content-Type": document.content_type}
    if request.query["Encoded"] == "1":
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=document.body, headers=headers)
