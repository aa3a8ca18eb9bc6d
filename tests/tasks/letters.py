"""Buyers' mails for the tests of intake, as Amazon's relay would send them."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from tests.makers import BUYER, NOW, TOKEN

ORDER = "302-1234567-7654321"


def letter(
    *,
    text: str = "Guten Tag, die Lampe ist kaputt.",
    order: str = ORDER,
    sender: str = BUYER,
    name: str = "Jürgen Groß - Amazon Marketplace",
    message_id: str = "<m1@amazonses.com>",
    in_reply_to: str = "",
    references: str = "",
    token: str = TOKEN,
    at: datetime = NOW,
    head: dict[str, str] | None = None,
) -> bytes:
    """Return a buyer's mail; `order` may be empty."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f'"{name}" <{sender}>'
    mail["To"] = "service@nordlicht.example"
    about = f" (Bestellung: {order})" if order else ""
    mail["Subject"] = f"Anfrage von Amazon-Kunde Jürgen Groß{about}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    for field, value in (("In-Reply-To", in_reply_to), ("References", references), *(head or {}).items()):
        if value:
            mail[field] = value
    block = f"Bestellnummer {order}:\n1 von Lampe [ASIN: B0TEST0001]\n\n" if order else ""
    mail.set_content(
        f"{block}------------- Beginn der Nachricht -------------\n\n{text}\n\n"
        f"------------- Ende der Nachricht -------------\n\n{token}\n"
    )
    return mail.as_bytes()


def bounce(
    *, of: str, sender: str = "mailer-daemon@relay.example", head: dict[str, str] | None = None
) -> bytes:
    """Return a mail server's report that the mail with the Message-ID `of` did not arrive."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Mail Delivery <{sender}>"
    mail["To"] = "service@nordlicht.example"
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Date"] = format_datetime(NOW)
    mail["Message-ID"] = "<bounce-1@relay.example>"
    mail["In-Reply-To"] = of
    for field, value in (head or {}).items():
        mail[field] = value
    mail.set_content("The sender is not an approved one.")
    return mail.as_bytes()
