"""The marketplaces the simulator knows, with what differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Marketplace:
    """One marketplace. `tax_inclusive`: prices contain the tax, so a separate tax component is refused."""

    country: str
    id: str
    region: str
    domain: str
    currency: str
    language: str
    tax_inclusive: bool

    @property
    def name(self) -> str:
        """Amazon's name of it, such as Amazon.de."""
        return f"Amazon.{self.domain.removeprefix('amazon.')}"

    @property
    def relay_domain(self) -> str:
        """The domain of its buyers' aliases."""
        return f"marketplace.{self.domain}"

    @property
    def unit(self) -> Decimal:
        """The smallest amount of its currency."""
        return Decimal(1) if self.currency == "JPY" else Decimal("0.01")


MARKETPLACES = (
    Marketplace("US", "ATVPDKIKX0DER", "na", "amazon.com", "USD", "en_US", False),
    Marketplace("CA", "A2EUQ1WTGCTBG2", "na", "amazon.ca", "CAD", "en_CA", False),
    Marketplace("MX", "A1AM78C64UM0Y8", "na", "amazon.com.mx", "MXN", "es_MX", True),
    Marketplace("UK", "A1F83G8C2ARO7P", "eu", "amazon.co.uk", "GBP", "en_GB", True),
    Marketplace("DE", "A1PA6795UKMFR9", "eu", "amazon.de", "EUR", "de_DE", True),
    Marketplace("FR", "A13V1IB3VIYZZH", "eu", "amazon.fr", "EUR", "fr_FR", True),
    Marketplace("IT", "APJ6JRA9NG5V4", "eu", "amazon.it", "EUR", "it_IT", True),
    Marketplace("ES", "A1RKKUPIHCS9HS", "eu", "amazon.es", "EUR", "es_ES", True),
    Marketplace("JP", "A1VC38T7YXB528", "fe", "amazon.co.jp", "JPY", "ja_JP", True),
)
BY_COUNTRY = {place.country: place for place in MARKETPLACES}
BY_ID = {place.id: place for place in MARKETPLACES}


def country_code(place: Marketplace) -> str:
    """Return the ISO code of the country; Amazon's UK is GB."""
    return "GB" if place.country == "UK" else place.country
