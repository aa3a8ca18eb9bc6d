"""Addresses of the django-helpdesk that Mostrador is measured beside."""

from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls"))]
