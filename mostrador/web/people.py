"""People: signing in and out, and each agent's own settings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.models import Agent, SellingPartner
from mostrador.web import notation
from mostrador.web.access import agent_of


class SignInForm(AuthenticationForm):
    """E-mail address and password; one answer for every way to be wrong."""

    error_messages = {
        "invalid_login": _(
            "E-mail address and password do not belong together. Look for caps lock, then try again."
        ),
        "inactive": _(
            "E-mail address and password do not belong together. Look for caps lock, then try again."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("E-mail address")
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "inputmode": "email"}
        self.fields["password"].label = _("Password")

    def clean_username(self) -> str:
        """Return the address as agents are stored under it."""
        return str(self.cleaned_data["username"]).strip().lower()


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # ModelForm is not generic when it runs
    """An agent's own name, language and time zone, and which new tickets may be given to them."""

    time_zone = forms.ChoiceField(label=_("Time zone"))
    takes_new_tickets = forms.BooleanField(label=_("New tickets may be given to me"), required=False)
    answers_in = forms.MultipleChoiceField(
        label=_("I answer in"), required=False, widget=forms.CheckboxSelectMultiple
    )
    answers_for = forms.MultipleChoiceField(
        label=_("I answer for"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Agent
        fields = ("name", "language", "time_zone", "takes_new_tickets", "answers_in", "answers_for")
        labels = {"name": _("Name"), "language": _("Language")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(zone, zone.replace("_", " ")) for zone in zones]
        self._offer("answers_in", [(code, _language_name(code)) for code in _BUYERS_LANGUAGES])
        self._offer("answers_for", [(each.id, each.domain) for each in MARKETPLACES.values()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        by_name: list[tuple[str, str]] = sorted(choices, key=lambda choice: choice[1].casefold())
        field.choices = by_name

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields about the agent; the others are about new tickets."""
        return [self[name] for name in ("name", "language", "time_zone")]

    @property
    def which(self) -> list[forms.BoundField]:
        """The fields that narrow which new tickets come to the agent."""
        return [self["answers_in"], self["answers_for"]]


# The languages in which Amazon's buyers write, by marketplace.
_BUYERS_LANGUAGES = sorted({each.language.split("-")[0] for each in MARKETPLACES.values()})


def _language_name(code: str) -> str:
    return str(notation.locale().languages.get(code, code)).capitalize()


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and keep the agent's own settings."""
    agent = agent_of(request)
    form = ProfileForm(request.POST or None, instance=agent)
    if request.method == "POST" and form.is_valid():
        form.save()
        with translation.override(agent.language):
            messages.success(request, translation.gettext("Kept."))
        return HttpResponseRedirect(reverse("profile"))
    return _profile_page(request, form, PasswordChangeForm(agent))


@sensitive_post_parameters()
@require_http_methods(["POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the agent's password and stay signed in here, nowhere else."""
    agent = agent_of(request)
    form = PasswordChangeForm(agent, request.POST)
    if form.is_valid():
        form.save()
        update_session_auth_hash(request, agent)
        messages.success(request, translation.gettext("The password is changed."))
        return HttpResponseRedirect(reverse("profile"))
    return _profile_page(request, ProfileForm(instance=agent), form)


def _profile_page(request: HttpRequest, form: ProfileForm, password_form: PasswordChangeForm) -> HttpResponse:
    password_form.fields["old_password"].widget.attrs.pop("autofocus", None)
    status = 422 if form.errors or password_form.errors else 200
    partners = SellingPartner.objects.order_by("name", "region") if agent_of(request).is_owner else ()
    context = {"form": form, "password_form": password_form, "partners": partners}
    return render(request, "people/profile.html", context, status=status)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Show the keys and the words of the desk."""
    return render(request, "people/help.html")
