"""Selling partners: connect one, give it a mailbox, stop it and let it go on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mostrador.actions.policy import refusal_of
from mostrador.amazon.marketplaces import MARKETPLACES, Region
from mostrador.amazon.subscriptions import MAX_ARN
from mostrador.domain import policy
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.models import Agent, Mailbox, SellingPartner
from mostrador.tasks import subscriptions
from mostrador.tasks.subscriptions import Connected

LONGEST_SIGNATURE = 1_000  # characters
MAILBOX_SCHEMES = frozenset({"imap", "imaps", "maildir"})
# Source: SqsResource of Amazon's notifications.json.
_QUEUE_ARN = re.compile(r"arn:aws:sqs:[^\s:]+:[^\s:]+:[^\s:]+")
SMTP_SCHEMES = frozenset({"smtp", "smtps", "smtp+starttls"})


class UnusableSetting(ValueError):
    """A setting that cannot be used: which one, and a code that tells why; nothing was written."""

    def __init__(self, name: str, code: str) -> None:
        self.name = name
        self.code = code
        super().__init__(f"{name}: {code}")


def connect_selling_partner(
    *,
    name: str,
    seller_id: str,
    region: str,
    marketplace_ids: Sequence[str],
    client_id: str,
    client_secret: str,
    refresh_token: str,
) -> SellingPartner:
    """Store a selling partner of one region, or its new credentials; secrets are sealed.

    Raises: UnusableSetting for a missing word, an unknown region, or a marketplace of another region.
    """
    words = {
        "name": name,
        "seller_id": seller_id,
        "client_id": client_id,
        "client_secret": client_secret,
        "refresh_token": refresh_token,
    }
    for setting, word in words.items():
        if not word.strip():
            raise UnusableSetting(setting, "empty")
    if region not in set(Region):
        raise UnusableSetting("region", "unknown")
    _check_marketplaces(marketplace_ids, Region(region))
    stripped = {setting: word.strip() for setting, word in words.items()}
    return SellingPartner.objects.connect(
        region=region, marketplace_ids=list(dict.fromkeys(marketplace_ids)), **stripped
    )


def _check_marketplaces(marketplace_ids: Sequence[str], region: Region) -> None:
    if not marketplace_ids:
        raise UnusableSetting("marketplace_ids", "empty")
    for marketplace_id in marketplace_ids:
        known = MARKETPLACES.get(marketplace_id)
        if known is None:
            raise UnusableSetting("marketplace_ids", "unknown")
        if known.region is not region:
            raise UnusableSetting("marketplace_ids", "other_region")


def add_mailbox(
    *,
    selling_partner: SellingPartner,
    url: str,
    smtp_url: str,
    from_address: str,
    from_name: str = "",
    secret: str = "",
    smtp_secret: str = "",
) -> Mailbox:
    """Store where a selling partner's mail arrives and how answers leave, or the new settings of both.

    A password inside an address is taken out of it and sealed, as `secret` and `smtp_secret` are.

    Raises: UnusableSetting for an address that cannot be understood.
    """
    if urlsplit(url).scheme not in MAILBOX_SCHEMES:
        raise UnusableSetting("url", "unknown_scheme")
    if urlsplit(smtp_url).scheme not in SMTP_SCHEMES or not urlsplit(smtp_url).hostname:
        raise UnusableSetting("smtp_url", "unknown_scheme")
    try:
        validate_email(from_address)
        from_address.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        raise UnusableSetting("from_address", "not_an_address") from None
    bare_url, secret_inside = _without_password(url)
    bare_smtp_url, smtp_secret_inside = _without_password(smtp_url)
    return Mailbox.objects.add(
        selling_partner=selling_partner,
        url=bare_url,
        secret=secret or secret_inside,
        smtp_url=bare_smtp_url,
        smtp_secret=smtp_secret or smtp_secret_inside,
        from_address=from_address,
        from_name=from_name,
    )


def _without_password(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    if parts.password is None:
        return url, ""
    login, _, host = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{host}")), unquote(parts.password)


def pause_selling_partner(*, selling_partner: SellingPartner, because: str, now: datetime) -> None:
    """Stop every sending for a selling partner: refunds, cancellations and answers wait."""
    selling_partner.pause(because=because, now=now)


def resume_selling_partner(*, selling_partner: SellingPartner) -> None:
    """Let a selling partner's refunds, cancellations and answers leave again."""
    selling_partner.resume()


def connect_notifications(*, selling_partner: SellingPartner, queue_arn: str, now: datetime) -> Connected:
    """Have Amazon send hints about feeds and orders to a queue; safe to repeat.

    Raises: UnusableSetting for a name that is no SQS queue's; NoToken; AmazonError.
    """
    if len(queue_arn) > MAX_ARN or not _QUEUE_ARN.fullmatch(queue_arn):
        raise UnusableSetting("queue_arn", "not_a_queue")
    return subscriptions.connect(partner=selling_partner, queue_arn=queue_arn, now=now)


def sign(*, partner: SellingPartner, agent: Agent, signature: str) -> None:
    """Keep the words that stand under every answer of a selling partner.

    Raises: Refused for one who is no owner, and for words that no answer may carry.
    """
    if not (agent.is_owner and agent.is_active):
        raise Refused([Refusal(RefusalCode.NOT_AN_OWNER)])
    words = signature.replace("\r\n", "\n").strip()
    broken = [refusal_of(one) for one in policy.hard(policy.check(words))]
    if len(words) > LONGEST_SIGNATURE:
        facts: dict[str, str | int] = {"longest": LONGEST_SIGNATURE, "length": len(words)}
        broken.append(Refusal(RefusalCode.MESSAGE_TOO_LONG, facts))
    if broken:
        raise Refused(broken)
    partner.sign(words)
