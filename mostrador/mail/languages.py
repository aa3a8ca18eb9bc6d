"""A small guess at the language of a buyer's words: script first, then common words, then the marketplace."""

import re
from typing import Final

_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff\uff66-\uff9d]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_HAN = re.compile("[\u4e00-\u9fff]")
_BY_MARKETPLACE: Final = {
    "com": "en", "co.uk": "en", "ca": "en", "com.au": "en", "in": "en", "sg": "en", "ie": "en", "ae": "en",
    "sa": "ar", "eg": "ar", "de": "de", "fr": "fr", "it": "it", "es": "es", "com.mx": "es", "com.br": "pt",
    "nl": "nl", "se": "sv", "pl": "pl", "com.tr": "tr", "com.be": "fr", "co.jp": "ja", "jp": "ja",
    "co.za": "en",
}  # fmt: skip
_COMMON: Final = {
    "en": "the and is my this have not was you please with it for order hello when",
    "de": "ich und der die das nicht ist mein meine habe bitte mit ein eine wann bestellung guten",
    "fr": "je le la les et est pas mon ma une que vous bonjour merci avec commande",
    "es": "el la los y es no mi una que por hola gracias pedido con cuando quiero",
    "it": "il la e non mio mia una che per ciao grazie ordine con quando sono ho",
    "pt": "o a e não meu minha uma que por olá obrigado pedido com quando",
    "nl": "ik de het en niet mijn een is met bestelling hallo wanneer heb graag",
    "sv": "jag och är inte min det en har med hej tack beställning",
    "pl": "nie i jest mój moje się dzień dobry proszę zamówienie dziękuję na",
    "tr": "bir ve bu için merhaba sipariş değil teşekkürler lütfen ne zaman",
}
_COMMON_WORDS: Final = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+")
_READ_CHARS: Final = 2_000
_CLEAR_LEAD: Final = 2


def language(words: str, domain: str) -> str | None:
    """Guess the ISO 639-1 language of a text that came by way of a marketplace's mail domain."""
    start = words[:_READ_CHARS]
    for code, script in _SCRIPTS:
        if len(script.findall(start)) * 5 >= max(len(start.split()), 5):
            return code
    expected = _BY_MARKETPLACE.get(domain.partition("amazon.")[2]) if "amazon." in domain else None
    if _HAN.search(start):
        return "ja" if expected == "ja" else "zh"
    return _by_common_words(start, expected)


def _by_common_words(start: str, expected: str | None) -> str | None:
    found = _WORD.findall(start.lower())
    votes = {code: sum(word in common for word in found) for code, common in _COMMON_WORDS.items()}
    best = max(votes, key=lambda code: votes[code])
    lead = votes[best] - votes.get(expected or "", 0)
    return best if lead >= _CLEAR_LEAD else expected
