"""What a partner ran on before is its own, not the publication's; a version is known to the desks that took it up."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE partners_acknowledgement a SET replaces_id = coalesce(p.replaces_id, p.version_id), made_at = p.published_at
    FROM partners_publication p WHERE p.id = a.publication_id;
INSERT INTO partners_procedureversion_known_to (procedureversion_id, desk_id)
    SELECT version_id, desk_id FROM partners_publication UNION SELECT version_id, desk_id FROM partners_deskprocedure;
SET CONSTRAINTS ALL IMMEDIATE;
"""


def made_at(**options: object) -> models.DateTimeField:
    return models.DateTimeField(help_text="Since when this partner is to answer", **options)


def replaces(**options: object) -> models.ForeignKey:
    return models.ForeignKey(
        help_text="In force between the two when it was sent",
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="partners.procedureversion",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("desks", "0001_initial"), ("partners", "0007_form_files")]
    operations = [
        migrations.AddField(
            model_name="procedureversion",
            name="known_to",
            field=models.ManyToManyField(
                help_text="Desks that took it up; no other one sees it", related_name="+", to="desks.desk"
            ),
        ),
        migrations.AddField(model_name="acknowledgement", name="replaces", field=replaces(null=True)),
        migrations.AddField(model_name="acknowledgement", name="made_at", field=made_at(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(model_name="acknowledgement", name="replaces", field=replaces()),
        migrations.AlterField(model_name="acknowledgement", name="made_at", field=made_at()),
        migrations.AlterField(
            model_name="acknowledgement",
            name="sent_at",
            field=models.DateTimeField(blank=True, help_text="Of the newest mail", null=True),
        ),
        migrations.RemoveField(model_name="publication", name="replaces"),
        migrations.RemoveField(model_name="publication", name="differences"),
    ]
