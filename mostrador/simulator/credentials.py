"""credentials.json: what an operator needs to connect the sellers of a simulator."""

from __future__ import annotations

import json
from pathlib import Path

from mostrador.simulator.relay import maildir_of
from mostrador.simulator.store import Json
from mostrador.simulator.world import World


def credentials(world: World) -> Json:
    """Return what an operator needs to connect each seller."""
    sellers = []
    for seller in world.sellers.values():
        folder = maildir_of(world, seller)
        sellers.append(
            {
                "name": seller.name,
                "seller_id": seller.seller_id,
                "region": seller.region,
                "marketplaces": seller.marketplaces,
                "client_id": seller.client_id,
                "client_secret": seller.client_secret,
                "refresh_token": seller.refresh_token,
                "mailbox_address": seller.mailbox_address,
                "maildir": str(folder.absolute()) if folder else "",
            }
        )
    return {"sellers": sellers}


def write_credentials(world: World, folder: Path) -> None:
    """Write credentials.json, readable only by its owner."""
    path = folder / "credentials.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(credentials(world), ensure_ascii=False, indent=2) + "\n", "utf-8")
