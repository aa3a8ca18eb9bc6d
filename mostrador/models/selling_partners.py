"""Selling partners: whose orders these are, how Amazon knows them, and their mailboxes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q

from mostrador.models.secrets import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence


_READERS_LOCK = 7_268_913  # any number, the same in every worker


class PauseCode(StrEnum):
    """Who stopped the sending."""

    PERSON = ""  # somebody, who said why
    BROKEN_RULE = "broken_rule"  # this program, because an invariant of money safety did not hold


class SellingPartnerQuerySet(models.QuerySet["SellingPartner"]):
    """Makes and finds selling partners."""

    def connect(
        self,
        *,
        name: str,
        seller_id: str,
        region: str,
        marketplace_ids: Sequence[str],
        client_id: str,
        client_secret: str,
        refresh_token: str,
    ) -> SellingPartner:
        """Store a selling partner of one region, or its new credentials; return it."""
        partner = self.filter(seller_id=seller_id, region=region).first() or SellingPartner(
            seller_id=seller_id, region=region
        )
        partner.name = name
        partner.marketplace_ids = list(marketplace_ids)
        partner.client_id = client_id
        partner.client_secret_sealed = seal(client_secret, place=partner.secret_place("client_secret"))
        partner.refresh_token_sealed = seal(refresh_token, place=partner.secret_place("refresh_token"))
        partner.save()
        return partner

    def stop_for_broken_rule(self, partner: SellingPartner, *, because: str, now: datetime) -> None:
        """Pause a selling partner because of a broken rule, unless one has paused it already."""
        sends = self.filter(pk=partner.pk).exclude(paused_at__isnull=False, paused_code=PauseCode.BROKEN_RULE)
        sends.update(paused_at=now, paused_because=because, paused_code=PauseCode.BROKEN_RULE)

    def due_for_sync(self, now: datetime) -> SellingPartnerQuerySet:
        """Return those whose orders should be read now."""
        return self.filter(next_sync_at__lte=now, paused_at=None)


class SellingPartner(models.Model):
    """One selling partner in one region: the unit of Amazon's authorisation and of its quotas."""

    name = models.CharField(max_length=80)
    seller_id = models.CharField(max_length=40)
    region = models.CharField(max_length=2)
    marketplace_ids = ArrayField(models.CharField(max_length=20))
    client_id = models.CharField(max_length=120)
    client_secret_sealed = models.TextField()
    refresh_token_sealed = models.TextField()
    signature = models.TextField(blank=True)  # stands under every answer
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_because = models.TextField(blank=True)
    paused_code = models.CharField(
        max_length=20, choices=[(c.value, c.value) for c in PauseCode], default=PauseCode.PERSON, blank=True
    )
    # Orders are read forward from here (Amazon's clock: the last answer's "before" bound).
    orders_read_until = models.DateTimeField(null=True, blank=True)
    # A search under way: how far it looks, and the page it goes on with (the token lives 24 hours).
    search_until = models.DateTimeField(null=True, blank=True)
    search_page = models.TextField(blank=True)
    next_sync_at = models.DateTimeField(auto_now_add=True)
    sync_trouble = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SellingPartnerQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["seller_id", "region"], name="one_row_per_seller_and_region"),
        )
        indexes = (
            models.Index(
                fields=["next_sync_at"], name="partner_to_sync", condition=Q(paused_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def broke_a_rule(self) -> bool:
        """Whether this program stopped the sending itself."""
        return self.paused_code == PauseCode.BROKEN_RULE

    def secret_place(self, name: str) -> str:
        """Return the name a secret of this row is sealed for."""
        return f"selling_partner:{self.seller_id}:{self.region}:{name}"

    def client_secret(self) -> str:
        """Return the LWA client secret in clear."""
        return unseal(self.client_secret_sealed, place=self.secret_place("client_secret"))

    def refresh_token(self) -> str:
        """Return the LWA refresh token in clear."""
        return unseal(self.refresh_token_sealed, place=self.secret_place("refresh_token"))

    def sign(self, signature: str) -> None:
        """Keep the words that stand under every answer from now on."""
        self.signature = signature
        self.save(update_fields=["signature"])

    def pause(self, *, because: str, now: datetime, code: PauseCode = PauseCode.PERSON) -> None:
        """Stop every sending for this selling partner until a person resumes it."""
        SellingPartner.objects.filter(pk=self.pk).update(
            paused_at=now, paused_because=because, paused_code=code
        )

    def resume(self) -> None:
        """Let this selling partner send again."""
        SellingPartner.objects.filter(pk=self.pk).update(
            paused_at=None, paused_because="", paused_code=PauseCode.PERSON
        )

    def plan_sync(self, *, at: datetime, trouble: str = "") -> None:
        """Note when orders are read next, and what went wrong, if anything."""
        self.next_sync_at, self.sync_trouble = at, trouble
        self.save(update_fields=["next_sync_at", "sync_trouble"])

    def begin_search(self, *, until: datetime) -> None:
        """Note that changed orders are being searched up to `until`."""
        self.search_until, self.search_page = until, ""
        self.save(update_fields=["search_until", "search_page"])

    def turn_page(self, page: str) -> None:
        """Note the page the search goes on with; the last page ends it and moves the mark forward."""
        self.search_page = page
        if not page:
            self.orders_read_until, self.search_until = self.search_until, None
        self.save(update_fields=["search_page", "search_until", "orders_read_until"])


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    """Makes and finds mailboxes."""

    def add(
        self,
        *,
        selling_partner: SellingPartner,
        url: str,
        secret: str,
        smtp_url: str,
        smtp_secret: str,
        from_address: str,
        from_name: str = "",
    ) -> Mailbox:
        """Store a mailbox, or its new settings; addresses carry no password, secrets are sealed."""
        mailbox = self.filter(selling_partner=selling_partner, url=url).first() or Mailbox(
            selling_partner=selling_partner, url=url
        )
        mailbox.secret_sealed = seal(secret, place=mailbox.secret_place("in")) if secret else ""
        mailbox.smtp_url = smtp_url
        mailbox.smtp_secret_sealed = (
            seal(smtp_secret, place=mailbox.secret_place("out")) if smtp_secret else ""
        )
        mailbox.from_address = from_address
        mailbox.from_name = from_name or selling_partner.name
        mailbox.save()
        return mailbox

    def locked(self, pk: int) -> Mailbox:
        """Return the mailbox, and let nobody else take mail in for it until the transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).select_related("selling_partner").get(pk=pk)

    def take_turn(self, pk: int) -> bool:
        """Become the one who reads a mailbox until the transaction ends; return False if another is just now.

        Who is refused may leave: the other looks for more mails after its transaction.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s::int)", [_READERS_LOCK, pk])
            return bool(cursor.fetchone()[0])

    def due(self, now: datetime) -> MailboxQuerySet:
        """Return the mailboxes that should be looked into now."""
        return self.filter(next_fetch_at__lte=now)


class Mailbox(models.Model):
    """Where buyers' mail arrives, and the approved sender the answers leave from."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="mailboxes")
    url = models.CharField(max_length=300)
    secret_sealed = models.TextField(blank=True)
    smtp_url = models.CharField(max_length=300)
    smtp_secret_sealed = models.TextField(blank=True)
    from_address = models.EmailField()
    from_name = models.CharField(max_length=80)
    next_fetch_at = models.DateTimeField(auto_now_add=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["selling_partner", "url"], name="one_row_per_mailbox"),
        )
        indexes = (models.Index(fields=["next_fetch_at"], name="mailbox_to_fetch"),)

    def __str__(self) -> str:
        return self.from_address

    def secret_place(self, direction: str) -> str:
        """Return the name a secret of this row is sealed for."""
        return f"mailbox:{self.selling_partner.secret_place(self.url)}:{direction}"

    def secret(self) -> str | None:
        """Return the password for reading, in clear."""
        return unseal(self.secret_sealed, place=self.secret_place("in")) if self.secret_sealed else None

    def smtp_secret(self) -> str | None:
        """Return the password for sending, in clear."""
        if not self.smtp_secret_sealed:
            return None
        return unseal(self.smtp_secret_sealed, place=self.secret_place("out"))

    def begin_fetch(self, *, until: datetime) -> None:
        """Note that somebody looks into it: nobody else needs to before `until`."""
        Mailbox.objects.filter(pk=self.pk).update(next_fetch_at=until)

    def plan_fetch(self, *, at: datetime, now: datetime, trouble: str = "") -> None:
        """Note when it is looked into next, and what went wrong, if anything."""
        fetched = {} if trouble else {"fetched_at": now}
        Mailbox.objects.filter(pk=self.pk).update(next_fetch_at=at, trouble=trouble, **fetched)
