"""Amazon's reasons for refunds and cancellations in the buyers' languages, worded to give no offence."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "es", "de", "fr", "it", "ja")

_NEUTRAL = (
    "adjustment of your order",
    "ajuste de su pedido",
    "Anpassung Ihrer Bestellung",
    "ajustement de votre commande",
    "adeguamento del Suo ordine",
    "ご注文内容の調整",
)
_OUT_OF_STOCK = (
    "the item is not in stock",
    "el artículo no está disponible",
    "der Artikel ist nicht lieferbar",
    "l'article n'est pas disponible",
    "l'articolo non è disponibile",
    "在庫切れのため",
)
_BUYERS_WISH = (
    "cancelled at your request",
    "cancelado a petición suya",
    "auf Ihren Wunsch storniert",
    "annulée à votre demande",
    "annullato su Sua richiesta",
    "お客様のご希望によるキャンセル",
)
_PRICE = (
    "the price was shown wrongly",
    "el precio se mostró de forma errónea",
    "der Preis war falsch angegeben",
    "le prix affiché était erroné",
    "il prezzo indicato era errato",
    "価格の表示に誤りがあったため",
)
_ADDRESS = (
    "delivery to the address was not possible",
    "no fue posible la entrega en la dirección indicada",
    "die Lieferung an die Adresse war nicht möglich",
    "la livraison à l'adresse indiquée n'était pas possible",
    "la consegna all'indirizzo indicato non era possibile",
    "お届け先へ配送できないため",
)
_EXCHANGE = ("exchange", "cambio", "Umtausch", "échange", "sostituzione", "交換のため")
_CARRIER = (
    "a problem with the shipment",
    "un problema con el envío",
    "ein Problem mit dem Versand",
    "un problème d'expédition",
    "un problema con la spedizione",
    "配送上の問題のため",
)

_ROWS: Mapping[str, tuple[str, ...]] = {
    "GeneralAdjustment": _NEUTRAL,
    "Other": _NEUTRAL,
    "TransactionRecord": _NEUTRAL,
    "CarrierCreditDecision": _NEUTRAL,
    "RiskAssessmentInformationNotValid": _NEUTRAL,
    "CannotVerifyInformation": _NEUTRAL,
    "RejectOrder": _NEUTRAL,
    "Abandoned": _NEUTRAL,
    "NoInventory": _OUT_OF_STOCK,
    "ProductOutofStock": _OUT_OF_STOCK,
    "CustomerCancel": _BUYERS_WISH,
    "BuyerCanceled": _BUYERS_WISH,
    "PriceError": _PRICE,
    "PricingError": _PRICE,
    "CustomerAddressIncorrect": _ADDRESS,
    "ShippingAddressUndeliverable": _ADDRESS,
    "Undeliverable": _ADDRESS,
    "Exchange": _EXCHANGE,
    "CustomerExchange": _EXCHANGE,
    "CarrierCoverageFailure": _CARRIER,
    "CustomerReturn": ("return", "devolución", "Rücksendung", "retour", "reso", "返品のため"),
    "CouldNotShip": (
        "the item could not be shipped",
        "no se pudo enviar el artículo",
        "der Artikel konnte nicht versandt werden",
        "l'article n'a pas pu être expédié",
        "non è stato possibile spedire l'articolo",
        "商品を発送できなかったため",
    ),
    "DifferentItem": (
        "a different item was delivered",
        "se entregó un artículo distinto",
        "es wurde ein anderer Artikel geliefert",
        "un autre article a été livré",
        "è stato consegnato un articolo diverso",
        "異なる商品が届いたため",
    ),
    "MerchandiseNotReceived": (
        "the item did not arrive",
        "el artículo no llegó",
        "der Artikel ist nicht angekommen",
        "l'article n'est pas arrivé",
        "l'articolo non è arrivato",
        "商品が届かなかったため",
    ),
    "RefusedDelivery": (
        "the delivery was not accepted",
        "la entrega no fue aceptada",
        "die Lieferung wurde nicht angenommen",
        "la livraison n'a pas été acceptée",
        "la consegna non è stata accettata",
        "お受け取りされなかったため",
    ),
    "WeatherDelay": (
        "delay because of the weather",
        "retraso por causas meteorológicas",
        "Verzögerung wegen des Wetters",
        "retard dû aux intempéries",
        "ritardo dovuto al maltempo",
        "悪天候による遅延のため",
    ),
}


def reason_words(reason: str, language: str) -> str:
    """Return Amazon's `reason` in the words of a buyer; a reason nobody has worded yet is put neutrally."""
    return _ROWS.get(reason, _NEUTRAL)[LANGUAGES.index(language)]


def is_worded(reason: str) -> bool:
    """Return whether this reason has words of its own or is put neutrally on purpose."""
    return reason in _ROWS
