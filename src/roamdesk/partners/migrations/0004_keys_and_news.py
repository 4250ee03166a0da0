"""The look-up keys of partners that were there before; every change that a screen shows wakes the screens."""

from django.db import migrations
from django_scopes import scopes_disabled

from roamdesk.partners.models.partner import operator_key, provider_key

TELLING = (
    "partners_partner",
    "partners_formchange",
    "partners_formsubmission",
    "partners_check",
    "partners_partnertask",
    "partners_acknowledgement",
    "partners_kickoff",
    "partners_meetingaction",
)
TELL = """
CREATE FUNCTION roamdesk_tell_of_partner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb := to_jsonb(NEW);
BEGIN
    PERFORM pg_notify('roamdesk_partners',
        (told ->> 'desk_id') || ':' || coalesce(told ->> 'partner_id', told ->> 'meeting_id', told ->> 'id'));
    RETURN NULL;
END $$;
"""


def derive_keys(apps, schema_editor):
    partners = apps.get_model("partners", "Partner")
    with scopes_disabled():
        for partner in partners._base_manager.all():
            partner.operator_keys = sorted({operator_key(text) for text in partner.operator_ids})
            partner.provider_keys = sorted({provider_key(text) for text in partner.provider_ids})
            partner.save(update_fields=["operator_keys", "provider_keys"])


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_trust_and_agreements")]
    operations = [
        migrations.RunPython(derive_keys, migrations.RunPython.noop),
        migrations.RunSQL(TELL, "DROP FUNCTION roamdesk_tell_of_partner() CASCADE"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER roamdesk_tell_of_partner AFTER INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION roamdesk_tell_of_partner()",
                migrations.RunSQL.noop,
            )
            for table in TELLING
        ),
    ]
