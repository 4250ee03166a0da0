"""Versions of procedures moved to ``partners``; the tables were renamed there, nothing changes here."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_what_the_board_counts"), ("partners", "0002_procedures_move_in")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="case",
                    name="procedure",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="partners.procedureversion",
                    ),
                ),
                migrations.DeleteModel(name="DeskProcedure"),
                migrations.DeleteModel(name="ProcedureVersion"),
            ]
        )
    ]
