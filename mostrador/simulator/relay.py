"""Amazon's mail relay: takes sellers' replies by SMTP, and puts buyers' letters into sellers' Maildirs."""

from __future__ import annotations

import asyncio
import email
import email.policy
import mailbox
import re
from email.utils import getaddresses, parseaddr
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from mostrador.simulator.letters import compose
from mostrador.simulator.marketplaces import BY_ID
from mostrador.simulator.shop import Letter, Seller
from mostrador.simulator.world import RelayedMail, World

ALIAS = re.compile(r"^([a-z0-9]{15})(\+[^@]+)?@(marketplace\.amazon\.[a-z.]+)$")
MAX_MAIL = 20 * 1024 * 1024
MAX_ATTACHMENTS = 10 * 1024 * 1024


def maildir_of(world: World, seller: Seller) -> Path | None:
    """Return the folder into which a seller's mails are delivered, if mails are delivered at all."""
    base = world.settings.maildir
    if base is None:
        return None
    return base / re.sub(r"[^a-z0-9]+", "-", f"{seller.name} {seller.region}".lower()).strip("-")


def deliver(world: World, letter: Letter) -> bool:
    """Put a letter into the seller's Maildir, once, and say whether that happened now."""
    seller = world.sellers[letter.seller_id]
    folder = maildir_of(world, seller)
    if folder is None or letter.key in world.store.load("delivered"):
        return False
    mail = compose(letter, world.orders.get(letter.order_id), seller.mailbox_address)
    deliver_raw(folder, mail.as_bytes())
    world.store.put("delivered", letter.key, {})
    world.commit()
    return True


def deliver_raw(folder: Path, content: bytes) -> None:
    """Put the bytes of a mail into a Maildir, as new."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    mailbox.Maildir(folder, create=True).add(content)


def deliver_all(world: World) -> None:
    """Deliver every letter of the shop that was not delivered before, oldest first."""
    delivered = world.store.load("delivered")
    waiting = [letter for letter in world.letters.values() if letter.key not in delivered]
    for letter in sorted(waiting, key=lambda letter: letter.at):
        deliver(world, letter)
    for seller in world.sellers.values():
        if (folder := maildir_of(world, seller)) is not None:
            folder.parent.mkdir(parents=True, exist_ok=True)
            mailbox.Maildir(folder, create=True)


class Relay:
    """What the SMTP server asks at each step. Only approved senders may write, only to their own buyers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_MAIL(  # the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse a sender that no seller has approved."""
        del server, session
        if self._seller_by_address(address) is None:
            return "550 5.7.1 The sender is not an approved sender of a selling partner"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse a recipient that is not the alias of one of the sender's buyers."""
        del server, session
        seller = self._seller_by_address(envelope.mail_from or "")
        if seller is None or not self._is_buyer(seller, address):
            return "550 5.1.1 The recipient is not the address of a buyer"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, unless it is written in another name than the approved sender's."""
        del server, session
        content = (
            envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        )
        mail = email.message_from_bytes(content, policy=email.policy.compat32)
        sender = envelope.mail_from or ""
        authors = [address.lower() for _, address in getaddresses([str(mail.get("From", ""))])]
        if authors != [sender.lower()]:
            return "550 5.7.1 The From header is not the approved sender"
        if _attached(mail) > MAX_ATTACHMENTS:
            return "552 5.3.4 The attachments are larger than 10 MB"
        seller = self._seller_by_address(sender)
        assert seller is not None
        for recipient in envelope.rcpt_tos:
            self._keep(seller, sender, recipient, content)
        self._world.commit()
        return "250 OK"

    def _keep(self, seller: Seller, sender: str, recipient: str, content: bytes) -> None:
        mail = RelayedMail(
            seller_id=seller.seller_id,
            sender=sender,
            recipient=recipient,
            at=self._world.clock.now(),
            raw=content.decode("latin-1"),
        )
        self._world.mails.append(mail)
        self._world.keep("mail", str(len(self._world.mails)), mail)

    def _seller_by_address(self, address: str) -> Seller | None:
        wanted = parseaddr(address)[1].lower()
        return next((s for s in self._world.sellers.values() if s.mailbox_address.lower() == wanted), None)

    def _is_buyer(self, seller: Seller, address: str) -> bool:
        match = ALIAS.match(parseaddr(address)[1].lower())
        if match is None:
            return False
        alias, domain = match[1], match[3]
        domains = {BY_ID[place].relay_domain for place in seller.marketplaces}
        orders = (o.buyer_alias for o in self._world.orders.values() if o.seller_id == seller.seller_id)
        letters = (x.buyer_alias for x in self._world.letters.values() if x.seller_id == seller.seller_id)
        return domain in domains and (alias in set(orders) or alias in set(letters))


def _attached(mail: email.message.Message) -> int:
    sizes = (len(part.get_payload(decode=True) or b"") for part in mail.walk() if part.get_filename())
    return sum(sizes)


async def serve_relay(world: World, port: int) -> asyncio.Server:
    """Start the SMTP server on loopback."""
    loop = asyncio.get_running_loop()
    relay = Relay(world)

    def protocol() -> SMTP:
        return SMTP(
            relay, hostname="relay.amazon.test", data_size_limit=MAX_MAIL, enable_SMTPUTF8=True, loop=loop
        )

    return await loop.create_server(protocol, host="127.0.0.1", port=port)
