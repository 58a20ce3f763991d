from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_corrected_rows"),
    ]

    operations = [
        migrations.AddField(
            model_name="importrow",
            name="above",
            field=models.PositiveIntegerField(blank=True, help_text="The row under which this one hangs.", null=True),
        ),
        migrations.AddField(
            model_name="importrow",
            name="called",
            field=models.CharField(
                blank=True, default="", help_text="How other rows refer to this one.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="marks",
            field=models.JSONField(default=list, help_text="Rows of a file that share one stand for the same record."),
        ),
    ]
