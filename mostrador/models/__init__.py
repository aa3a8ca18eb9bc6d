"""What we remember: tables, constraints and queries. `.save()` and `.create()` stand only here."""

from mostrador.models.calls import CallCount, CallOutcome
from mostrador.models.cancellations import Cancellation
from mostrador.models.delivery import LostRace
from mostrador.models.feeds import Feed, FeedMessage, SeenFeed
from mostrador.models.guards import FeedMark, Reconciliation, SendingStop
from mostrador.models.messages import Attachment, Direction, Message, RawMail, RawMailState, Reply
from mostrador.models.notifications import Notification, QueueHealth
from mostrador.models.orders import ItemBalance, Order, OrderItem
from mostrador.models.people import Agent, ApiToken
from mostrador.models.quotas import Quota
from mostrador.models.refunds import Refund, RefundLine
from mostrador.models.reviews import Finding
from mostrador.models.selling_partners import Mailbox, SellingPartner
from mostrador.models.tickets import Ticket
from mostrador.models.timeline import Event, EventKind

__all__ = [
    "Agent",
    "ApiToken",
    "Attachment",
    "CallCount",
    "CallOutcome",
    "Cancellation",
    "Direction",
    "Event",
    "EventKind",
    "Feed",
    "FeedMark",
    "FeedMessage",
    "Finding",
    "ItemBalance",
    "LostRace",
    "Mailbox",
    "Message",
    "Notification",
    "Order",
    "OrderItem",
    "QueueHealth",
    "Quota",
    "RawMail",
    "RawMailState",
    "Reconciliation",
    "Refund",
    "RefundLine",
    "Reply",
    "SeenFeed",
    "SellingPartner",
    "SendingStop",
    "Ticket",
]
