"""Policy words: how six languages beg for reviews, ask to cancel, advertise and say thank you."""

from __future__ import annotations

import re
from typing import Final

# Every pattern is tried on every text, whatever the ticket's language: agents also answer in others.
# Source of the rules: docs/reference/what-amazon-allows.md (seller help 201054220, 200383320, 200389080).

_ASK: Final = r"(?:leave|writ(?:e|ing)|post|give|giving|leaving|submit|share|provide)"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# Asks for a review, or for a better one: never allowed in a message to a buyer.
REVIEW_BEGGING: Final = _any(
    # English
    rf"\b{_ASK}\s+(?:us|me|our\s+\w+)?\s*(?:an?|your|some)?\s*(?:(?:honest|nice|good|great|kind|short|quick|"
    r"positive|product|seller|customer|amazon|5-star|five-star)\s+)*(?:review|rating|stars?)\b",
    r"\b(?:rate|review)\s+(?:us|our\s+(?:shop|store|product|service)|your\s+(?:purchase|experience))\b",
    r"\b(?:positive|good|great|nice|5-star|five-star)\s+(?:seller\s+|amazon\s+|customer\s+)?"
    r"(?:feedback|review|rating)s?\b",
    r"\b(?:5|five)[\s-]?stars?\b(?!\s+(?:rating|review|feedback))",
    r"\b(?:remove|delete|change|update|revise|edit|reconsider|withdraw)\s+(?:your|the|that|this)\s+"
    r"(?:(?:negative|bad|neutral|1-star|one-star)\s+)?(?:review|rating|feedback)\b",
    # German
    r"\b(?:hinterlassen|schreiben|verfassen|schenken|geben)\s+sie\s+(?:uns\s+)?(?:doch\s+|bitte\s+|gerne?\s+)*"
    r"(?:eine?\s+)?(?:\w+e\s+)?(?:bewertung|rezension|sterne)",
    r"\b(?:bewertung|rezension)\s+(?:hinterlassen|abgeben|schreiben|verfassen|ändern|löschen|entfernen|"
    r"zurücknehmen|zurückziehen|anpassen)\b",
    r"\bbewerten\s+sie\s+(?:uns|unser|das\s+produkt|ihren\s+(?:kauf|einkauf))",
    r"\b(?:uns|unser\w*\s+\w+)\s+(?:\w+\s+){0,2}(?:zu\s+)?bewerten\b",
    r"\b(?:positive|gute|nette|tolle)\s+(?:bewertung|rezension)",
    r"\b(?:5|fünf)[\s-]?sterne\b",
    # Spanish
    r"\b(?:dej\w+|escrib\w+|public\w+|d[ée]nos|danos|comp[aá]rt\w+)\s+(?:\w+\s+)?(?:una?|su|tu)?\s*(?:\w+\s+)?"
    r"(?:rese[ñn]a|valoraci[óo]n|opini[óo]n|calificaci[óo]n|estrellas)\b",
    r"\b(?:val[óo]r(?:e|a)nos|calif[íi](?:que|ca)nos|punt[úu](?:e|a)nos)\b",
    r"\b(?:rese[ñn]a|valoraci[óo]n|comentario|opini[óo]n|calificaci[óo]n)\s+(?:muy\s+)?positiv[oa]\b",
    r"\b(?:5|cinco)\s+estrellas\b",
    r"\b(?:elimin\w+|borr\w+|cambi\w+|modifi\w+|retir\w+)\s+(?:su|tu|la)\s+"
    r"(?:rese[ñn]a|valoraci[óo]n|opini[óo]n|calificaci[óo]n)\b",
    # French
    r"\b(?:laiss\w+|écri\w+|ecri\w+|publi\w+|donn\w+|partag\w+|déposer?|déposez)(?:[\s-]nous)?\s+"
    r"(?:\w+\s+)?(?:un|une|votre|des)\s+(?:\w+\s+)?(?:avis|évaluation|evaluation|étoiles|note|commentaire\s+positif)",
    r"\b(?:évaluez|evaluez|notez)[\s-]nous\b",
    r"\b(?:avis|évaluation|commentaire|retour)\s+(?:très\s+)?positi(?:f|ve)s?\b",
    r"\b(?:5|cinq)\s+étoiles\b",
    r"\b(?:supprim\w+|retir\w+|modifi\w+|chang\w+)\s+(?:votre|l['’])\s*(?:avis|évaluation|commentaire)\b",
    # Italian
    r"\b(?:lasci\w+|scriv\w+|pubblic\w+|dar\w+|condivid\w+|darci)\s+(?:\w+\s+)?(?:una?|la\s+sua|la\s+tua|il\s+suo)"
    r"\s+(?:\w+\s+)?(?:recensione|valutazione|stelle|feedback)\b",
    r"\b(?:ci\s+(?:valuti|recensisca)|valutaci|recensiscici)\b",
    r"\b(?:recensione|valutazione|feedback|commento)\s+(?:molto\s+)?positiv[oa]\b",
    r"\b(?:5|cinque)\s+stelle\b",
    r"\b(?:rimuov\w+|cancell\w+|elimin\w+|modific\w+|cambi\w+)\s+(?:la\s+)?(?:sua|tua)?\s*"
    r"(?:recensione|valutazione)\b",
    # Japanese
    r"(?:レビュー|口コミ|評価)(?:の|を)?(?:ご)?(?:お願い|書いて|お書き|投稿|記入|いただけ|頂け|入れて|付けて|つけて)",
    r"高評価|良い評価|好評価|(?:星|★|☆)\s*(?:5|五|５)|(?:5|五|５)\s*つ星",
    r"(?:レビュー|口コミ|評価)を?(?:の)?(?:ご)?(?:削除|変更|修正)(?:して|を?お願い|いただ|頂)",
)

# Asks for feedback without saying which: it may be meant for the case at hand.
FEEDBACK: Final = _any(
    r"\b(?:leave|give|send|share|provide)\s+(?:us\s+)?(?:some\s+|your\s+|a\s+)?feedback\b",
    r"\b(?:geben|senden|hinterlassen)\s+sie\s+uns\s+(?:\w+\s+){0,2}feedback\b",
    r"\b(?:dej\w+|env[íi]\w+|denos|danos)\s+(?:\w+\s+){0,2}comentarios\b",
    r"\b(?:laiss\w+|donn\w+|fai\w+)(?:[\s-]nous)?\s+(?:\w+\s+){0,2}commentaires?\b",
    r"\b(?:lasci\w+|invi\w+)\s+(?:\w+\s+){0,2}commento\b",
)

# Asks the buyer to cancel, so that the cancellation counts as theirs.
ASKS_TO_CANCEL: Final = _any(
    r"\b(?:please|kindly|could\s+you|can\s+you|would\s+you|we\s+(?:kindly\s+)?ask\s+you\s+to|you\s+(?:need|have)\s+"
    r"to|we\s+need\s+you\s+to)\s+(?:please\s+|kindly\s+)?(?:cancel|request\s+(?:a|the)\s+cancel\w+)",
    r"\bcancel\s+(?:the|your)\s+order\s+(?:yourself|on\s+your\s+side|from\s+your\s+(?:side|account))",
    r"\bbitte\s+(?:\w+\s+){0,2}?stornieren\b|\bstornieren\s+sie\b(?!\s*\?)",
    r"\b(?:bitten|möchten)\s+(?:\w+\s+){0,3}sie\b[^.!?\n]{0,60}\bzu\s+stornieren\b|\bbestellung\b[^.!?\n]{0,30}\b"
    r"(?:selbst|ihrerseits)\s+(?:zu\s+)?stornieren\b",
    r"\b(?:por\s+favor,?\s+|podr[íi]a\s+|puede\s+usted\s+|le\s+(?:pedimos|rogamos)\s+que\s+|necesitamos\s+que\s+)"
    r"(?:\w+\s+)?(?:cancel[ea]r?|anul[ea]r?)\b|\bcancele\s+(?:el|su)\s+pedido\b",
    r"\b(?:veuillez|merci\s+d['’]\s*|pourriez[\s-]vous|pouvez[\s-]vous|nous\s+vous\s+(?:prions|demandons)\s+d['’]\s*)"
    r"\s*(?:bien\s+vouloir\s+)?annuler\b|\bannulez\s+(?:la|votre)\s+commande\b",
    r"\b(?:per\s+favore,?\s+|la\s+preghiamo\s+di\s+|potrebbe\s+|può\s+|le\s+chiediamo\s+di\s+)"
    r"(?:\w+\s+)?annull(?:are|i)\b|\bannulli\s+(?:l['’]|il\s+suo\s+)ordine\b",
    r"(?:ご注文を?|注文を?)?(?:の)?キャンセル(?:を|の)?(?:して|手続きを?|操作を?)?(?:ください|下さい|お願い|いただけ|頂け)",
)

# Advertises: an offer for another purchase, or a way to us outside Amazon.
PROMOTION: Final = _any(
    r"\b(?:next|future)\s+(?:order|purchase)s?\b(?=[^.!?\n]{0,60}(?:%|discount|off\b|coupon|voucher|code))"
    r"|(?:%|\bdiscount|\boff|\bcoupon|\bvoucher|\bcode)[^.!?\n]{0,60}\b(?:next|future)\s+(?:order|purchase)",
    r"\b(?:visit|see|check\s+out|have\s+a\s+look\s+at)\s+(?:us\s+at\s+)?our\s+(?:own\s+)?(?:web\s?site|web\s?shop|"
    r"online\s+(?:shop|store)|shop|store|other\s+(?:products|items))\b",
    r"\b(?:subscribe|sign\s+up)\b[^.!?\n]{0,30}\bnewsletter\b|\bfollow\s+us\s+on\b",
    r"\b(?:nächste[nrs]?|weitere[nrs]?)\s+(?:bestellung|einkauf|kauf)\b(?=[^.!?\n]{0,60}(?:%|rabatt|gutschein|code))"
    r"|(?:%|\brabatt|\bgutschein|\bcode)[^.!?\n]{0,60}\bnächste[nrs]?\s+(?:bestellung|einkauf|kauf)",
    r"\bbesuchen\s+sie\s+unser\w*\s+(?:\w+[\s-])?(?:shop|onlineshop|webseite|website|homepage|laden)\b"
    r"|\bnewsletter\b[^.!?\n]{0,30}\b(?:anmelden|abonnieren)\b|\bfolgen\s+sie\s+uns\b",
    r"\bpr[óo]xim[oa]s?\s+(?:pedido|compra)s?\b(?=[^.!?\n]{0,60}(?:%|descuento|cup[óo]n|c[óo]digo))"
    r"|(?:%|\bdescuento|\bcup[óo]n|\bc[óo]digo)[^.!?\n]{0,60}\bpr[óo]xim[oa]s?\s+(?:pedido|compra)",
    r"\bvisit\w+\s+nuestr[ao]\s+(?:tienda|web|p[áa]gina|sitio)\b|\bs[íi](?:g[au]|gue)nos\s+en\b",
    r"\bprochain\w?\s+(?:commande|achat)s?\b(?=[^.!?\n]{0,60}(?:%|remise|réduction|code))"
    r"|(?:%|\bremise|\bréduction|\bcode)[^.!?\n]{0,60}\bprochain\w?\s+(?:commande|achat)",
    r"\bvisitez\s+notre\s+(?:boutique|site|magasin)\b|\bsuivez[\s-]nous\s+sur\b|\babonnez[\s-]vous\b",
    r"\bprossim[oa]\s+(?:ordine|acquisto)\b(?=[^.!?\n]{0,60}(?:%|sconto|coupon|codice))"
    r"|(?:%|\bsconto|\bcoupon|\bcodice)[^.!?\n]{0,60}\bprossim[oa]\s+(?:ordine|acquisto)",
    r"\bvisit\w+\s+il\s+nostro\s+(?:negozio|sito|shop)\b|\b(?:ci\s+segua|seguiteci|seguici)\s+su\b",
    r"次回(?:の)?(?:ご)?(?:注文|購入|利用)[^。！？\n]{0,30}(?:割引|クーポン|%|％|OFF)|クーポン(?:コード)?を?(?:プレゼント|差し上げ|進呈)"
    r"|(?:当店|弊社|公式)の?(?:ホームページ|サイト|ショップ|オンラインストア)を?(?:ご覧|ぜひ|訪問|ご利用)|メルマガ",
)

# Speaks of a code: it may be the one the buyer has used.
COUPON: Final = _any(
    r"\b(?:coupon|discount|promo(?:tion)?|voucher)\s*codes?\b",
    r"\b(?:gutschein|rabatt)\s*-?\s*codes?\b",
    r"\bc[óo]digos?\s+(?:de\s+)?(?:descuento|promocional(?:es)?)\b|\bcup[óo]n(?:es)?\s+de\s+descuento\b",
    r"\bcodes?\s+(?:promo|de\s+réduction|promotionnels?)\b|\bbons?\s+de\s+réduction\b",
    r"\bcodic[ei]\s+(?:sconto|promozional[ei])\b|\bbuon[oi]\s+sconto\b",
    r"クーポンコード|割引コード",
)

# Leads the talk away from Amazon.
OTHER_CHANNEL: Final = _any(
    r"\bwhats\s?app\b", r"\btelegram\b", r"\bwe\s?chat\b", r"\binstagram\b", r"\bfacebook\b", r"\bskype\b",
    r"\bLINE(?:\s*ID|で(?:ご)?連絡|アカウント)",
)  # fmt: skip

# Before a number: this is a telephone's.
TELEPHONE: Final = _any(
    r"\b(?:tel|telephone|phone|mobile|cell|call|calling|ring|text|dial|fax|hotline)\b\.?",
    r"\b(?:telefon\w*|handy\w*|mobil\w*|anruf\w*|rufen|erreichen|rufnummer|durchwahl)\b",
    r"\b(?:tel[ée]fono|m[óo]vil|ll[áa]m\w+|llamar)\b",
    r"\b(?:téléphone|portable|appel\w*|joindre)\b",
    r"\b(?:cellulare|chiam\w+|numero\s+verde)\b",
    r"\bwhats\s?app\b",
    r"電話|携帯|フリーダイヤル|ファックス|ＴＥＬ|TEL",
)
# Before a number: this is something else's.
OTHER_NUMBER: Final = _any(
    r"\b(?:track\w*|shipment|parcel|package|consignment|waybill|invoice|order|reference|ref|serial|case|ticket|"
    r"claim|article|item|model|sku|ean|upc|isbn|asin|vat|iban|account|id|batch|postcode|zip)\b",
    r"\w*(?:sendung|paket|rechnung|bestell|artikel|vorgang|kunden|serien|auftrag|referenz|verfolgung|modell|konto|"
    r"beleg|fall|charge|postleitzahl|plz)\w*",
    r"\b(?:seguimiento|env[íi]o|paquete|factura|pedido|referencia|art[íi]culo|serie|localizador|modelo|caso|cuenta)\b",
    r"\b(?:suivi|colis|facture|commande|référence|article|série|dossier|modèle|compte|expédition)\b",
    r"\b(?:tracciamento|tracking|spedizione|pacco|fattura|ordine|riferimento|articolo|serie|modello|pratica|conto)\b",
    r"追跡|伝票|お問い合わせ番号|問合せ番号|注文番号|請求書|型番|管理番号|郵便番号|口座|商品コード",
)

IMPORTANT: Final = re.compile(
    r"[\[【(（]\s*(?:important[eo]?|wichtig|importante|重要)\s*[\])）】]", re.IGNORECASE
)

THANKS: Final = _any(
    r"\bthank(?:s|\s+you)\b", r"\b(?:danke|vielen\s+dank|dankeschön|dank)\b", r"\bgracias\b", r"\bmerci\b",
    r"\bgrazie\b", r"ありがとう|有難う|感謝",
)  # fmt: skip
# Before and after the words that count: whom they are for, and who says them.
GREETING: Final = re.compile(
    r"(?:hi|hello|dear|good\s+\w+|hallo|liebe[rs]?|guten\s+\w+|sehr\s+geehrte[rs]?|hola|buen[oa]s?\s+\w+|"
    r"estimad[oa]|bonjour|bonsoir|ch[eè]re?|ciao|buon\w+|gentile|salve)\b[^.!?\n]{0,60}?[,!\n]",
    re.IGNORECASE,
)
CLOSING: Final = re.compile(
    r"\b(?:(?:best|kind|warm)\s+regards|regards|sincerely|yours|mit\s+freundlichen|(?:viele|beste|liebe|freundliche)"
    r"\s+grüße|(?:un\s+)?(?:cordial\s+)?saludos?|atentamente|cordialement|bien\s+à\s+vous|(?:cordiali|distinti)?\s*"
    r"saluti)\b",
    re.IGNORECASE,
)
# Words that say nothing but courtesy.
_COURTEOUS: Final = (
    "hi hello dear good morning afternoon evening thank thanks you so very much many for your order "
    "purchase message reply email shopping with us buying from again best kind regards sincerely yours "
    "have a nice great day weekend and the we appreciate it team customer service support being business "
    "at all hallo liebe lieber guten tag morgen abend sehr geehrte geehrter frau herr vielen dank danke "
    "dankeschön herzlichen für ihre ihren ihr bestellung nachricht einkauf kauf ihnen wir uns bedanken "
    "bei mit freundlichen grüßen grüße beste viele schönen noch einen eine ein kundenservice und recht "
    "herzlich hola buenos buenas días dias tardes noches estimado estimada cliente señor señora muchas "
    "gracias por su tu pedido compra mensaje confianza un una saludo saludos cordial cordiales "
    "atentamente que tenga buen día equipo de el la y bonjour bonsoir cher chère madame monsieur merci "
    "beaucoup pour votre commande achat confiance cordialement bien à vous bonne journée une excellente l "
    "équipe et sincères salutations ciao buongiorno buonasera salve gentile signora signor grazie mille "
    "molte tante per il suo sua tuo ordine acquisto messaggio fiducia cordiali saluti distinti buona "
    "giornata lo staff di e "
)
COURTESY: Final = frozenset(_COURTEOUS.split())
COURTESY_JA: Final = re.compile(
    r"この度は|このたびは|いつも|当店|弊社|を?ご(?:利用|購入|注文|連絡|返信|確認)|いただき|頂き|くださり|下さり|誠に|本当に|どうも|"
    r"ありがとうございま(?:す|した)|有難うございま(?:す|した)|ありがとう|感謝(?:いた|致)?します|お礼申し上げます|"
    r"よろしくお願い(?:いた|致)?します|宜しくお願い(?:いた|致)?します|今後とも|お客様|様|大変|まして|を|に|の|は|、|。|！"
)
