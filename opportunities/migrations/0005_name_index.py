import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0004_board_index'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='opportunity',
            name='opp_name_trgm',
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='opp_name_trgm'),
        ),
    ]
