"""The words of each ticket, and the trigrams that find any part of a name or number."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import mostrador.models.searching
from django.db import migrations, models

# SQL's own body lets PostgreSQL see that it never changes its mind, which an index needs.
_GRAMS = """
    CREATE FUNCTION mostrador_grams(keys text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT COALESCE(array_agg(DISTINCT substr(keys, place, 3)), '{}')
        FROM generate_series(1, length(keys) - 2) AS place
    $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('mostrador', '0012_held_orders_and_said_rates'),
    ]

    operations = [
        migrations.RunSQL(_GRAMS, 'DROP FUNCTION mostrador_grams(text)'),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search_text', serialize=False, to='mostrador.ticket')),
                ('keys', models.TextField(default='')),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=True, fields=['words'], gin_pending_list_limit=512, name='search_by_words'), django.contrib.postgres.indexes.GinIndex(mostrador.models.searching.Grams(models.F('keys')), fastupdate=True, gin_pending_list_limit=512, name='search_by_grams')],
            },
        ),
    ]
