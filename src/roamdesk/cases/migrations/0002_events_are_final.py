"""Events are written once: the database refuses to change or delete one."""

from django.db import migrations

FORBID = """
CREATE FUNCTION roamdesk_events_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are final: % of case % can not be changed', OLD.number, OLD.case_id;
END $$;
CREATE TRIGGER roamdesk_events_are_final BEFORE UPDATE OR DELETE ON cases_event
    FOR EACH ROW EXECUTE FUNCTION roamdesk_events_are_final();
"""
ALLOW = """
DROP TRIGGER roamdesk_events_are_final ON cases_event;
DROP FUNCTION roamdesk_events_are_final();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
