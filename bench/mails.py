"""Mails: buyers' letters as Amazon's relay forwards them, in six languages and three forms."""

from __future__ import annotations

import mailbox
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from bench.amazon import add_order, shipped_order
from bench.environment import AMAZON
from bench.stock import SEED, SENTENCES
from mostrador.amazon.marketplaces import marketplace
from mostrador.simulator.book import Order
from mostrador.simulator.letters import FORMS, compose
from mostrador.simulator.marketplaces import BY_ID
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.shop import Letter, Seller, read_order

WITHOUT_ORDER = 0.2
IN_A_THREAD = 0.1  # the buyer writes again, in answer to an earlier mail
WITH_PHOTO = 0.1


@dataclass(frozen=True, slots=True)
class Conversation:
    """A buyer's first letter, the order it is about, if any, and its Message-ID."""

    letter: Letter
    order: Order | None
    message_id: str


def deliver(*, count: int, now: float) -> int:
    """Put `count` mails into the sellers' Maildirs; return how many tickets they are to become."""
    chance = Random(SEED)  # noqa: S311  # sample texts, no secrets
    fields = set(Seller.__dataclass_fields__)
    sellers = [Seller(**{k: v for k, v in each.items() if k in fields}) for each in AMAZON.sellers]
    boxes = {each["seller_id"]: mailbox.Maildir(each["maildir"]) for each in AMAZON.sellers}
    begun: list[Conversation] = []
    for number in range(count):
        seller = sellers[number % len(sellers)]
        if len(begun) > len(sellers) and chance.random() < IN_A_THREAD:
            box, mail = _another_letter(chance.choice(begun), sellers, chance, number)
        else:
            conversation, mail = _first_letter(seller, chance, number, now)
            begun.append(conversation)
            box = seller.seller_id
        boxes[box].add(mail)
    return len(begun)


def _first_letter(seller: Seller, chance: Random, number: int, now: float) -> tuple[Conversation, bytes]:
    place = BY_ID[chance.choice(seller.marketplaces)]
    order = None
    if chance.random() > WITHOUT_ORDER:
        order_id = f"6{number % 100:02d}-{number:07d}-{number * 7919 % 10**7:07d}"
        ours = marketplace(place.id)
        body = shipped_order(
            order_id=order_id, seller_id=seller.seller_id, place=ours, buyer=f"Buyer {number}"
        )
        add_order(body)
        order = read_order(body, seller, place, now)
    letter = Letter(
        key=f"bench-{number}",
        seller_id=seller.seller_id,
        country=place.country,
        buyer_name=f"Buyer {number}",
        buyer_alias=order.buyer_alias if order else digest_word(f"buyer {number}", 15),
        buyer_tag=order.buyer_tag if order else "",
        order_id=order.order_id if order else "",
        at=now - chance.uniform(60, 3600),
        topic="",
        text=_words(chance),
        form=chance.choice(FORMS),
        photo=chance.random() < WITH_PHOTO,
    )
    mail = compose(letter, order, seller.mailbox_address)
    return Conversation(letter, order, str(mail["Message-ID"])), mail.as_bytes()


def _another_letter(
    before: Conversation, sellers: Sequence[Seller], chance: Random, number: int
) -> tuple[str, bytes]:
    letter = replace(before.letter, key=f"bench-{number}", text=_words(chance), form=chance.choice(FORMS))
    seller = next(each for each in sellers if each.seller_id == letter.seller_id)
    mail = compose(letter, before.order, seller.mailbox_address)
    mail["In-Reply-To"] = mail["References"] = before.message_id
    return letter.seller_id, mail.as_bytes()


def _words(chance: Random) -> str:
    return "\n".join(chance.choices(SENTENCES, k=chance.randint(1, 10)))
