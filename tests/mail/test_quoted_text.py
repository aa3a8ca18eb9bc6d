"""The older text under a mail is found in many languages, and nothing new is ever hidden."""

from __future__ import annotations

from time import process_time

import pytest

from mostrador.mail.quoted_text import fold

INTRODUCTIONS = [
    "On Mon, 23 Nov 2026 at 10:12, Nordlicht <x@marketplace.amazon.com> wrote:",
    "Am 23.11.2026 um 10:12 schrieb Nordlicht <x@marketplace.amazon.de>:",
    "Nordlicht schrieb am 23. November 2026:",
    "Le lun. 23 nov. 2026 à 10:12, Nordlicht <x@marketplace.amazon.fr> a écrit :",
    "El lun, 23 nov 2026 a las 10:12, Nordlicht (<x@marketplace.amazon.es>) escribió:",
    "Il giorno lun 23 nov 2026 alle ore 10:12 Nordlicht <x@marketplace.amazon.it> ha scritto:",
    "Em seg., 23 de nov. de 2026 às 10:12, Nordlicht <x@marketplace.amazon.com.br> escreveu:",
    "Op ma 23 nov. 2026 om 10:12 schreef Nordlicht <x@marketplace.amazon.nl>:",
    "Den mån 23 nov. 2026 kl 10:12 skrev Nordlicht <x@marketplace.amazon.se>:",
    "W dniu pon., 23 lis 2026 o 10:12 Nordlicht <x@marketplace.amazon.pl> napisał:",
    "23 Kas 2026 Pzt, 10:12 tarihinde Nordlicht <x@marketplace.amazon.com.tr> şunu yazdı:",
    "2026年11月23日(月) 10:12 Nordlicht <x@marketplace.amazon.co.jp>:",
    "-----Original Message-----",
    "-------- Ursprüngliche Nachricht --------",
    "----- Message d'origine -----",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----元のメッセージ-----",
    "On Monday the 23rd of November 2026, at twelve past ten in the morning,\n"
    "Nordlicht <x@marketplace.amazon.com> wrote:",
    "From: Nordlicht\nSent: Monday, 23 November 2026 10:12\nTo: Anna\nSubject: Your lamp",
    "Von: Nordlicht\nGesendet: Montag, 23. November 2026\nAn: Anna\nBetreff: Lampe",
    "De : Nordlicht\nEnvoyé : lundi 23 novembre 2026\nÀ : Anna\nObjet : La lampe",
    "De: Nordlicht\nEnviado: lunes, 23 de noviembre\nPara: Anna\nAsunto: La lámpara",
    "Da: Nordlicht\nInviato: lunedì 23 novembre 2026\nA: Anna\nOggetto: La lampada",
    "差出人: Nordlicht\n送信日時: 2026年11月23日\n宛先: Anna\n件名: ランプ",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
@pytest.mark.parametrize("mark", ["", "> "])
def test_the_older_text_is_parted_from_the_new(introduction: str, mark: str) -> None:
    older = f"{introduction}\n\n{mark}Your lamp is on its way.\n{mark}Nordlicht"
    folded = fold(f"It never came.\n\nAnna\n\n{older}")
    assert folded.own == "It never came.\n\nAnna"
    assert folded.older == older


def test_quoted_lines_at_the_end_need_no_introduction() -> None:
    folded = fold("Thanks, but no.\n\n> Do you want another?\n> Nordlicht\n")
    assert (folded.own, folded.older) == ("Thanks, but no.", "> Do you want another?\n> Nordlicht")


@pytest.mark.parametrize(
    "text",
    [
        "It never came.",
        "",
        "On Monday the parcel came broken. He wrote nothing.",
        "Am Montag kam das Paket: leer.",
        "From: where does it come?\nI ask.",
        "On Mon, 23 Nov 2026, Nordlicht wrote:\n> Which lamp?\nThe green one.\n> Which size?\nThe large one.",
        "> Which lamp?\nThe green one.",
        "-----Original Message-----\nYour lamp is on its way.",
        "Guten Tag,\nam Montag schrieb ich Ihnen:\nBitte stornieren.",
        "Hello,\nOn Monday I wrote:\nplease cancel it.",
        "こんにちは\n2026年11月23日に届いた商品:\n壊れていました。",
        "El pedido 302-1234567-7654321 escribió mal mi nombre.",
    ],
)
def test_new_words_are_never_hidden(text: str) -> None:
    folded = fold(text)
    assert (folded.own, folded.older) == (text, "")


@pytest.mark.parametrize(
    "piece", ["On x wrote", "> ", "a\n", "From: x\n", "2026年1月1日", "am a schrieb ", "- "]
)
def test_no_text_makes_folding_slow(piece: str) -> None:
    begun = process_time()
    fold((piece * 200_000)[:200_000])
    assert process_time() - begun < 2
