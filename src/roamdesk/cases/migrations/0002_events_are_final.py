"""Events are written once: the database refuses to change or delete one. Each new one wakes the screens."""

from django.db import migrations

FORBID = """
CREATE FUNCTION roamdesk_events_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are final: % of case % can not be changed', OLD.number, OLD.case_id;
END $$;
CREATE TRIGGER roamdesk_events_are_final BEFORE UPDATE OR DELETE ON cases_event
    FOR EACH ROW EXECUTE FUNCTION roamdesk_events_are_final();
"""
TELL = """
CREATE FUNCTION roamdesk_tell_of_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('roamdesk_events', NEW.desk_id || ':' || NEW.case_id || ':' || NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER roamdesk_tell_of_event AFTER INSERT ON cases_event
    FOR EACH ROW EXECUTE FUNCTION roamdesk_tell_of_event();
"""
KEEP_QUIET = """
DROP TRIGGER roamdesk_tell_of_event ON cases_event;
DROP FUNCTION roamdesk_tell_of_event();
"""
ALLOW = """
DROP TRIGGER roamdesk_events_are_final ON cases_event;
DROP FUNCTION roamdesk_events_are_final();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW), migrations.RunSQL(TELL, KEEP_QUIET)]
