"""Every change of a partner that a screen shows wakes the screens: ``<desk id>:<partner id>``."""

from django.db import migrations

TELLING = ("contactline", "formchange", "formsubmission", "check", "acknowledgement", "kickoff")
TELL = """
CREATE FUNCTION roamdesk_tell_of_partner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb := to_jsonb(coalesce(NEW, OLD));
BEGIN
    PERFORM pg_notify('roamdesk_partners', (told ->> 'desk_id') || ':' || coalesce(told ->> 'partner_id', told ->> 'id'));
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0005_verification_agreement_meetings")]
    operations = [
        migrations.RunSQL(TELL, "DROP FUNCTION roamdesk_tell_of_partner() CASCADE"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER roamdesk_tell_of_partner AFTER INSERT OR UPDATE OR DELETE ON partners_{table} "
                "FOR EACH ROW EXECUTE FUNCTION roamdesk_tell_of_partner()",
                migrations.RunSQL.noop,
            )
            for table in ("partner", *TELLING)
        ),
    ]
