"""The look-up keys of the partners that were there before."""

from django.db import migrations
from django_scopes import scopes_disabled

from roamdesk.partners.models.partner import operator_key, provider_key


def derive_keys(apps, schema_editor):
    partners = apps.get_model("partners", "Partner")
    with scopes_disabled():
        for partner in partners._base_manager.all():
            partner.operator_keys = sorted({operator_key(text) for text in partner.operator_ids})
            partner.provider_keys = sorted({provider_key(text) for text in partner.provider_ids})
            partner.save(update_fields=["operator_keys", "provider_keys"])


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_contact_forms")]
    operations = [migrations.RunPython(derive_keys, migrations.RunPython.noop)]
