"""Policy: sentences in six languages, those that break a rule and those that only look like it."""

from __future__ import annotations

import pytest

from mostrador.domain import policy
from mostrador.domain.policy import Force, Rule, check
from mostrador.domain.starter_set import starter_set

H, S = Force.HARD, Force.SOFT

# What breaks a rule: the sentence, the rule, its force, and the words that are marked.
BROKEN = [
    # links
    ("See https://example.com/help for more.", Rule.EXTERNAL_LINK, H, "https://example.com/help"),
    ("Go to www.lamps-direct.com.", Rule.EXTERNAL_LINK, H, "www.lamps-direct.com"),
    ("Our manual is at lamps-direct.com/manual.pdf, page 3", Rule.EXTERNAL_LINK, H,
     "lamps-direct.com/manual.pdf"),
    ("Write to us on lamps.shop!", Rule.EXTERNAL_LINK, H, "lamps.shop"),
    ("Anleitung: http://amazon.de.evil.example/a", Rule.EXTERNAL_LINK, H, "http://amazon.de.evil.example/a"),
    ("https://amazon.de@evil.example/x", Rule.EXTERNAL_LINK, H, "https://amazon.de@evil.example/x"),
    ("https://evilamazon.de/", Rule.EXTERNAL_LINK, H, "https://evilamazon.de/"),
    ("https://evil.example\\@amazon.de/", Rule.EXTERNAL_LINK, H, "https://evil.example\\@amazon.de/"),
    ("ftp://files.example.org/x", Rule.EXTERNAL_LINK, H, "ftp://files.example.org/x"),
    ("詳しくはｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｃｏｍ をご覧ください", Rule.EXTERNAL_LINK, H,
     "https://example.com"),
    ("Besuchen Sie nordlicht.de", Rule.EXTERNAL_LINK, S, "nordlicht.de"),
    ("Ihr Paket: https://www.dhl.de/verfolgen.html?piececode=00340", Rule.EXTERNAL_LINK, S,
     "https://www.dhl.de/verfolgen.html?piececode=00340"),
    # e-mail addresses
    ("Write to help@nordlicht.example please.", Rule.EMAIL_ADDRESS, H, "help@nordlicht.example"),
    ("Schreiben Sie an service@nordlicht-lampen.de", Rule.EMAIL_ADDRESS, H, "service@nordlicht-lampen.de"),
    ("お問い合わせは ｉｎｆｏ＠ｅｘａｍｐｌｅ．ｊｐ まで", Rule.EMAIL_ADDRESS, H, "info@example.jp"),
    ("service (at) nordlicht (dot) com", Rule.EMAIL_ADDRESS, S, "service (at) nordlicht (dot) com"),
    # telephones
    ("Call us: +49 30 1234567", Rule.PHONE_NUMBER, H, "+49 30 1234567"),
    ("Please call (555) 123-4567 today.", Rule.PHONE_NUMBER, H, "(555) 123-4567"),
    ("Sie erreichen uns unter 030/1234567.", Rule.PHONE_NUMBER, H, "030/1234567"),
    ("Rufen Sie uns an: 0171 2345678", Rule.PHONE_NUMBER, H, "0171 2345678"),
    ("Llámenos al 912 345 678, por favor.", Rule.PHONE_NUMBER, H, "912 345 678"),
    ("Appelez-nous au 01 23 45 67 89", Rule.PHONE_NUMBER, H, "01 23 45 67 89"),
    ("Ci chiami al 06 1234 5678", Rule.PHONE_NUMBER, H, "06 1234 5678"),
    ("お電話は 03-1234-5678 までお願いいたします。", Rule.PHONE_NUMBER, H, "03-1234-5678"),
    ("電話：０３－１２３４－５６７８", Rule.PHONE_NUMBER, H, "03-1234-5678"),
    ("My number for the order is +34 600 123 456", Rule.PHONE_NUMBER, H, "+34 600 123 456"),
    ("Herr Groß, 030 1234567", Rule.PHONE_NUMBER, S, "030 1234567"),
    ("Best regards, Ann, 555-123-4567", Rule.PHONE_NUMBER, S, "555-123-4567"),
    # begging for reviews
    ("Please leave us a review.", Rule.REVIEW_BEGGING, H, "leave us a review"),
    ("Could you write a short positive review?", Rule.REVIEW_BEGGING, H, "write a short positive review"),
    ("We would love a 5-star rating!", Rule.REVIEW_BEGGING, H, "5-star rating"),
    ("Would you please remove your negative feedback?", Rule.REVIEW_BEGGING, H,
     "remove your negative feedback"),
    ("Please rate us on Amazon.", Rule.REVIEW_BEGGING, H, "rate us"),
    ("Bitte hinterlassen Sie uns eine Bewertung.", Rule.REVIEW_BEGGING, H,
     "hinterlassen Sie uns eine Bewertung"),
    ("Könnten Sie Ihre Bewertung löschen?", Rule.REVIEW_BEGGING, H, "Bewertung löschen"),
    ("Über 5 Sterne freuen wir uns.", Rule.REVIEW_BEGGING, H, "5 Sterne"),
    ("Por favor, deje una reseña.", Rule.REVIEW_BEGGING, H, "deje una reseña"),
    ("Le agradeceríamos cinco estrellas.", Rule.REVIEW_BEGGING, H, "cinco estrellas"),
    ("¿Podría eliminar su valoración?", Rule.REVIEW_BEGGING, H, "eliminar su valoración"),
    ("Merci de laisser un avis sur notre boutique.", Rule.REVIEW_BEGGING, H, "laisser un avis"),
    ("Évaluez-nous !", Rule.REVIEW_BEGGING, H, "Évaluez-nous"),
    ("Pourriez-vous modifier votre évaluation ?", Rule.REVIEW_BEGGING, H, "modifier votre évaluation"),
    ("La preghiamo di lasciare una recensione.", Rule.REVIEW_BEGGING, H, "lasciare una recensione"),
    ("Ci farebbe piacere un feedback positivo.", Rule.REVIEW_BEGGING, H, "feedback positivo"),
    ("レビューを書いていただけますか。", Rule.REVIEW_BEGGING, H, "レビューを書いて"),
    ("ぜひ高評価をお願いします。", Rule.REVIEW_BEGGING, H, "高評価"),
    ("評価を変更していただけませんか。", Rule.REVIEW_BEGGING, H, "評価を変更して"),
    ("Please give us your feedback.", Rule.REVIEW_BEGGING, S, "give us your feedback"),
    # asking to cancel
    ("Please cancel the order.", Rule.ASKS_TO_CANCEL, S, "Please cancel"),
    ("Could you request a cancellation in Your Orders?", Rule.ASKS_TO_CANCEL, S,
     "Could you request a cancellation"),
    ("Bitte stornieren Sie die Bestellung.", Rule.ASKS_TO_CANCEL, S, "Bitte stornieren"),
    ("Por favor, cancele el pedido.", Rule.ASKS_TO_CANCEL, S, "Por favor, cancele"),
    ("Veuillez annuler la commande.", Rule.ASKS_TO_CANCEL, S, "Veuillez annuler"),
    ("La preghiamo di annullare l'ordine.", Rule.ASKS_TO_CANCEL, S, "La preghiamo di annullare"),
    ("ご注文をキャンセルしてください。", Rule.ASKS_TO_CANCEL, S, "ご注文をキャンセルしてください"),
    # nothing but thanks
    ("Hello Anna,\n\nthank you for your order!\n\nBest regards\nNordlicht", Rule.THANK_YOU_ONLY, S, None),
    ("Guten Tag Herr Groß,\nvielen Dank für Ihre Nachricht.\nMit freundlichen Grüßen", Rule.THANK_YOU_ONLY, S,
     None),
    ("Muchas gracias por su compra. Un saludo", Rule.THANK_YOU_ONLY, S, None),
    ("Merci beaucoup pour votre commande !", Rule.THANK_YOU_ONLY, S, None),
    ("Grazie mille per il suo ordine. Cordiali saluti", Rule.THANK_YOU_ONLY, S, None),
    ("この度はご購入いただき、誠にありがとうございます。", Rule.THANK_YOU_ONLY, S, None),
    # marked as important
    ("[Important] Your order", Rule.IMPORTANT_TAG, S, "[Important]"),
    ("[Wichtig] Ihre Bestellung ist unterwegs.", Rule.IMPORTANT_TAG, S, "[Wichtig]"),
    ("【重要】ご注文について", Rule.IMPORTANT_TAG, S, "【重要】"),
    # advertising
    ("Get 10 % off your next order!", Rule.PROMOTION, H, "% off your next order"),
    ("Visit our store for more lamps.", Rule.PROMOTION, H, "Visit our store"),
    ("Follow us on Instagram.", Rule.PROMOTION, H, "Follow us on"),
    ("Für Ihre nächste Bestellung erhalten Sie 5 % Rabatt.", Rule.PROMOTION, H, "nächste Bestellung"),
    ("Besuchen Sie unseren Onlineshop.", Rule.PROMOTION, H, "Besuchen Sie unseren Onlineshop"),
    ("Un 10 % de descuento en su próxima compra.", Rule.PROMOTION, H, "% de descuento en su próxima compra"),
    ("Visite nuestra tienda.", Rule.PROMOTION, H, "Visite nuestra tienda"),
    ("Une remise sur votre prochaine commande vous attend.", Rule.PROMOTION, H,
     "remise sur votre prochaine commande"),
    ("Uno sconto sul prossimo acquisto per lei.", Rule.PROMOTION, H, "sconto sul prossimo acquisto"),
    ("次回のご注文で10％割引になります。", Rule.PROMOTION, H, "次回のご注文で10%割引"),
    ("The discount code you used has expired.", Rule.PROMOTION, S, "discount code"),
    ("Ihr Gutscheincode war abgelaufen.", Rule.PROMOTION, S, "Gutscheincode"),
    # another channel
    ("Write to us on WhatsApp.", Rule.OTHER_CHANNEL, S, "WhatsApp"),
]  # fmt: skip

# What breaks none, though it looks like it.
CLEAN = [
    "Your order 302-1234567-7654321 has been shipped.",
    "Order 112-4456093-9917824, refund R-1042, 15.00 EUR.",
    "Ihre Sendungsnummer: 00340434161094042557",
    "Sendungsverfolgung 0034 0434 1610 940425",
    "Tracking number: 1Z 999 AA1 01 2345 6784",
    "The tracking number is 9400 1000 0000 0000 0000 00.",
    "Your tracking number is 0161 09404255.",
    "Número de seguimiento: 0123 456 789",
    "Numéro de suivi : 06 12 34 56 78 9",
    "Numero di tracciamento 0612 345 6789",
    "お問い合わせ番号は 1234-5678-9012 です。",
    "伝票番号：0312-3456-7890",
    "The parcel left on 2026-11-24 and arrives on 26/11/2026.",
    "Lieferung zwischen 24.11.2026 und 26.11.2026, 10:00-12:00 Uhr.",
    "Wir erstatten Ihnen 1 234 567,00 € zurück.",
    "The amount of $1,234,567.89 is on its way.",
    "合計は 12,345,678 円です。",
    "EUR 1234567 was the sum.",
    "Die Artikelnummer ist 4006381333931.",
    "ASIN B0CHX1W1XY, model 4006381333931",
    "Rechnung Nr. 0301 234567 liegt bei.",
    "Zip code 10115, 20 x 30 x 40 cm, 2 units.",
    "Please see https://www.amazon.de/gp/css/order-history",
    "Under amazon.co.uk/orders you can see it; https://a.co/d/abc is the lamp.",
    "https://sellercentral.amazon.com/orders-v3 and https://www.amazon.co.jp/your-orders",
    "Reply to a1b2c3d4e5f6g7h+8AbCd@marketplace.amazon.de",
    "The file is called rechnung-2026.pdf, the photo is lampe.jpg.",
    "Es ist angekommen.Das freut uns. Z.B. am Montag.",
    "Version 2.0.1 of the lamp has 3.5 mm.",
    "We will review your case and come back to you.",
    "Please return the lamp in its original packaging, we inspect it.",
    "We are waiting for feedback from the carrier.",
    "Wir prüfen und bewerten den Schaden.",
    "Danke für Ihre Bewertung. Die Lampe schicken wir morgen.",
    "Su opinión sobre el color la hemos leído; el envío sale mañana.",
    "Nous avons bien lu votre avis, le colis part demain.",
    "Abbiamo letto la sua valutazione, il pacco parte domani.",
    "評価ありがとうございます。商品は明日発送いたします。",
    "The stars on the lamp glow in the dark.",
    "Die Lampe hat fünf Leuchten.",
    "As you asked, we have cancelled your order.",
    "You asked to cancel the order; Amazon has accepted it.",
    "Sie möchten stornieren? Das ist bis morgen möglich.",
    "Ihre Bestellung wurde storniert.",
    "Hemos cancelado su pedido.",
    "Nous avons annulé votre commande.",
    "Abbiamo annullato il suo ordine.",
    "ご注文はキャンセルされました。",
    "Thank you for your message. The parcel left this morning.",
    "Vielen Dank für Ihre Nachricht. Wir schicken Ihnen Ersatz.",
    "Thanks! Which lamp do you mean?",
    "Gracias, el paquete llega el 24.",
    "Merci, nous vous remboursons aujourd'hui.",
    "Grazie, la lampada parte domani con il corriere.",
    "ありがとうございます。返金の手続きが完了しました。",
    "This is important: keep the lamp dry.",
    "Your next order number will come by mail.",
    "The store room is full until Monday.",
    "We refund 20 % of the price.",
    "Die Lampe ist 10 % heller.",
    "El descuento de su pedido se mantiene.",
    "La remise de votre commande est conservée.",
    "Lo sconto del suo ordine resta.",
    "You can call the lamp's light with the switch.",
]

KEYS = [f"{rule}: {text[:40]}" for text, rule, _force, _quote in BROKEN]


@pytest.mark.parametrize(("text", "rule", "force", "quote"), BROKEN, ids=KEYS)
def test_a_broken_rule_is_found_with_its_words(
    text: str, rule: Rule, force: Force, quote: str | None
) -> None:
    found = [one for one in check(text) if one.rule is rule]
    assert [one.force for one in found] == [force]
    assert quote is None or found[0].quote == quote


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert check(text) == ()


def test_the_table_is_broad_enough_to_mean_something() -> None:
    assert len(BROKEN) + len(CLEAN) >= 80
    assert {rule for _text, rule, _force, _quote in BROKEN} == set(Rule)


def test_a_finding_says_where_its_words_stand_also_among_wide_signs() -> None:
    text = "　電話：０３－１２３４－５６７８　まで"
    [found] = check(text)
    assert text[found.start : found.end] == "０３－１２３４－５６７８"


def test_a_place_that_breaks_two_rules_is_found_once_by_the_stronger() -> None:
    assert [(one.rule, one.quote) for one in check("Write to a.b@shop.com now")] == [
        (Rule.EMAIL_ADDRESS, "a.b@shop.com")
    ]


def test_several_places_come_in_the_order_they_stand() -> None:
    found = check("Call +49 30 1234567 or write to a@shop.com, see https://shop.com")
    assert [one.rule for one in found] == [Rule.PHONE_NUMBER, Rule.EMAIL_ADDRESS, Rule.EXTERNAL_LINK]


def test_who_writes_first_may_mark_a_message_as_important() -> None:
    assert check("[Important] The parcel was damaged at the depot.", is_first_contact=True) == ()


def test_a_warning_given_once_is_not_given_again() -> None:
    found = check("Please cancel the order, or write to a@shop.com.")
    assert [one.rule for one in policy.hard(found)] == [Rule.EMAIL_ADDRESS]
    assert [one.rule for one in policy.soft(found, accepted=frozenset())] == [Rule.ASKS_TO_CANCEL]
    assert policy.soft(found, accepted=frozenset({"asks_to_cancel", "email_address"})) == ()


def test_a_long_quote_is_shortened_and_findings_have_an_end() -> None:
    [found] = check("https://example.com/" + "a" * 500)
    assert len(found.quote) == policy.LONGEST_QUOTE
    assert len(check("a@shop.com " * 100)) == policy.MOST_FINDINGS


@pytest.mark.parametrize(
    "piece", ["1 ", "a.", "- ", "www.", "0-0 ", "(", "please ", "5 ", "@a", "次回の", "＋"]
)
def test_no_text_makes_the_check_slow(piece: str) -> None:
    from time import process_time

    begun = process_time()
    check((piece * 20_000)[:20_000])
    assert process_time() - begun < 2


def test_every_macro_that_comes_with_the_desk_keeps_the_rules() -> None:
    texts = [text for macro in starter_set().values() for text in macro.texts.values()]
    assert len(texts) >= 50
    for text in texts:
        assert check(text) == (), text
