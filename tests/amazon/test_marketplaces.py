"""Amazon's stores."""

from __future__ import annotations

import zoneinfo

import pytest

from mostrador.amazon.marketplaces import MARKETPLACES, Region, UnknownMarketplace, by_country, marketplace


def test_every_store_of_the_three_regions_is_known() -> None:
    assert len(MARKETPLACES) == 23
    assert {region: sum(m.region is region for m in MARKETPLACES.values()) for region in Region} == {
        Region.NA: 4,
        Region.EU: 16,
        Region.FE: 3,
    }


def test_a_store_is_found_by_id_and_by_country() -> None:
    germany = marketplace("A1PA6795UKMFR9")
    assert germany is by_country("de") is by_country("DE")
    assert (germany.domain, germany.currency, germany.language) == ("Amazon.de", "EUR", "de")
    assert germany.region.endpoint == "https://sellingpartnerapi-eu.amazon.com"
    assert by_country("GB") is by_country("UK")


@pytest.mark.parametrize("unknown", ["", "XX", "a1pa6795ukmfr9"])
def test_an_unknown_store_is_a_lookup_error(unknown: str) -> None:
    with pytest.raises(UnknownMarketplace):
        marketplace(unknown)
    with pytest.raises(LookupError):
        by_country(unknown)


def test_only_american_prices_come_without_tax() -> None:
    assert {m.country_code for m in MARKETPLACES.values() if not m.tax_included} == {"US", "CA"}


def test_an_order_has_a_page_in_seller_central() -> None:
    url = by_country("JP").order_url("250-1234567-8901234")
    assert url == "https://sellercentral.amazon.co.jp/orders-v3/order/250-1234567-8901234"
    assert by_country("US").order_url("../x").endswith("/orders-v3/order/..%2Fx")


def test_every_store_has_a_real_time_zone_and_an_iso_currency() -> None:
    for store in MARKETPLACES.values():
        assert zoneinfo.ZoneInfo(store.time_zone)
        assert len(store.currency) == 3
        assert store.currency.isupper()
