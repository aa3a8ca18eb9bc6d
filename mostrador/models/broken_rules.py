"""Broken rules: each invariant of money safety that did not hold, with the evidence a person needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F

from mostrador.models.feeds import Feed
from mostrador.models.selling_partners import SellingPartner


class BrokenRuleQuerySet(models.QuerySet["BrokenRule"]):
    """Keeps what was found broken."""

    def note(
        self,
        *,
        partner: SellingPartner,
        rule: str,
        place: str,
        task: str,
        feed: Feed | None,
        about: dict[str, Any],
        now: datetime,
    ) -> BrokenRule:
        """Store that `rule` did not hold at `place`; the same one again is counted, not stored twice.

        `about` holds ids, states and hashes, nothing of the buyer.
        """
        known = self.filter(selling_partner=partner, rule=rule, place=place, feed=feed).first()
        if known is None:
            return self.create(
                selling_partner=partner,
                rule=rule,
                place=place,
                task=task,
                feed=feed,
                about=about,
                first_at=now,
                last_at=now,
            )
        self.filter(pk=known.pk).update(times=F("times") + 1, last_at=now, about=about)
        known.refresh_from_db()
        return known

    def since_paused(self, partner: SellingPartner) -> BrokenRuleQuerySet:
        """Return what was found broken since the selling partner was paused, the newest first."""
        return self.filter(selling_partner=partner, last_at__gte=partner.paused_at).order_by("-last_at")


class BrokenRule(models.Model):
    """One invariant that did not hold: which, where in the program, and about which rows."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="broken_rules")
    rule = models.CharField(max_length=300)  # the words of the assertion, or the database's constraint
    place = models.CharField(max_length=200)  # file, line and function
    task = models.CharField(max_length=60)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    about = models.JSONField(default=dict)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects = BrokenRuleQuerySet.as_manager()

    def __str__(self) -> str:
        return self.rule
