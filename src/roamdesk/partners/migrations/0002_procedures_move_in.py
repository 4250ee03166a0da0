"""Versions of procedures belong to what is agreed with partners: their tables come from ``cases`` as they are."""

import django.db.models.deletion
from django.db import migrations, models

MOVE = """
ALTER TABLE cases_procedureversion RENAME TO partners_procedureversion;
ALTER TABLE cases_deskprocedure RENAME TO partners_deskprocedure;
"""
BACK = """
ALTER TABLE partners_procedureversion RENAME TO cases_procedureversion;
ALTER TABLE partners_deskprocedure RENAME TO cases_deskprocedure;
"""
ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("desks", "0001_initial"),
        ("cases", "0004_what_the_board_counts"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(MOVE, BACK)],
            state_operations=[
                migrations.CreateModel(
                    name="ProcedureVersion",
                    fields=[
                        ("id", ID),
                        ("key", models.CharField(max_length=60)),
                        ("version", models.CharField(max_length=20)),
                        ("title", models.CharField(max_length=120)),
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("source", models.TextField()),
                        ("added_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="DeskProcedure",
                    fields=[
                        ("id", ID),
                        (
                            "desk",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="procedure",
                                to="desks.desk",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="partners.procedureversion"
                            ),
                        ),
                    ],
                ),
            ],
        )
    ]
