"""The mails the simulator makes, read by the reader that shares no line of code with it."""

from dataclasses import replace

import pytest

from mostrador.mail.incoming import Kind, read
from mostrador.simulator.letters import FORMS, comm_mgr_token, compose
from mostrador.simulator.shop import Letter, read_shop

SHOP = read_shop("nordlicht", 1_795_500_000)
ORDERS = {order.order_id: order for order in SHOP.orders}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("letter", SHOP.letters, ids=lambda letter: letter.key)
def test_a_letter_of_the_sample_shop_is_read(letter: Letter, form: str) -> None:
    sent = replace(letter, form=form)
    mail = read(compose(sent, ORDERS.get(letter.order_id), "desk@seller.example").as_bytes())
    tag = f"+{letter.buyer_tag}" if letter.buyer_tag else ""
    assert mail.buyer_text.split() == letter.text.split()
    assert mail.order_id == (letter.order_id or None)
    assert mail.comm_mgr_token == f"[commMgrTok:{comm_mgr_token(letter)}]"
    assert mail.buyer_name == letter.buyer_name
    assert mail.from_address.startswith(f"{letter.buyer_alias}{tag}@marketplace.amazon.")
    assert mail.kind is Kind.BUYER
    assert mail.defects == ()
    assert [one.refused for one in mail.attachments] == [None] * letter.photo
    assert mail.blocked_images == (form == "html_only")
