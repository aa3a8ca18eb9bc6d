"""Message numbers of this installation begin at a number of its own, so that no other program's look like ours."""

import secrets

from django.db import migrations


def begin_high(apps, schema_editor):
    first = 10**9 + secrets.randbelow(9 * 10**11)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM mostrador_feedmessage")
        if cursor.fetchone()[0] < 10**9:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('mostrador_feedmessage', 'id'), %s)", [first]
            )


class Migration(migrations.Migration):
    dependencies = [("mostrador", "0009_adopted_feeds")]
    operations = [migrations.RunPython(begin_high, migrations.RunPython.noop)]
