"""How many rows every table has, to prove that a refusal wrote nothing."""

from __future__ import annotations

from django.apps import apps
from procrastinate.contrib.django.models import ProcrastinateJob


def rows() -> dict[str, int]:
    """Return the number of rows of every table of ours, and of the queue."""
    ours = {
        model.__name__: model._base_manager.count() for model in apps.get_app_config("mostrador").get_models()
    }
    return ours | {"jobs": ProcrastinateJob.objects.count()}
