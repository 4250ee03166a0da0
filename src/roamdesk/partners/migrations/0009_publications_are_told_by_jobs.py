"""A partner that was published to waits for its mail until a job has queued it."""

from django.db import migrations, models

SENT_AT = "Of the newest mail; none while it waits for it"
SENT_TO = "Addresses that it is mailed to; empty: the partner has none"


class Migration(migrations.Migration):
    dependencies = [("partners", "0008_what_an_acknowledgement_replaces")]
    operations = [
        migrations.AddField(
            "acknowledgement",
            "made_by",
            models.CharField(blank=True, help_text="Who published it to this partner", max_length=120),
        ),
        migrations.AlterField(
            "acknowledgement", "sent_at", models.DateTimeField(blank=True, help_text=SENT_AT, null=True)
        ),
        migrations.AlterField("acknowledgement", "sent_to", models.JSONField(default=list, help_text=SENT_TO)),
        migrations.AddIndex(
            "acknowledgement",
            models.Index(condition=models.Q(sent_at__isnull=True), fields=["publication"], name="not_written_to"),
        ),
    ]
