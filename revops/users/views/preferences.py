"""Language and time zone of one's own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from revops.users import services
from revops.users.forms import PreferencesForm
from revops.users.models import User


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """One's own language and time zone; the next page already follows them."""
    user = User.objects.visible_to(request.user).get(pk=request.user.pk)
    form = PreferencesForm(request.POST or None, initial={"language": user.language, "time_zone": user.time_zone})
    if request.method == "POST" and form.is_valid():
        user = services.set_preferences(user=user, actor=user, **form.cleaned_data)
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Saved."))
        return redirect("preferences")
    context = {
        "form": form,
        "title": _("Language and time zone"),
        "crumbs": [(_("Language and time zone"), "")],
        "cancel_url": "/",
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)
