"""Held orders after a restore, broken rules, and buckets of quotas for each application with Amazon's own rates."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


_NAME_THE_APPLICATION = """
    UPDATE mostrador_quota quota SET client_id = partner.client_id, region = partner.region
    FROM mostrador_sellingpartner partner WHERE partner.id = quota.selling_partner_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('mostrador', '0011_team_desk'),
    ]

    operations = [
        migrations.CreateModel(
            name='BrokenRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=300)),
                ('place', models.CharField(max_length=200)),
                ('task', models.CharField(max_length=60)),
                ('about', models.JSONField(default=dict)),
                ('times', models.PositiveIntegerField(default=1)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ForgottenMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('feed_type', models.CharField(max_length=60)),
                ('message_id', models.BigIntegerField()),
                ('reference', models.CharField(max_length=20)),
                ('items', models.JSONField(default=list)),
                ('total', models.BigIntegerField(default=0)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('marked_at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('fate', models.CharField(choices=[('held', 'held'), ('in_accounts', 'in_accounts'), ('in_order', 'in_order'), ('never_sent', 'never_sent'), ('released', 'released')], default='held', max_length=20)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('words', models.TextField(blank=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='one_bucket_per_operation',
        ),
        migrations.AddField(
            model_name='order',
            name='held_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='quota',
            name='client_id',
            field=models.CharField(default='', max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='quota',
            name='region',
            field=models.CharField(default='', max_length=2),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='quota',
            name='said_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='sellingpartner',
            name='paused_code',
            field=models.CharField(blank=True, choices=[('', ''), ('broken_rule', 'broken_rule')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('ticket_begun', 'ticket_begun'), ('ticket_closed', 'ticket_closed'), ('ticket_reopened', 'ticket_reopened'), ('ticket_assigned', 'ticket_assigned'), ('ticket_tagged', 'ticket_tagged'), ('ticket_priority', 'ticket_priority'), ('ticket_snoozed', 'ticket_snoozed'), ('ticket_woken', 'ticket_woken'), ('ticket_merged', 'ticket_merged'), ('ticket_split', 'ticket_split'), ('ticket_linked', 'ticket_linked'), ('ticket_unlinked', 'ticket_unlinked'), ('no_answer_needed', 'no_answer_needed'), ('claim_opened', 'claim_opened'), ('order_found', 'order_found'), ('mail_unreadable', 'mail_unreadable'), ('buyer_asked_to_cancel', 'buyer_asked_to_cancel'), ('order_status_changed', 'order_status_changed'), ('refunded_elsewhere', 'refunded_elsewhere'), ('order_held', 'order_held'), ('order_released', 'order_released'), ('requested', 'requested'), ('send_now', 'send_now'), ('withdrawn', 'withdrawn'), ('sealed', 'sealed'), ('retry', 'retry'), ('sent', 'sent'), ('unknown', 'unknown'), ('not_sent', 'not_sent'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('review', 'review'), ('confirmed', 'confirmed'), ('asked_again', 'asked_again'), ('finding', 'finding')], max_length=30),
        ),
        migrations.AlterField(
            model_name='notification',
            name='outcome',
            field=models.CharField(choices=[('hint_used', 'hint_used'), ('duplicate', 'duplicate'), ('nothing_due', 'nothing_due'), ('unknown_seller', 'unknown_seller'), ('unknown_feed', 'unknown_feed'), ('no_such_feed', 'no_such_feed'), ('other_type', 'other_type'), ('unreadable', 'unreadable')], max_length=20),
        ),
        migrations.RunSQL(_NAME_THE_APPLICATION, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.UniqueConstraint(fields=('selling_partner', 'client_id', 'region', 'operation'), name='one_bucket_per_operation'),
        ),
        migrations.AddField(
            model_name='brokenrule',
            name='feed',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mostrador.feed'),
        ),
        migrations.AddField(
            model_name='brokenrule',
            name='selling_partner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='broken_rules', to='mostrador.sellingpartner'),
        ),
        migrations.AddField(
            model_name='forgottenmark',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forgotten_marks', to='mostrador.order'),
        ),
        migrations.AddField(
            model_name='forgottenmark',
            name='refund',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mostrador.refund'),
        ),
        migrations.AddField(
            model_name='forgottenmark',
            name='selling_partner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mostrador.sellingpartner'),
        ),
        migrations.AddField(
            model_name='forgottenmark',
            name='settled_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='forgottenmark',
            name='stop',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forgotten_marks', to='mostrador.sendingstop'),
        ),
        migrations.AddConstraint(
            model_name='forgottenmark',
            constraint=models.UniqueConstraint(fields=('selling_partner', 'message_id'), name='one_row_per_forgotten_message'),
        ),
        migrations.AddConstraint(
            model_name='forgottenmark',
            constraint=models.UniqueConstraint(condition=models.Q(('refund__isnull', False)), fields=('refund',), name='one_mark_per_refund_found'),
        ),
        migrations.AddConstraint(
            model_name='forgottenmark',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fate', 'held'), ('settled_at', None)), models.Q(models.Q(('fate', 'held'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='a_settled_mark_knows_when'),
        ),
    ]
