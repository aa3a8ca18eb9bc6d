"""Quotas: one token bucket for each selling partner and operation, shared by all workers."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.domain.quotas import Bucket
from mostrador.models.selling_partners import SellingPartner


class QuotaQuerySet(models.QuerySet["Quota"]):
    """Takes tokens, and tells when the next one comes."""

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

    def ready_at(self, *, partner: SellingPartner, operation: str, now: datetime, keep: int = 0) -> datetime:
        """Return when a token will be there, without taking it."""
        quota = self.filter(selling_partner=partner, operation=operation).first()
        return now if quota is None else quota.bucket().ready_at(now, keep=keep)

    def bucket_of(self, *, partner: SellingPartner, operation: str, now: datetime) -> Bucket:
        """Return how full a bucket is, without locking it; one that was never used is full."""
        quota = self.filter(selling_partner=partner, operation=operation).first()
        if quota is not None:
            return quota.bucket()
        plan = USAGE_PLANS[operation]
        return Bucket(float(plan.rate), plan.burst, float(plan.burst), now)

    def empty(self, *, partner: SellingPartner, operation: str, now: datetime) -> None:
        """Note Amazon's 429: the bucket is empty, whatever we thought."""
        with transaction.atomic():
            quota = self._locked(partner, operation, now)
            quota.store(quota.bucket().emptied(now))

    def _locked(self, partner: SellingPartner, operation: str, now: datetime) -> Quota:
        mine = self.select_for_update().filter(selling_partner=partner, operation=operation)
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
    operation = models.CharField(max_length=60)
    rate = models.FloatField()
    burst = models.IntegerField()
    tokens = models.FloatField()
    at = models.DateTimeField()

    objects = QuotaQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["selling_partner", "operation"], name="one_bucket_per_operation"),
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
