"""The words of the macros in the buyers' languages: no links, no addresses, no request for reviews."""

from __future__ import annotations

from collections.abc import Mapping

# With and without the buyer's name.
GREETINGS: Mapping[str, tuple[str, str]] = {
    "en": ("Hello {buyer},", "Hello,"),
    "es": ("Hola, {buyer}:", "Hola:"),
    "de": ("Guten Tag {buyer},", "Guten Tag,"),
    "fr": ("Bonjour {buyer},", "Bonjour,"),
    "it": ("Buongiorno {buyer},", "Buongiorno,"),
    "ja": ("{buyer} 様", "お客様"),
}

REFUND_ISSUED: Mapping[str, str] = {
    "en": """\
We have issued a refund of {amount} for your order {order}.
Reason: {reason}
Our reference: {reference}

The money goes back to the payment method you used. Depending on your bank, it may take a few days to appear.

We are sorry for the inconvenience.

Kind regards
{partner}""",
    "es": """\
Hemos emitido un reembolso de {amount} por su pedido {order}.
Motivo: {reason}
Nuestra referencia: {reference}

El importe se devuelve al método de pago que utilizó. Según su banco, puede tardar unos días en aparecer.

Lamentamos las molestias.

Un saludo cordial,
{partner}""",
    "de": """\
wir haben Ihnen für Ihre Bestellung {order} {amount} erstattet.
Grund: {reason}
Unser Zeichen: {reference}

Der Betrag geht an die Zahlungsart zurück, mit der Sie bezahlt haben. Je nach Bank kann es einige Tage \
dauern, bis er zu sehen ist.

Bitte entschuldigen Sie die Unannehmlichkeiten.

Mit freundlichen Grüßen
{partner}""",
    "fr": """\
Nous avons effectué un remboursement de {amount} pour votre commande {order}.
Motif : {reason}
Notre référence : {reference}

Le montant est restitué sur le moyen de paiement que vous avez utilisé. Selon votre banque, quelques jours \
peuvent être nécessaires avant qu'il apparaisse.

Nous vous prions de nous excuser pour la gêne occasionnée.

Cordialement,
{partner}""",
    "it": """\
abbiamo emesso un rimborso di {amount} per il Suo ordine {order}.
Motivo: {reason}
Nostro riferimento: {reference}

L'importo viene restituito sul metodo di pagamento utilizzato. A seconda della banca, possono servire alcuni \
giorni prima che risulti visibile.

Ci scusiamo per il disagio.

Cordiali saluti
{partner}""",
    "ja": """\
ご注文（注文番号：{order}）につきまして、{amount}の返金手続きが完了いたしました。
理由：{reason}
管理番号：{reference}

返金は、ご注文時のお支払い方法に対して行われます。金融機関により、反映までに数日かかる場合がございます。

このたびはご不便をおかけし、誠に申し訳ございませんでした。

{partner}""",
}

ORDER_CANCELLED: Mapping[str, str] = {
    "en": """\
Your order {order} has been cancelled.
Reason: {reason}
Our reference: {reference}

You will not be charged for it. If an amount was reserved, it will be released.

Kind regards
{partner}""",
    "es": """\
Su pedido {order} ha sido cancelado.
Motivo: {reason}
Nuestra referencia: {reference}

No se le cobrará nada por él. Si se había reservado algún importe, quedará liberado.

Un saludo cordial,
{partner}""",
    "de": """\
Ihre Bestellung {order} wurde storniert.
Grund: {reason}
Unser Zeichen: {reference}

Sie wird Ihnen nicht berechnet. Ein eventuell vorgemerkter Betrag wird wieder freigegeben.

Mit freundlichen Grüßen
{partner}""",
    "fr": """\
Votre commande {order} a été annulée.
Motif : {reason}
Notre référence : {reference}

Elle ne vous sera pas facturée. Si un montant avait été réservé, il sera libéré.

Cordialement,
{partner}""",
    "it": """\
il Suo ordine {order} è stato annullato.
Motivo: {reason}
Nostro riferimento: {reference}

Non Le verrà addebitato alcun importo. Un'eventuale somma già riservata verrà sbloccata.

Cordiali saluti
{partner}""",
    "ja": """\
ご注文（注文番号：{order}）のキャンセルが完了いたしました。
理由：{reason}
管理番号：{reference}

本ご注文の代金が請求されることはございません。ご利用枠が確保されている場合は、解除されます。

{partner}""",
}

REFUND_UNDER_WAY: Mapping[str, str] = {
    "en": """\
We are arranging a refund of {amount} for your order {order}.
Reason: {reason}
Our reference: {reference}

As soon as Amazon has carried it out, we will let you know.

Kind regards
{partner}""",
    "es": """\
Estamos tramitando un reembolso de {amount} por su pedido {order}.
Motivo: {reason}
Nuestra referencia: {reference}

Le avisaremos en cuanto Amazon lo haya realizado.

Un saludo cordial,
{partner}""",
    "de": """\
wir veranlassen gerade eine Erstattung von {amount} für Ihre Bestellung {order}.
Grund: {reason}
Unser Zeichen: {reference}

Sobald Amazon sie ausgeführt hat, geben wir Ihnen Bescheid.

Mit freundlichen Grüßen
{partner}""",
    "fr": """\
Un remboursement de {amount} pour votre commande {order} est en cours.
Motif : {reason}
Notre référence : {reference}

Nous vous informerons dès qu'Amazon l'aura effectué.

Cordialement,
{partner}""",
    "it": """\
stiamo predisponendo un rimborso di {amount} per il Suo ordine {order}.
Motivo: {reason}
Nostro riferimento: {reference}

La informeremo non appena Amazon lo avrà eseguito.

Cordiali saluti
{partner}""",
    "ja": """\
ご注文（注文番号：{order}）につきまして、{amount}の返金を手配しております。
理由：{reason}
管理番号：{reference}

Amazonでの処理が完了しましたら、改めてご連絡いたします。

{partner}""",
}

ALREADY_SHIPPED: Mapping[str, str] = {
    "en": """\
Your order {order} has already been shipped, so we can no longer cancel it.

If you do not want to keep the item, you can ask for a return in Your Orders on Amazon once it has arrived.

Kind regards
{partner}""",
    "es": """\
Su pedido {order} ya ha sido enviado, por lo que no podemos cancelarlo.

Si no desea quedarse con el artículo, puede solicitar la devolución en «Mis pedidos» de Amazon \
cuando lo reciba.

Un saludo cordial,
{partner}""",
    "de": """\
Ihre Bestellung {order} ist bereits versandt, deshalb können wir sie nicht mehr stornieren.

Wenn Sie den Artikel nicht behalten möchten, können Sie die Rücksendung nach der Lieferung bei Amazon unter \
„Meine Bestellungen“ anmelden.

Mit freundlichen Grüßen
{partner}""",
    "fr": """\
Votre commande {order} a déjà été expédiée ; nous ne pouvons donc plus l'annuler.

Si vous ne souhaitez pas garder l'article, vous pourrez demander un retour dans « Vos commandes » sur Amazon \
une fois le colis reçu.

Cordialement,
{partner}""",
    "it": """\
il Suo ordine {order} è già stato spedito, perciò non possiamo più annullarlo.

Se non desidera tenere l'articolo, dopo la consegna potrà richiedere il reso in «I miei ordini» su Amazon.

Cordiali saluti
{partner}""",
    "ja": """\
ご注文（注文番号：{order}）はすでに発送済みのため、キャンセルを承ることができません。

商品がご不要の場合は、お届け後にAmazonの「注文履歴」より返品のお手続きをお願いいたします。

{partner}""",
}
