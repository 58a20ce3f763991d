from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("core", "0005_saved_views_and_bulk_rows")]

    operations = [
        migrations.CreateModel(
            name="TaskRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=120, unique=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("succeeded", "Succeeded"), ("failed", "Failed"), ("retried", "Retried")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("milliseconds", models.PositiveBigIntegerField(default=0)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("succeeded", models.PositiveBigIntegerField(default=0)),
                ("failed", models.PositiveBigIntegerField(default=0)),
                ("retried", models.PositiveBigIntegerField(default=0)),
                ("milliseconds_total", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(outcome="") | Q(ended_at__isnull=False), name="task_run_with_outcome_has_end"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=Q(state="dead"), fields=["next_try_at"], name="delivery_dead"),
        ),
    ]
