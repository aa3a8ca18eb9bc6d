"""Message queue: the SQS queue Amazon writes notifications to, read by long polling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mostrador.amazon.errors import AmazonError, Happened, OutcomeUnknown
from mostrador.amazon.wire import is_allowed_address

WAIT_SECONDS = 5  # how long SQS waits for a message before it answers that there is none
MESSAGES_AT_ONCE = 10  # SQS hands out no more
CONNECT_SECONDS = 5
# A message that was not deleted by then is handed out again, to us or to another worker.
HIDDEN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """Where the queue is. Without keys, boto3 looks for credentials where AWS programs keep them."""

    url: str
    region: str
    endpoint: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as it lay in the queue; `receipt` is what it is deleted with."""

    body: str
    receipt: str = field(repr=False)


class MessageQueue:
    """One SQS queue, asked by one thread. Nothing is tried twice here: the caller asks again."""

    def __init__(self, address: QueueAddress) -> None:
        for url in filter(None, (address.url, address.endpoint)):
            if not is_allowed_address(url):
                raise ValueError("the queue's addresses must be https, or http on this machine")
        self._url = address.url
        self._client = _client(address)

    def receive(self, *, wait_seconds: int = WAIT_SECONDS) -> tuple[QueueMessage, ...]:
        """Return up to ten messages, as soon as there is one; none after `wait_seconds`.

        Raises: AmazonError.
        """
        said = self._ask(
            "receive_message",
            MaxNumberOfMessages=MESSAGES_AT_ONCE,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=HIDDEN_SECONDS,
        )
        return tuple(QueueMessage(one["Body"], one["ReceiptHandle"]) for one in said.get("Messages", []))

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """Take messages out of the queue for good; one that could not be taken out comes again.

        Raises: AmazonError.
        """
        if not messages:
            return
        entries = [{"Id": str(place), "ReceiptHandle": one.receipt} for place, one in enumerate(messages)]
        self._ask("delete_message_batch", Entries=entries)

    def arn(self) -> str:
        """Return the queue's name in AWS's own form.

        Raises: AmazonError.
        """
        said = self._ask("get_queue_attributes", AttributeNames=["QueueArn"])
        return str(said["Attributes"]["QueueArn"])

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import (  # type: ignore[import-untyped]  # as boto3
            BotoCoreError,
            ClientError,
        )

        try:
            said: dict[str, Any] = getattr(self._client, operation)(QueueUrl=self._url, **parameters)
        except ClientError as refusal:
            raise _refusal(operation, refusal.response) from None
        except BotoCoreError as trouble:
            raise OutcomeUnknown(
                f"the queue does not answer ({type(trouble).__name__})",
                operation=f"sqs {operation}",
                happened=Happened.UNKNOWN,
            ) from None
        return said


def _client(address: QueueAddress) -> Any:
    # Loaded here because it takes most of a second, and only those who read a queue need it.
    import boto3  # type: ignore[import-untyped]  # boto3 comes without types
    from botocore.config import Config  # type: ignore[import-untyped]  # as boto3

    return boto3.session.Session().client(
        "sqs",
        region_name=address.region,
        endpoint_url=address.endpoint or None,
        aws_access_key_id=address.access_key_id or None,
        aws_secret_access_key=address.secret_access_key or None,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=WAIT_SECONDS + CONNECT_SECONDS,
            retries={"total_max_attempts": 1},
            tcp_keepalive=True,
        ),
    )


def _refusal(operation: str, response: dict[str, Any]) -> AmazonError:
    error, envelope = response.get("Error", {}), response.get("ResponseMetadata", {})
    return OutcomeUnknown(
        str(error.get("Message", ""))[:300],
        operation=f"sqs {operation}",
        happened=Happened.UNKNOWN,
        status=envelope.get("HTTPStatusCode"),
        code=str(error.get("Code", ""))[:100],
        request_id=envelope.get("RequestId"),
    )
