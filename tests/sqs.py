"""A real SQS server on this machine (moto's), and queues on it."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
KEY = {"aws_access_key_id": "desk-key", "aws_secret_access_key": "desk-secret"}

_names = itertools.count(1)


@dataclass(frozen=True)
class Sqs:
    """One queue on a running server, as Amazon and a test see it."""

    endpoint: str
    url: str
    client: Any

    def send(self, *messages: str | dict[str, Any]) -> None:
        """Put messages into the queue, ten at a time."""
        texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
        for start in range(0, len(texts), 10):
            entries = [
                {"Id": str(n), "MessageBody": text} for n, text in enumerate(texts[start : start + 10])
            ]
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            assert not answer.get("Failed"), answer

    def left(self) -> int:
        """Return how many messages have not been deleted, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)

    def taken(self) -> list[dict[str, Any]]:
        """Take every message out and return their contents."""
        found: list[dict[str, Any]] = []
        while messages := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found


@contextmanager
def sqs_server() -> Iterator[str]:
    """Run an SQS server on a free port and give its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@lru_cache
def _client(endpoint: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.session.Session().client(
        "sqs", region_name=REGION, endpoint_url=endpoint, config=config, **KEY
    )


def make_queue(endpoint: str) -> Sqs:
    """Return a new queue of its own."""
    client = _client(endpoint)
    return Sqs(endpoint, client.create_queue(QueueName=f"desk-{next(_names)}")["QueueUrl"], client)
