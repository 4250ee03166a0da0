"""The index of words and of personal values' ends; when a machine was told to perform a duty."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_events_are_final'),
        ('desks', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseWords',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='words', serialize=False, to='cases.case')),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name='case',
            name='case_theirs',
        ),
        migrations.AddField(
            model_name='duty',
            name='performed_at',
            field=models.DateTimeField(blank=True, help_text='When a machine was told to', null=True),
        ),
        migrations.AddField(
            model_name='personalvalue',
            name='key',
            field=models.CharField(blank=True, help_text='Letters and digits of the value, in capitals', max_length=200),
        ),
        migrations.AlterField(
            model_name='case',
            name='desk',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='desks.desk'),
        ),
        migrations.AlterField(
            model_name='case',
            name='procedure',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='cases.procedureversion'),
        ),
        migrations.AlterField(
            model_name='case',
            name='partner',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='partners.partner'),
        ),
        migrations.AlterField(
            model_name='case',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='cases.case'),
        ),
        migrations.AlterField(
            model_name='event',
            name='case',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='cases.case'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['desk', 'partner', '-opened_at'], name='case_of_partner'),
        ),
        migrations.AddIndex(
            model_name='personalvalue',
            index=models.Index(models.F('desk'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse('key'), 'text_pattern_ops'), name='personal_by_its_end'),
        ),
        migrations.AddConstraint(
            model_name='personalvalue',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), models.Q(('key', ''), ('value', '')), _connector='OR'), name='erased_is_empty'),
        ),
        migrations.AddField(
            model_name='casewords',
            name='desk',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='desks.desk'),
        ),
        migrations.AddIndex(
            model_name='casewords',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='case_words'),
        ),
    ]
