"""Jobs inside the django-helpdesk that Mostrador is measured beside: `peer_jobs.py begin | read`."""

import logging
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer_settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  # settings come first
from django.core.management import call_command  # noqa: E402
from helpdesk.email import process_queue  # noqa: E402
from helpdesk.models import FollowUp, Queue  # noqa: E402


def begin() -> None:
    """Make the tables, its templates of mails, an agent, and a queue for each mailbox."""
    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    password = os.environ["PEER_PASSWORD"]
    get_user_model().objects.create_superuser("agent", "agent@example.com", password)
    for box in sorted(Path(os.environ["PEER_MAILS"]).iterdir()):
        Queue.objects.create(
            title=box.name,
            slug=f"queue{box.name}",
            email_address=f"queue{box.name}@example.com",
            allow_email_submission=True,
            email_box_type="local",
            email_box_local_dir=str(box),
        )


def read() -> None:
    """Read all mails in the queues' folders, and print how many became follow-ups in how many seconds."""
    logger = logging.getLogger("peer")
    logger.setLevel(logging.WARNING)
    logger.addHandler(logging.StreamHandler(sys.stderr))
    before = FollowUp.objects.count()
    began = time.perf_counter()
    for queue in Queue.objects.order_by("pk"):
        process_queue(queue, logger)
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{FollowUp.objects.count() - before} {seconds}\n")


{"begin": begin, "read": read}[sys.argv[1]]()
