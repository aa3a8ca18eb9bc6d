"""Policy: what Amazon's communication rules say to a message in its ticket, before it is asked to leave."""

from __future__ import annotations

from mostrador.domain import policy as rules
from mostrador.domain.policy import Finding, Force
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.models import Direction, Message, Ticket


def findings(*, ticket: Ticket, text: str) -> tuple[Finding, ...]:
    """Return what breaks a rule in a message to the ticket's buyer."""
    has_written = Message.objects.filter(ticket=ticket, direction=Direction.IN).exists()
    return rules.check(text, is_first_contact=not has_written)


def refusals(*, ticket: Ticket, text: str, accepted: frozenset[str]) -> list[Refusal]:
    """Return why a message may not leave; rules in `accepted` have warned a person already."""
    found = findings(ticket=ticket, text=text)
    return [refusal_of(one) for one in (*rules.hard(found), *rules.soft(found, accepted=accepted))]


def refusal_of(finding: Finding) -> Refusal:
    """Return the refusal that a finding is."""
    code = RefusalCode.AGAINST_POLICY if finding.force is Force.HARD else RefusalCode.POLICY_WARNING
    return Refusal(code, {"rule": finding.rule.value, "quote": finding.quote})
