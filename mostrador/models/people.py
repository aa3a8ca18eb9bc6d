"""People: agents, their logins, and the bearer tokens of their programs."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Language(models.TextChoices):
    """The languages the desk speaks to its agents."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Español"
    GERMAN = "de", "Deutsch"
    FRENCH = "fr", "Français"
    ITALIAN = "it", "Italiano"


class AgentQuerySet(models.QuerySet["Agent"]):
    """Questions about agents."""

    def active(self) -> AgentQuerySet:
        """Return the agents who may sign in."""
        return self.filter(is_active=True)

    def takers(self) -> AgentQuerySet:
        """Return the agents new tickets may be given to, in one order always."""
        return self.active().filter(takes_new_tickets=True).order_by("pk")


class AgentFactory(BaseUserManager["Agent"]):
    """Makes agents."""

    def get_queryset(self) -> AgentQuerySet:
        """Return the agents to choose from."""
        return AgentQuerySet(self.model, using=self._db)

    def add(self, *, email: str, name: str, password: str, is_owner: bool = False, **more: Any) -> Agent:
        """Store an agent with a hashed password and return it."""
        agent = self.model(email=email.strip().lower(), name=name, is_owner=is_owner, **more)
        agent.set_password(password)
        agent.save()
        return agent


class Agent(AbstractBaseUser):
    """A person who answers; the e-mail address is the login."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.ENGLISH)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_owner = models.BooleanField(default=False)
    # Which new tickets may be given to this agent without asking; empty lists mean any.
    takes_new_tickets = models.BooleanField(default=True)
    answers_in = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    answers_for = ArrayField(models.CharField(max_length=20), default=list, blank=True)  # marketplace ids
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AgentFactory] = AgentFactory()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """The one or two letters shown where there is no room for a name."""
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Makes and finds bearer tokens."""

    def issue(self, *, agent: Agent, name: str) -> tuple[ApiToken, str]:
        """Store a new token's hash; return the row and the token, which is shown once and kept nowhere."""
        token = "mst_" + secrets.token_urlsafe(32)
        return self.create(agent=agent, name=name, token_sha256=_sha256(token)), token

    def of(self, token: str) -> ApiToken | None:
        """Return the live token, with its active agent, or nothing."""
        return (
            self.select_related("agent")
            .filter(token_sha256=_sha256(token), revoked_at=None, agent__is_active=True)
            .first()
        )


class ApiToken(models.Model):
    """A bearer token of one agent; only its SHA-256 is stored (it carries 256 random bits)."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} of {self.agent_id}"

    def mark_used(self, now: datetime) -> None:
        """Note that a program used it, at most once a minute."""
        if self.last_used_at is None or (now - self.last_used_at).total_seconds() > 60:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
