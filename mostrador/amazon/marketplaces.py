"""Amazon's marketplaces: ids, countries, currencies, and where each is administered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote, urlencode


class UnknownMarketplace(LookupError):
    """A marketplace id or country that is not in our list."""


class Region(StrEnum):
    """One of Amazon's three groups of marketplaces; each has its own endpoint."""

    NA = "na"
    EU = "eu"
    FE = "fe"

    @property
    def endpoint(self) -> str:
        """The address of the Selling Partner API of this region."""
        return f"https://sellingpartnerapi-{self.value}.amazon.com"


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One of Amazon's stores.

    `tax_included` means that prices contain the tax: a refund there has no tax component.
    """

    id: str
    country_code: str
    domain: str
    region: Region
    currency: str
    language: str
    tax_included: bool
    seller_central_url: str
    time_zone: str
    mail_tld: str

    def order_url(self, order_id: str) -> str:
        """Return the order's page in Seller Central."""
        return f"{self.seller_central_url}/orders-v3/order/{quote(order_id, safe='')}"

    def messages_url(self, order_id: str | None) -> str:
        """Return the page of Seller Central with the messages of an order, or with all of them.

        Unconfirmed: Amazon documents no such address; programs in public use this one.
        """
        if not order_id:
            return f"{self.seller_central_url}/messaging/inbox"
        query = urlencode({"orderID": order_id, "marketplaceID": self.id})
        return f"{self.seller_central_url}/messaging/contact?{query}"


# id, country, top level domain, region, currency, language, tax included, time zone.
_ROWS: tuple[tuple[str, str, str, Region, str, str, bool, str], ...] = (
    ("ATVPDKIKX0DER", "US", "com", Region.NA, "USD", "en", False, "America/Los_Angeles"),
    ("A2EUQ1WTGCTBG2", "CA", "ca", Region.NA, "CAD", "en", False, "America/Toronto"),
    ("A1AM78C64UM0Y8", "MX", "com.mx", Region.NA, "MXN", "es", True, "America/Mexico_City"),
    ("A2Q3Y263D00KWC", "BR", "com.br", Region.NA, "BRL", "pt", True, "America/Sao_Paulo"),
    ("A1F83G8C2ARO7P", "UK", "co.uk", Region.EU, "GBP", "en", True, "Europe/London"),
    ("A1PA6795UKMFR9", "DE", "de", Region.EU, "EUR", "de", True, "Europe/Berlin"),
    ("A13V1IB3VIYZZH", "FR", "fr", Region.EU, "EUR", "fr", True, "Europe/Paris"),
    ("APJ6JRA9NG5V4", "IT", "it", Region.EU, "EUR", "it", True, "Europe/Rome"),
    ("A1RKKUPIHCS9HS", "ES", "es", Region.EU, "EUR", "es", True, "Europe/Madrid"),
    ("A1805IZSGTT6HS", "NL", "nl", Region.EU, "EUR", "nl", True, "Europe/Amsterdam"),
    ("AMEN7PMS3EDWL", "BE", "com.be", Region.EU, "EUR", "fr", True, "Europe/Brussels"),
    ("A28R8C7NBKEWEA", "IE", "ie", Region.EU, "EUR", "en", True, "Europe/Dublin"),
    ("A2NODRKZP88ZB9", "SE", "se", Region.EU, "SEK", "sv", True, "Europe/Stockholm"),
    ("A1C3SOZRARQ6R3", "PL", "pl", Region.EU, "PLN", "pl", True, "Europe/Warsaw"),
    ("A33AVAJ2PDY3EV", "TR", "com.tr", Region.EU, "TRY", "tr", True, "Europe/Istanbul"),
    ("A2VIGQ35RCS4UG", "AE", "ae", Region.EU, "AED", "en", True, "Asia/Dubai"),
    ("A17E79C6D8DWNP", "SA", "sa", Region.EU, "SAR", "ar", True, "Asia/Riyadh"),
    ("ARBP9OOSHTCHU", "EG", "eg", Region.EU, "EGP", "ar", True, "Africa/Cairo"),
    ("AE08WJ6YKNBMC", "ZA", "co.za", Region.EU, "ZAR", "en", True, "Africa/Johannesburg"),
    ("A21TJRUUN4KGV", "IN", "in", Region.EU, "INR", "en", True, "Asia/Kolkata"),
    ("A1VC38T7YXB528", "JP", "co.jp", Region.FE, "JPY", "ja", True, "Asia/Tokyo"),
    ("A39IBJ37TRP1C6", "AU", "com.au", Region.FE, "AUD", "en", True, "Australia/Sydney"),
    ("A19VAU5U5O7RUS", "SG", "sg", Region.FE, "SGD", "en", True, "Asia/Singapore"),
)

MARKETPLACES: Mapping[str, Marketplace] = MappingProxyType(
    {
        id_: Marketplace(
            id=id_,
            country_code=country,
            domain=f"Amazon.{tld}",
            region=region,
            currency=currency,
            language=language,
            tax_included=tax_included,
            seller_central_url=f"https://sellercentral.amazon.{tld}",
            time_zone=zone,
            mail_tld=tld,
        )
        for id_, country, tld, region, currency, language, tax_included, zone in _ROWS
    }
)


def marketplace(marketplace_id: str) -> Marketplace:
    """Return the marketplace with this id.

    Raises: UnknownMarketplace when Amazon has opened one that we do not know yet.
    """
    found = MARKETPLACES.get(marketplace_id)
    if found is None:
        raise UnknownMarketplace(f"no marketplace has the id {marketplace_id!r}")
    return found


def by_country(code: str) -> Marketplace:
    """Return the marketplace of a country, by its two letters; GB and UK are the same.

    Raises: UnknownMarketplace when there is none.
    """
    wanted = "UK" if code.upper() == "GB" else code.upper()
    for candidate in MARKETPLACES.values():
        if candidate.country_code == wanted:
            return candidate
    raise UnknownMarketplace(f"no marketplace stands for the country {code!r}")
