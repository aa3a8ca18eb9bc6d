"""Metrics: the desk's figures for Prometheus, for whoever brings a token."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from mostrador.models import ApiToken
from mostrador.tasks.figures import Figure, Kind, figures

PREFIX = "mostrador_"
# Our own are 47 characters; nothing much longer is worth hashing.
LONGEST_TOKEN = 200


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every figure as it is now; each process tells the same, for the database is asked."""
    if not _may_read(request):
        response = HttpResponse("A bearer token is needed.\n", status=HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = "Bearer"
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
        return response
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """Return whether the request carries the monitor's token or an agent's; cookies are never looked at."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        return False
    if settings.METRICS_TOKEN and constant_time_compare(token, settings.METRICS_TOKEN):
        return True
    found = ApiToken.objects.of(token)
    if found is not None:
        found.mark_used(timezone.now())
    return found is not None


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        """Ask for the figures."""
        yield from map(_family, figures(timezone.now()))


def _family(figure: Figure) -> Metric:
    kind = CounterMetricFamily if figure.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(PREFIX + figure.name, figure.meaning, labels=figure.labels)
    for sample in figure.samples:
        family.add_metric(sample.labels, sample.value)
    return family
