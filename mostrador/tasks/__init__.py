"""What the worker carries out later. Arguments are ids; every task may run twice."""

from mostrador.tasks import feeds, housekeeping, messages, orders

__all__ = ["feeds", "housekeeping", "messages", "orders"]
