"""What we remember: tables, constraints and queries. `.save()` and `.create()` stand only here."""

from mostrador.models.belongings import Belongings, belongings_of
from mostrador.models.broken_rules import BrokenRule
from mostrador.models.calls import CallCount, CallOutcome
from mostrador.models.cancellations import Cancellation
from mostrador.models.delivery import LostRace
from mostrador.models.drafts import Draft, Upload
from mostrador.models.feeds import Feed, FeedMessage, SeenFeed
from mostrador.models.forgotten import ForgottenMark
from mostrador.models.guards import FeedMark, Reconciliation, SendingStop
from mostrador.models.macros import SavedMacro
from mostrador.models.messages import Attachment, Direction, Message, RawMail, RawMailState, Reply
from mostrador.models.notifications import Notification, QueueHealth
from mostrador.models.orders import ItemBalance, Order, OrderItem
from mostrador.models.people import Agent, ApiToken
from mostrador.models.quotas import Quota
from mostrador.models.refunds import Refund, RefundLine
from mostrador.models.reviews import Finding
from mostrador.models.searching import SearchText
from mostrador.models.selling_partners import Mailbox, SellingPartner
from mostrador.models.teamwork import Mention, Presence, TicketLink
from mostrador.models.tickets import Ticket
from mostrador.models.timeline import Event, EventKind
from mostrador.models.views import SavedView

__all__ = [
    "Agent",
    "ApiToken",
    "Attachment",
    "Belongings",
    "BrokenRule",
    "CallCount",
    "CallOutcome",
    "Cancellation",
    "Direction",
    "Draft",
    "Event",
    "EventKind",
    "Feed",
    "FeedMark",
    "FeedMessage",
    "Finding",
    "ForgottenMark",
    "ItemBalance",
    "LostRace",
    "Mailbox",
    "Mention",
    "Message",
    "Notification",
    "Order",
    "OrderItem",
    "Presence",
    "QueueHealth",
    "Quota",
    "RawMail",
    "RawMailState",
    "Reconciliation",
    "Refund",
    "RefundLine",
    "Reply",
    "SavedMacro",
    "SavedView",
    "SearchText",
    "SeenFeed",
    "SellingPartner",
    "SendingStop",
    "Ticket",
    "TicketLink",
    "Upload",
    "belongings_of",
]
