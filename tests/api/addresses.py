"""The API's addresses without the pages', so that these tests stand on the API alone."""

from django.urls import include, path

urlpatterns = [path("api/", include("mostrador.api.urls"))]
