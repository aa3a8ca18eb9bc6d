"""The one Django app."""

from django.apps import AppConfig


class MostradorConfig(AppConfig):
    """Mostrador as Django sees it."""

    name = "mostrador"
    verbose_name = "Mostrador"
