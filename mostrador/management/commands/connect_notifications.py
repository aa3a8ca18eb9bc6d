"""`mostrador connect-notifications`: have Amazon tell us at once that a feed ended or an order changed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.actions.selling_partners import UnusableSetting, connect_notifications
from mostrador.amazon.errors import AmazonError
from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.finding import add_seller_options, find_selling_partner
from mostrador.models import SellingPartner
from mostrador.tasks.gate import NoToken
from mostrador.tasks.notifications import is_configured, open_queue
from mostrador.tasks.subscriptions import Connected


class Command(DeskCommand):
    """Makes the destination and the subscriptions that are missing; a second time, it changes nothing."""

    help = "Have Amazon send a selling partner's notifications to the SQS queue of the settings."
    says = (
        "The queue must exist and let Amazon write to it: docs/how-to/receive-notifications.md.\n"
        "A subscription that leads to another queue is moved to this one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_seller_options(parser)
        parser.add_argument(
            "--queue-arn", metavar="ARN", help="the queue's ARN (else the queue of the settings is asked)"
        )
        add_json_option(parser)

    def handle(
        self, *_: Any, seller: str, region: str | None, queue_arn: str | None, as_json: bool, **__: Any
    ) -> None:
        """Connect them."""
        partner = find_selling_partner(seller, region)
        try:
            found = connect_notifications(
                selling_partner=partner, queue_arn=queue_arn or _arn(), now=timezone.now()
            )
        except UnusableSetting as problem:
            raise CommandError(
                "That is no SQS queue's ARN: one looks like arn:aws:sqs:eu-west-1:123456789012:mostrador."
            ) from problem
        except NoToken as wait:
            raise CommandError(
                f"Amazon's quota allows the next call at {wait.ready_at:%H:%M:%S} UTC."
            ) from wait
        except AmazonError as error:
            raise CommandError(f"Amazon did not do it: {error}") from error
        self.tell(_facts(partner, found), words=_words(partner, found), as_json=as_json)


def _arn() -> str:
    if not is_configured():
        raise CommandError("No queue is known: set MOSTRADOR_SQS_QUEUE_URL, or name it with --queue-arn.")
    queue = open_queue()
    try:
        return queue.arn()
    except AmazonError as error:
        raise CommandError(f"The queue could not be asked for its ARN: {error}. Try --queue-arn.") from error
    finally:
        queue.close()


def _facts(partner: SellingPartner, found: Connected) -> dict[str, Any]:
    return {
        "seller_id": partner.seller_id,
        "region": partner.region,
        "queue_arn": found.destination.queue_arn,
        "destination_id": found.destination.destination_id,
        "subscriptions": {kind.value: each.subscription_id for kind, each in found.subscriptions.items()},
        "made": list(found.made),
    }


def _words(partner: SellingPartner, found: Connected) -> str:
    did = f"New: {', '.join(found.made)}." if found.made else "Everything was there already."
    return (
        f"Amazon sends the notifications of {partner.name} ({partner.region}) "
        f"to {found.destination.queue_arn}. {did}"
    )
