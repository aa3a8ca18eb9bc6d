"""The timeline only grows: the database refuses to change or delete an event."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION mostrador_timeline_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline only grows: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER timeline_only_grows BEFORE UPDATE OR DELETE ON mostrador_event
    FOR EACH ROW EXECUTE FUNCTION mostrador_timeline_only_grows();
"""

ALLOW = """
DROP TRIGGER timeline_only_grows ON mostrador_event;
DROP FUNCTION mostrador_timeline_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("mostrador", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
