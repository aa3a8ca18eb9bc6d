"""Misfortunes on order: which request or feed they meet, how often, and what happens to it."""

from __future__ import annotations

import fnmatch
import random
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import count

from mostrador.simulator.store import Json


class Action(StrEnum):
    """What can go wrong with a request (first group), a feed (second) or a notification (third)."""

    DELAY = "delay"
    STATUS = "status"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"
    LISTING_LAG = "listing_lag"
    FATAL_APPLIED = "fatal_applied"
    FATAL_NONE = "fatal_none"
    FATAL_SOME = "fatal_some"
    REPORT = "report"
    IN_PROGRESS_FOREVER = "in_progress_forever"
    NOTICE_DOUBLED = "notice_doubled"
    NOTICE_SHUFFLED = "notice_shuffled"
    NOTICE_LATE = "notice_late"
    NOTICE_LOST = "notice_lost"
    NOTICE_FOREIGN = "notice_foreign"
    NOTICE_FORGED = "notice_forged"


FEED_ACTIONS = frozenset(
    {Action.FATAL_APPLIED, Action.FATAL_NONE, Action.FATAL_SOME, Action.REPORT, Action.IN_PROGRESS_FOREVER}
)

NOTICE_ACTIONS = frozenset(action for action in Action if action.startswith("notice_"))


class ReportVariant(StrEnum):
    """Ways in which a processing report can be strange."""

    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    HTML = "html"
    XXE = "xxe"
    BILLION_LAUGHS = "billion_laughs"
    WRONG_COUNTS = "wrong_counts"
    UNKNOWN_CODE = "unknown_code"
    GZ_BOMB = "gz_bomb"


@dataclass
class Fault:
    """One rule. `seconds` are real seconds for a delay, virtual ones for the listing lag."""

    action: Action
    operation: str = "*"
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    body: str | None = None
    variant: ReportVariant | None = None
    seller_id: str = ""
    fault_id: int = 0

    @classmethod
    def from_json(cls, body: Json) -> Fault:
        """Return the rule a caller describes.

        Raises: TypeError or ValueError when it is not one.
        """
        fields = {**body, "action": Action(body.get("action", ""))}
        if "variant" in body:
            fields["variant"] = ReportVariant(body["variant"])
        if fields["action"] is Action.REPORT and fields.get("variant") is None:
            raise ValueError("a report fault needs a variant")
        return cls(**fields)

    def to_json(self) -> Json:
        """Return the rule as it is now, with the times left."""
        return asdict(self)


@dataclass
class Faults:
    """The rules that are in force, in the order in which they were added."""

    rules: list[Fault] = field(default_factory=list)
    _ids: count[int] = field(default_factory=lambda: count(1))
    _random: random.Random = field(default_factory=random.Random)

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force and return it with its id."""
        fault.fault_id = next(self._ids)
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        """Take every rule out of force."""
        self.rules.clear()

    def take_for_request(self, operation: str, seller_id: str) -> Fault | None:
        """Return the misfortune of this request, if there is one, and count it."""
        for rule in self.rules:
            if rule.action in FEED_ACTIONS | NOTICE_ACTIONS or rule.action is Action.LISTING_LAG:
                continue
            if fnmatch.fnmatchcase(operation, rule.operation) and self._hits(rule, seller_id):
                return rule
        return None

    def take_for_feed(self, feed_type: str, seller_id: str) -> Fault | None:
        """Return the misfortune of this feed, if there is one, and count it."""
        for rule in self.rules:
            if rule.action not in FEED_ACTIONS:
                continue
            if fnmatch.fnmatchcase(feed_type, rule.operation) and self._hits(rule, seller_id):
                return rule
        return None

    def take_for_notice(self, notification_type: str, seller_id: str) -> list[Fault]:
        """Return every misfortune of this notification, and count them; they come together."""
        return [
            rule
            for rule in self.rules
            if rule.action in NOTICE_ACTIONS
            and fnmatch.fnmatchcase(notification_type, rule.operation)
            and self._hits(rule, seller_id)
        ]

    def listing_lag(self, seller_id: str) -> float:
        """Return for how many virtual seconds a new feed stays out of the feed list."""
        lags = [
            rule.seconds
            for rule in self.rules
            if rule.action is Action.LISTING_LAG and rule.seller_id in ("", seller_id)
        ]
        return max(lags, default=0.0)

    def _hits(self, rule: Fault, seller_id: str) -> bool:
        if rule.seller_id not in ("", seller_id) or rule.times == 0:
            return False
        if rule.probability < 1.0 and self._random.random() >= rule.probability:
            return False
        if rule.times is not None:
            rule.times -= 1
        return True
