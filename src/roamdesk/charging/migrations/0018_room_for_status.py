from django.db import migrations


class Migration(migrations.Migration):
    """A state that changes is written beside the row, and no index has to know: for that a page must have room."""

    dependencies = [("charging", "0017_remote_start_told")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE charging_evse SET (fillfactor = 85)", "ALTER TABLE charging_evse RESET (fillfactor)"
        )
    ]
