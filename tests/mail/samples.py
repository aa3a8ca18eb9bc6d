"""Buyer mails as Amazon's relay sends them, with words of our own."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True)
class Sample:
    """One relay mail and what must be read from it."""

    name: str
    domain: str
    buyer: str
    subject: str
    order_id: str | None
    heading: str
    begin: str
    end: str
    words: str
    footer: str
    language: str
    dashes: int = 13


SAMPLES = (
    Sample(
        name="english",
        domain="com",
        buyer="Ruth O'Neill",
        subject="Order delivery inquiry from Amazon customer Ruth O'Neill (Order: 111-2345678-9012345)",
        order_id="111-2345678-9012345",
        heading="Order ID 111-2345678-9012345:\n1 of Blue enamel kettle, 2 litres [ASIN: B0AAAAAAA1]",
        begin="Begin message",
        end="End message",
        words="Hello,\n\nthe kettle has not come and it was promised for Monday.\n- where is it?\n-- Ruth",
        footer="To report this message: https://sellercentral.amazon.com/report?m=1",
        language="en",
        dashes=14,
    ),
    Sample(
        name="british",
        domain="co.uk",
        buyer="Tom Ash",
        subject="Return policy inquiry from Amazon customer Tom Ash (Order: 203-2345678-9012345)",
        order_id="203-2345678-9012345",
        heading="Order ID 203-2345678-9012345:\n2 of Wool hat [ASIN: B0AAAAAAA2]",
        begin="Begin message",
        end="End message",
        words="Can I send the hat back? It is too small for my head 😀",
        footer="Is no answer needed? https://sellercentral.amazon.co.uk/gp/communication-manager/no-response-needed?a=1",
        language="en",
    ),
    Sample(
        name="german",
        domain="de",
        buyer="Jürgen Groß",
        subject="Anfrage zu Produktdetails von Amazon-Kunde Jürgen Groß (Bestellung: 302-2345678-9012345)",
        order_id="302-2345678-9012345",
        heading="Bestellnummer 302-2345678-9012345:\n1 von Kaffeemühle aus Holz [ASIN: B0AAAAAAA3]",
        begin="Anfang der Nachricht",
        end="Ende der Nachricht",
        words="Guten Tag,\nist die Mühle auch für grobes Mahlen geeignet? Danke!",
        footer="Keine Antwort nötig: https://sellercentral.amazon.de/gp/communication-manager/no-response-needed?a=1",
        language="de",
    ),
    Sample(
        name="canadian in two languages",
        domain="ca",
        buyer="Chloé Tremblay",
        subject="Order information from Amazon customer Chloé Tremblay (Order: 702-2345678-9012345)",
        order_id="702-2345678-9012345",
        heading="Order ID / Numéro de commande 702-2345678-9012345:\n1 of / de Tasse [ASIN: B0AAAAAAA4]",
        begin="Begin message / Début du message",
        end="End message / Fin du message",
        words="Bonjour, je n'ai pas reçu la tasse et je voudrais annuler ma commande. Merci.",
        footer="Report / Signaler : https://sellercentral.amazon.ca/report?m=1",
        language="fr",
    ),
    Sample(
        name="french",
        domain="fr",
        buyer="Éloïse d'Arc",
        subject="Demande de renseignements de la part du client Amazon Éloïse d'Arc "
        "(Commande : 402-2345678-9012345)",
        order_id="402-2345678-9012345",
        heading="Numéro de commande 402-2345678-9012345 :\n1 de Lampe de bureau [ASIN: B0AAAAAAA5]",
        begin="Début du message",
        end="Fin du message",
        words="La lampe est arrivée cassée.\nQue dois-je faire ?",
        footer="Aucune réponse : https://sellercentral.amazon.fr/gp/communication-manager/no-response-needed?a=1",
        language="fr",
    ),
    Sample(
        name="spanish",
        domain="es",
        buyer="María José Núñez",
        subject="Consulta del cliente de Amazon María José Núñez (Pedido: 402-2345678-9012346)",
        order_id="402-2345678-9012346",
        heading="N.º de pedido 402-2345678-9012346:\n3 de Cuaderno rayado [ASIN: B0AAAAAAA6]",
        begin="Inicio del mensaje",
        end="Fin del mensaje",
        words="¡Hola! Solo han llegado dos cuadernos y pedí tres.",
        footer="No requiere respuesta: https://sellercentral.amazon.es/gp/communication-manager/no-response-needed?a=1",
        language="es",
    ),
    Sample(
        name="italian",
        domain="it",
        buyer="Niccolò Rè",
        subject="Richiesta dal cliente Amazon Niccolò Rè (Ordine: 402-2345678-9012347)",
        order_id="402-2345678-9012347",
        heading="Numero ordine 402-2345678-9012347:\n1 di Penna stilografica [ASIN: B0AAAAAAA7]",
        begin="Inizio messaggio",
        end="Fine messaggio",
        words="Buongiorno, la penna perde inchiostro. Vorrei un rimborso.",
        footer="Nessuna risposta: https://sellercentral.amazon.it/gp/communication-manager/no-response-needed?a=1",
        language="it",
    ),
    Sample(
        name="japanese",
        domain="co.jp",
        buyer="山田 太郎",
        subject="Amazonのお客様 山田 太郎様からのお問い合わせ（注文番号: 249-2345678-9012345）",
        order_id="249-2345678-9012345",
        heading="注文番号 249-2345678-9012345：\n1 点 急須 [ASIN: B0AAAAAAA8]",
        begin="メッセージはここから",
        end="メッセージはここまで",
        words="急須のふたが割れていました。\n交換できますか？",
        footer="返信不要: https://sellercentral.amazon.co.jp/gp/communication-manager/no-response-needed?a=1",
        language="ja",
    ),
    Sample(
        name="before any purchase",
        domain="com",
        buyer="Lee",
        subject="Product details inquiry from Amazon customer Lee",
        order_id=None,
        heading="Product: Blue enamel kettle [ASIN: B0AAAAAAA1]",
        begin="Begin message",
        end="End message",
        words="Does the kettle work with induction?",
        footer="To report this message: https://sellercentral.amazon.com/report?m=2",
        language="en",
    ),
)

TOKEN = "[commMgrTok:Zz-9_8.7=ABCdef]"
ALIAS = "a1b2c3d4e5f6g7h"


def body_of(sample: Sample, newline: str = "\n") -> str:
    """Lay a sample's words into Amazon's frame."""
    dashes = "-" * sample.dashes
    lines = (
        f"{sample.heading}\n\n{dashes} {sample.begin} {dashes}\n\n{sample.words}\n\n"
        f"{dashes} {sample.end} {dashes}\n\n{sample.footer}\n\n{TOKEN}\n"
    )
    return lines.replace("\n", newline)


def mail_of(sample: Sample, *, token_in_alias: str = "") -> EmailMessage:
    """Build the whole mail of a sample."""
    message = EmailMessage(policy=SMTP)
    message["From"] = (
        f'"{sample.buyer} - Amazon Marketplace" <{ALIAS}{token_in_alias}@marketplace.amazon.{sample.domain}>'
    )
    message["To"] = "Our desk <desk@seller.example>"
    message["Subject"] = sample.subject
    message["Date"] = "Tue, 24 Nov 2026 09:30:00 +0100"
    message["Message-ID"] = f"<0102-{sample.domain}@eu-west-1.amazonses.com>"
    message.set_content(body_of(sample))
    return message


ANN = f"Ann - Amazon Marketplace <{ALIAS}@marketplace.amazon.com>"


def plain(body: str, *, sender: str = ANN, head: str = "", subject: str = "Hello") -> bytes:
    """Build a plain UTF-8 mail from its text."""
    lines = (
        f"From: {sender}",
        "To: desk@seller.example",
        f"Subject: {subject}",
        "Date: Tue, 24 Nov 2026 09:30:00 +0000",
        "Message-ID: <m1@example.org>",
        *head.splitlines(),
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
    )
    return "\r\n".join(lines).encode()
