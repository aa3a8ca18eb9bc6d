"""Reviews: the findings of people about actions nobody else could decide."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from mostrador.domain import reviews as rules
from mostrador.domain.reviews import Outcome
from mostrador.models.cancellations import Cancellation
from mostrador.models.people import Agent
from mostrador.models.refunds import Refund


class FindingQuerySet(models.QuerySet["Finding"]):
    """Writes and reads findings."""

    def add(
        self, action: Refund | Cancellation, *, agent: Agent, outcome: Outcome, proof: str, now: datetime
    ) -> Finding:
        """Take down what a person found."""
        about = {"refund": action} if isinstance(action, Refund) else {"cancellation": action}
        return self.create(agent=agent, outcome=outcome, proof=proof, at=now, **about)

    def about(self, action: Refund | Cancellation) -> FindingQuerySet:
        """Return the findings about an action since it last came into review, oldest first."""
        about = {"refund": action} if isinstance(action, Refund) else {"cancellation": action}
        return self.filter(**about).select_related("agent").order_by("pk")


class Finding(models.Model):
    """One person's word about one action, with the proof they named."""

    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="findings"
    )
    cancellation = models.ForeignKey(
        Cancellation, on_delete=models.PROTECT, null=True, blank=True, related_name="findings"
    )
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    proof = models.TextField()
    at = models.DateTimeField()

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(refund__isnull=False, cancellation__isnull=True)
                | Q(refund__isnull=True, cancellation__isnull=False),
                name="a_finding_is_about_one_action",
            ),
            models.UniqueConstraint(
                fields=["refund", "agent"], condition=Q(refund__isnull=False), name="one_word_per_refund"
            ),
            models.UniqueConstraint(
                fields=["cancellation", "agent"],
                condition=Q(cancellation__isnull=False),
                name="one_word_per_cancellation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.outcome} by {self.agent_id}"

    def rules(self) -> rules.Finding:
        """Return the finding as the rules see it."""
        return rules.Finding(self.agent_id, Outcome(self.outcome))
