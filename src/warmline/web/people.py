"""Who is asking. A Django user only owns a session; the person, their role and workspace are read each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model, login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from ..store import sign_ins
from ..store.sign_ins import SignedIn
from . import database, static_files

View = Callable[..., HttpResponse]


class PersonMiddleware:
    """Sets `request.person` (None for a stranger) and signs out whoever is no longer with the workspace."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.person = None
        if request.user.is_authenticated:
            request.person = _person_of(request.user.get_username())
            if request.person is None:
                logout(request)
        return self.get_response(request)


def sign_in(request: HttpRequest, person: SignedIn) -> None:
    """Open a session for `person`. Sessions that have had their time go."""
    request.session.clear_expired()
    users = get_user_model()
    user, made = users.objects.get_or_create(username=_username(person))
    if made:
        user.set_unusable_password()
        user.save()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")


def managers_only(view: View) -> View:
    """A rep gets a page that says whom to ask."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.person.role == "rep":
            raise PermissionDenied("This page is for managers and admins. Ask one of them to settle it.")
        return view(request, *args, **kwargs)

    return guarded


def in_templates(request: HttpRequest) -> dict[str, Any]:
    """What every template may use."""
    person = getattr(request, "person", None)
    return {
        "person": person,
        "is_manager": person is not None and person.role != "rep",
        "static": static_files.prefix(),
    }


def _username(person: SignedIn) -> str:
    return f"{person.workspace_id}:{person.key}"


def _person_of(username: str) -> SignedIn | None:
    workspace_id, _, key = username.partition(":")
    with database.connection() as conn:
        return sign_ins.person(conn, int(workspace_id), key)
