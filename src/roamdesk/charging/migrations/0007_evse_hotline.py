from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('charging', '0006_command_token'),
    ]

    operations = [
        migrations.AddField(
            model_name='evse',
            name='country',
            field=models.CharField(blank=True, help_text='Where it stands, ISO 3166-1 alpha-2; empty: as its EVSE id says', max_length=2),
        ),
        migrations.AddField(
            model_name='evse',
            name='hotline',
            field=models.CharField(blank=True, help_text='Driver hotline of roaming data, E.164', max_length=20),
        ),
        migrations.AddField(
            model_name='evse',
            name='hotline_at',
            field=models.DateTimeField(blank=True, help_text='Since when roaming data names that hotline', null=True),
        ),
    ]
