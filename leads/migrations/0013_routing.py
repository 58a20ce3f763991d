import django.db.models.deletion
import revops.core.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0012_enrichment"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NamedAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=revops.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("company", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_index=True, editable=False, max_length=200)),
                ("website", models.CharField(blank=True, default="", max_length=200)),
                ("domain", models.CharField(blank=True, db_index=True, default="", editable=False, max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="named_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["company", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("name_key",),
                        name="named_account_of_one_person",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="leadqueue",
            name="is_manual",
            field=models.BooleanField(
                default=False,
                help_text="Where leads wait for a person to decide: several territories fit equally.",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadqueue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_manual", True)), fields=("is_manual",), name="lead_queue_one_manual"
            ),
        ),
        migrations.AddField(
            model_name="routingpool",
            name="answer_minutes",
            field=models.PositiveIntegerField(
                default=240, help_text="Working minutes until the first answer is due."
            ),
        ),
        migrations.AddField(
            model_name="routingpool",
            name="working_hours",
            field=models.BooleanField(
                default=True, help_text="Members with working hours of their own take leads only in them."
            ),
        ),
        migrations.AddConstraint(
            model_name="routingpool",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer_minutes__gt", 0)), name="routing_pool_answer_takes_time"
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="clock_state",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not watched"),
                    ("runs", "Runs"),
                    ("met", "Answered"),
                    ("missed", "Not answered in time"),
                ],
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_second",
            field=models.BooleanField(
                default=False, help_text="Given on after somebody did not answer in time."
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="escalated_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("clock_state", "runs"), ("is_current", True)),
                fields=["sla_due_at", "id"],
                name="assignment_due",
            ),
        ),
    ]
