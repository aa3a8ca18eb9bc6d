"""Senders: whom a mail may be believed to come from, and what about it a person should doubt."""

from __future__ import annotations

from enum import StrEnum

from mostrador.amazon.marketplaces import MARKETPLACES, Marketplace
from mostrador.mail.senders import is_relay

RELAY = "marketplace.amazon."


class Doubt(StrEnum):
    """What makes a message doubtful; stored among its defects, shown as a banner."""

    FORGED = "doubt:forged"  # the mail servers' checks say it is not from this sender
    NOT_FROM_AMAZON = "doubt:not_from_amazon"  # not from Amazon's buyer-seller relay
    ORDER_OF_ANOTHER = "doubt:order_of_another"  # names an order that belongs to another buyer
    CUT = "doubt:cut"  # longer than 30 MB: only its beginning was kept
    BOUNCE = "doubt:bounce"  # a mail server's notice about an unknown letter


def doubts(*, address: str, authentic: bool | None, is_bounce: bool, is_cut: bool) -> tuple[Doubt, ...]:
    """Return what a person should know before believing a mail."""
    found = (
        (Doubt.FORGED, authentic is False),
        (Doubt.NOT_FROM_AMAZON, not is_relay(address) and not is_bounce),
        (Doubt.BOUNCE, is_bounce),
        (Doubt.CUT, is_cut),
    )
    return tuple(doubt for doubt, holds in found if holds)


def is_trusted(*, address: str, authentic: bool | None) -> bool:
    """Return whether a mail may lead to an order: it came by Amazon's relay and no check says otherwise."""
    return is_relay(address) and authentic is not False


def alias_of(address: str) -> str:
    """Return a relay address without its +token: the same for one buyer and seller over time."""
    local, _, domain = address.lower().partition("@")
    return f"{local.partition('+')[0]}@{domain}"


def marketplace_of(address: str) -> Marketplace | None:
    """Return the marketplace a relay address belongs to, by its top-level domain."""
    tld = address.lower().partition("@")[2].removeprefix(RELAY)
    return next((one for one in MARKETPLACES.values() if one.mail_tld == tld), None)
