"""Quotas: one token bucket for each selling partner, application, region and operation, for all workers."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.domain.quotas import Bucket, believable
from mostrador.models.selling_partners import SellingPartner


class QuotaQuerySet(models.QuerySet["Quota"]):
    """Takes tokens, and tells when the next one comes."""

    # ── mutators ──────────────────────────────────────────────────────────────────────────────────────────

    def take(
        self, *, partner: SellingPartner, operation: str, now: datetime, keep: int = 0
    ) -> datetime | None:
        """Take one token, leaving `keep`; return nothing if it was there, else when it will be."""
        with transaction.atomic():
            quota = self._locked(partner, operation, now)
            bucket = quota.bucket()
            ready = bucket.ready_at(now, keep=keep)
            if ready > now:
                return ready
            quota.store(bucket.take(now))
        return None

    def empty(self, *, partner: SellingPartner, operation: str, now: datetime) -> None:
        """Note Amazon's 429: the bucket is empty, whatever we thought."""
        with transaction.atomic():
            quota = self._locked(partner, operation, now)
            quota.store(quota.bucket().emptied(now))

    def heed(self, *, partner: SellingPartner, operation: str, said: float, now: datetime) -> None:
        """Keep to the rate Amazon named in an answer, for all workers, until it names another one."""
        rate = believable(said, documented=float(USAGE_PLANS[operation].rate))
        with transaction.atomic():
            quota = self._locked(partner, operation, now)
            if quota.said_at is None or quota.rate != rate:
                quota.pace(quota.bucket().paced(rate, now), said_at=now)

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def ready_at(self, *, partner: SellingPartner, operation: str, now: datetime, keep: int = 0) -> datetime:
        """Return when a token will be there, without taking it."""
        quota = self._of(partner, operation).first()
        return now if quota is None else quota.bucket().ready_at(now, keep=keep)

    def bucket_of(self, *, partner: SellingPartner, operation: str, now: datetime) -> Bucket:
        """Return how full a bucket is, without locking it; one that was never used is full."""
        quota = self._of(partner, operation).first()
        if quota is not None:
            return quota.bucket()
        plan = USAGE_PLANS[operation]
        return Bucket(float(plan.rate), plan.burst, float(plan.burst), now)

    def _of(self, partner: SellingPartner, operation: str) -> QuotaQuerySet:
        """Return the bucket Amazon counts a call in: that of the seller, the application and the region."""
        return self.filter(
            selling_partner=partner,
            client_id=partner.client_id,
            region=partner.region,
            operation=operation,
        )

    def _locked(self, partner: SellingPartner, operation: str, now: datetime) -> Quota:
        mine = self._of(partner, operation).select_for_update()
        found = mine.first()
        if found is None:
            self._add_full(partner, operation, now)
            found = mine.get()
        return found

    def _add_full(self, partner: SellingPartner, operation: str, now: datetime) -> None:
        """Store a full bucket, unless somebody was faster."""
        plan = USAGE_PLANS[operation]
        bucket = Quota(
            selling_partner=partner,
            client_id=partner.client_id,
            region=partner.region,
            operation=operation,
            rate=float(plan.rate),
            burst=plan.burst,
            tokens=plan.burst,
            at=now,
        )
        self.bulk_create([bucket], ignore_conflicts=True)


class Quota(models.Model):
    """How full one bucket was at `at`."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="quotas")
    # A changed application begins with a bucket of its own, and so would another region.
    client_id = models.CharField(max_length=120)
    region = models.CharField(max_length=2)
    operation = models.CharField(max_length=60)
    rate = models.FloatField()
    said_at = models.DateTimeField(
        null=True, blank=True
    )  # when Amazon named this rate; else it is documented
    burst = models.IntegerField()
    tokens = models.FloatField()
    at = models.DateTimeField()

    objects = QuotaQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["selling_partner", "client_id", "region", "operation"],
                name="one_bucket_per_operation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.operation} of {self.selling_partner_id}"

    def bucket(self) -> Bucket:
        """Return the bucket as the rules see it."""
        return Bucket(float(self.rate), self.burst, float(self.tokens), self.at)

    def store(self, bucket: Bucket) -> None:
        """Write how full the bucket is now."""
        self.tokens, self.at = bucket.tokens, bucket.at
        self.save(update_fields=["tokens", "at"])

    def pace(self, bucket: Bucket, *, said_at: datetime) -> None:
        """Write the rate Amazon named, and how full the bucket was when it did."""
        self.rate, self.tokens, self.at, self.said_at = bucket.rate, bucket.tokens, bucket.at, said_at
        self.save(update_fields=["rate", "tokens", "at", "said_at"])
