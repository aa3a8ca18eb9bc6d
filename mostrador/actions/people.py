"""People: add an agent, and give an agent's program a token."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from mostrador.models import Agent, ApiToken
from mostrador.models.people import Language


class AddressTaken(ValueError):
    """An agent with this address exists already; nothing was written."""


def add_agent(
    *,
    email: str,
    name: str,
    password: str,
    is_owner: bool = False,
    language: str = "en",
    time_zone: str = "UTC",
) -> Agent:
    """Store an agent who may sign in with this password.

    Raises: ValidationError (Django's) for a weak password or a bad address; AddressTaken.
    """
    validate_email(email.strip())
    shown = name.strip() or email.partition("@")[0]
    validate_password(password, user=Agent(email=email, name=shown))
    if language not in Language.values:
        raise ValidationError("", code="unknown_language")
    try:
        with transaction.atomic():
            return Agent.objects.add(
                email=email,
                name=shown,
                password=password,
                is_owner=is_owner,
                language=language,
                time_zone=time_zone,
            )
    except IntegrityError:
        raise AddressTaken(email) from None


def add_token(*, agent: Agent, name: str = "API") -> tuple[ApiToken, str]:
    """Store a bearer token of an agent; return its row and the token, which is shown this once."""
    return ApiToken.objects.issue(agent=agent, name=name[:80])
