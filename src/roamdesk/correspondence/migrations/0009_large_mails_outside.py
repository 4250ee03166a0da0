from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("correspondence", "0008_who_had_a_message_leave")]

    operations = [
        # The column stays: what is new is that it may be empty.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("incomingmail", "raw", "inside"),
                migrations.AlterField(
                    "incomingmail",
                    "inside",
                    models.BinaryField(db_column="raw", help_text="The bytes; empty where they are outside"),
                ),
            ]
        ),
        migrations.AddField(
            "incomingmail",
            "outside",
            models.BooleanField(default=False, help_text="The bytes are in the folder of large mails"),
        ),
    ]
