"""What a view needs of a request: the person, their workspace, a connection and the business clock, in one value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from ..core.hours import local_date
from ..store import playbooks, workspaces
from ..store.pages import today
from ..store.sign_ins import SignedIn
from ..store.workspaces import Workspace
from . import database
from .telling import Names

SAFE = ("GET", "HEAD")


@dataclass
class Ask:
    """One request of a signed-in person. `workspace_id` is theirs: no query goes without it."""

    request: HttpRequest
    conn: psycopg.Connection
    person: SignedIn
    now: datetime

    @property
    def workspace_id(self) -> int:
        return self.person.workspace_id

    @cached_property
    def workspace(self) -> Workspace:
        return workspaces.load(self.conn, self.workspace_id)

    @property
    def zone(self) -> str:
        return self.workspace.config.workspace.time_zone

    @property
    def today(self) -> date:
        """On the workspace's own calendar."""
        return local_date(self.now, self.zone)

    @cached_property
    def names(self) -> Names:
        books = playbooks.current(self.conn, self.workspace_id)
        return Names(
            {key: one.name for key, one in self.workspace.config.people.items()},
            {one.key: one.playbook.name for one in books},
        )

    def got(self, name: str) -> str:
        """A parameter of the address, trimmed; "" when absent."""
        return self.request.GET.get(name, "").replace("\x00", "").strip()

    def posted(self, name: str) -> str:
        """A field of the form, trimmed. Browsers send two characters for the end of a line, and count one."""
        return self.request.POST.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()

    @property
    def form(self) -> dict[str, Any]:
        """All that was posted, for a form that comes back: the text of each field, and the boxes that were ticked."""
        ticked = {"channels": self.request.POST.getlist("channels")}
        return {name: self.posted(name) for name in self.request.POST} | ticked

    def page(self, template: str, status: int = 200, **content: Any) -> HttpResponse:
        """Render a whole page: what every template may use is added here."""
        counts = today.counts(self.conn, self.workspace_id, self.person.key, self.now)
        return self.part(template, status, counts=counts, **content)

    def part(self, template: str, status: int = 200, **content: Any) -> HttpResponse:
        """Render a fragment for htmx."""
        return render(
            self.request,
            template,
            {"now": self.now, "zone": self.zone, "workspace": self.workspace, **content},
            status=status,
        )

    def go(self, told: str, to: str, *args: Any, **more: str) -> HttpResponseRedirect:
        """After an act: to the page named `to`, which says what was done (a key of wordings.TOLD). `more` goes into its
        address, where there is any."""
        query = urlencode({"told": told} | {name: value for name, value in more.items() if value})
        return HttpResponseRedirect(f"{reverse(to, args=args)}?{query}")


@contextmanager
def asked(request: HttpRequest) -> Iterator[Ask]:
    """A request that asks sees one moment: what is read first and last can't contradict each other. Raises
    psycopg_pool.PoolTimeout when every connection is busy."""
    with database.snapshot() if request.method in SAFE else database.connection() as conn:
        yield Ask(request, conn, request.person, database.now(conn))
