"""Buyers' letters as Amazon's relay forwards them: headers, order block, markers, footer, in several forms.

Only the English markers are known from real mails; those of other languages are an assumption.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mostrador.simulator.book import Order
from mostrador.simulator.marketplaces import BY_COUNTRY, Marketplace
from mostrador.simulator.photo import photo
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.shop import Letter

FORMS = ("text", "alternative", "html_only")


@dataclass(frozen=True)
class Wording:
    """The fixed words of a mail in one language."""

    begin: str
    end: str
    subject: str
    order: str
    item: str
    topic: str
    needless: str
    report: str


WORDINGS = {
    "en": Wording(
        "Begin message",
        "End message",
        "{topic} inquiry from Amazon customer {name}",
        "Order ID",
        "{n} of {title} [ASIN: {asin}]",
        "Product details",
        "If no reply is needed, say so here:",
        "Report questionable activity:",
    ),
    "de": Wording(
        "Beginn der Nachricht",
        "Ende der Nachricht",
        "Anfrage von Amazon-Kunde {name}: {topic}",
        "Bestellnummer",
        "{n} von {title} [ASIN: {asin}]",
        "Produktangaben",
        "Wenn keine Antwort nötig ist, teilen Sie es hier mit:",
        "Verdächtige Aktivität melden:",
    ),
    "fr": Wording(
        "Début du message",
        "Fin du message",
        "Demande de renseignements de la part du client Amazon {name} : {topic}",
        "Numéro de commande",
        "{n} de {title} [ASIN : {asin}]",
        "Détails du produit",
        "Si aucune réponse n'est nécessaire, indiquez-le ici :",
        "Signaler une activité suspecte :",
    ),
    "es": Wording(
        "Comienzo del mensaje",
        "Fin del mensaje",
        "Consulta del cliente de Amazon {name}: {topic}",
        "Número de pedido",
        "{n} de {title} [ASIN: {asin}]",
        "Detalles del producto",
        "Si no hace falta responder, indíquelo aquí:",
        "Informar de una actividad sospechosa:",
    ),
    "it": Wording(
        "Inizio messaggio",
        "Fine messaggio",
        "Richiesta del cliente Amazon {name}: {topic}",
        "Numero ordine",
        "{n} di {title} [ASIN: {asin}]",
        "Dettagli del prodotto",
        "Se non serve una risposta, indicalo qui:",
        "Segnala un'attività sospetta:",
    ),
    "ja": Wording(
        "メッセージの開始",
        "メッセージの終了",
        "Amazonのお客様 {name} からのお問い合わせ：{topic}",
        "注文番号",
        "{n} 点 {title} [ASIN: {asin}]",
        "商品の詳細",
        "返信が不要な場合はこちら：",
        "不審な行為を報告する：",
    ),
}

# The authserv-id of the mail server that the sample shop's mailboxes stand on.
MAIL_SERVER = "mx.nordlicht.example"


def compose(letter: Letter, order: Order | None, recipient: str) -> EmailMessage:
    """Return the mail in which a buyer's letter reaches the seller."""
    place = BY_COUNTRY[letter.country]
    wording = WORDINGS[place.language[:2]]
    mail = EmailMessage(policy=SMTP)
    _set_headers(mail, letter, place, wording, recipient)
    text = _text_body(letter, order, place, wording)
    if letter.form == "html_only":
        mail.set_content(_html_table(letter, order, wording), subtype="html", cte="base64")
    else:
        mail.set_content(text, cte="quoted-printable")
    if letter.form == "alternative":
        mail.add_alternative(_html_copy(text), subtype="html", cte="quoted-printable")
    if letter.photo:
        mail.add_attachment(photo(), maintype="image", subtype="png", filename="IMG_2041.png")
    return mail


def _set_headers(
    mail: EmailMessage, letter: Letter, place: Marketplace, wording: Wording, recipient: str
) -> None:
    user = f"{letter.buyer_alias}+{letter.buyer_tag}" if letter.buyer_tag else letter.buyer_alias
    sender = Address(f"{letter.buyer_name} - Amazon Marketplace", user, place.relay_domain)
    subject = wording.subject.format(topic=letter.topic or wording.topic, name=letter.buyer_name)
    if letter.order_id:
        subject += f" ({wording.order.removesuffix(' ID')}: {letter.order_id})"
    # The seller's own mail server says what it found out about the sender.
    mail["Authentication-Results"] = (
        f"{MAIL_SERVER}; dkim=pass header.d={place.relay_domain}; dmarc=pass header.from={place.relay_domain}"
    )
    mail["From"] = sender
    mail["To"] = recipient
    mail["Reply-To"] = sender
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(int(letter.at), tz=UTC))
    mail["Message-ID"] = f"<{digest_word(f'{letter.seller_id} {letter.key}', 40)}@{place.relay_domain}>"


def comm_mgr_token(letter: Letter) -> str:
    """Return the token by which Amazon files a conversation; replies must keep it."""
    return digest_word(f"commMgrTok {letter.buyer_alias} {letter.order_id}", 24).upper()


def _block(letter: Letter, order: Order | None, wording: Wording) -> list[str]:
    if order is None:
        return []
    lines = [wording.item.format(n=item.quantity, title=item.title, asin=item.asin) for item in order.items]
    return [f"{wording.order} {letter.order_id}:", *lines]


def _footer(letter: Letter, place: Marketplace, wording: Wording) -> list[str]:
    site = f"https://sellercentral.{place.domain}"
    return [
        f"{wording.needless} {site}/communication-manager/no-response-needed?t={digest_word(letter.key, 20)}",
        f"{wording.report} {site}/communication-manager/report?t={digest_word(letter.key, 20)}",
        f"[commMgrTok:{comm_mgr_token(letter)}]",
    ]


def _text_body(letter: Letter, order: Order | None, place: Marketplace, wording: Wording) -> str:
    parts = [
        *_block(letter, order, wording),
        "",
        f"------------- {wording.begin} -------------",
        "",
        letter.text,
        "",
        f"------------- {wording.end} -------------",
        "",
        *_footer(letter, place, wording),
        "",
    ]
    return "\n".join(parts)


def _html_copy(text: str) -> str:
    return f"<html><body><div>{html.escape(text).replace(chr(10), '<br>')}</div></body></html>"


def _html_table(letter: Letter, order: Order | None, wording: Wording) -> str:
    """Return the form without markers: the words stand in a table cell."""
    place = BY_COUNTRY[letter.country]
    block = "<br>".join(html.escape(line) for line in _block(letter, order, wording))
    words = html.escape(letter.text).replace("\n", "<br>")
    footer = "<br>".join(html.escape(line) for line in _footer(letter, place, wording))
    pixel = f"https://www.{place.domain}/gp/r.html?t={digest_word(letter.key, 12)}"
    return (
        f'<html><body><table width="600"><tr><td style="color:#555">{block}</td></tr>'
        f'<tr><td style="padding:16px;border:1px solid #ddd">{words}</td></tr>'
        f'<tr><td style="font-size:11px">{footer}</td></tr></table>'
        f'<img src="{pixel}" width="1" height="1"></body></html>'
    )
