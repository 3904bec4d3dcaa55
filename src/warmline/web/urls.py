"""Every page and every act of a page. Reads are GET, acts are POST."""

from __future__ import annotations

from django.urls import path

from .views import (
    api,
    attention,
    compliance,
    design,
    errors,
    lead,
    leads,
    playbooks,
    recordings,
    rules,
    sandbox,
    sign_in,
    tasks,
    today,
    voicemails,
)

urlpatterns = [
    path("", today.show, name="today"),
    path("sign-in", sign_in.explain, name="sign-in"),
    path("sign-in/<str:token>", sign_in.enter, name="enter"),
    path("sign-out", sign_in.leave, name="sign-out"),
    path("leads", leads.show, name="leads"),
    path("leads/<uuid:lead_id>", lead.show, name="lead"),
    path("leads/<uuid:lead_id>/<slug:act>", lead.act, name="lead-act"),
    path("tasks", tasks.show, name="tasks"),
    path("tasks/<int:lane>/<uuid:task_id>", tasks.one, name="task"),
    path("tasks/<int:lane>/<uuid:task_id>/done", tasks.complete, name="task-done"),
    path("tasks/<int:lane>/<uuid:task_id>/call", tasks.call, name="task-call"),
    path("tasks/<int:lane>/<uuid:task_id>/phone", tasks.phone, name="task-phone"),
    path("voicemails/<uuid:lead_id>/<slug:recording>", voicemails.listen, name="voicemail"),
    path("sandbox", sandbox.show, name="sandbox"),
    path("sandbox/<uuid:lead_id>", sandbox.thread, name="sandbox-thread"),
    path("sandbox/<uuid:lead_id>/act", sandbox.act, name="sandbox-act"),
    path("attention", attention.show, name="attention"),
    path("attention/put-aside", attention.put_aside, name="attention-put-aside"),
    path("attention/<slug:what>/<slug:ref>/<slug:act>", attention.act, name="attention-act"),
    path("playbooks", playbooks.show, name="playbooks"),
    path("playbooks/<slug:key>", playbooks.one, name="playbook"),
    path("playbooks/<slug:key>/review", playbooks.review, name="review"),
    path("rules", rules.show, name="rules"),
    path("api/v1/leads/<str:ref>/why", api.why, name="api-why"),
    path("api/v1/may", api.may, name="api-may"),
    path("consents", compliance.consents, name="consents"),
    path("do-not-contact", compliance.listed, name="do-not-contact"),
    path("do-not-contact/add", compliance.add, name="do-not-contact-add"),
    path("do-not-contact/bring", compliance.bring, name="do-not-contact-bring"),
    path("do-not-contact/registry", compliance.registry, name="registry-bring"),
    path("do-not-contact/<uuid:suppression>/lift", compliance.lift, name="do-not-contact-lift"),
    path("doubtful", compliance.doubtful, name="doubtful"),
    path("doubtful/<int:lane>/<uuid:task_id>/withdraw", compliance.withdraw, name="doubtful-withdraw"),
    path("recordings", recordings.show, name="recordings"),
    path("recordings/add", recordings.add, name="recording-add"),
    path("recordings/<uuid:recording>.wav", recordings.play, name="recording"),
    path("recordings/<uuid:recording>/remove", recordings.remove, name="recording-remove"),
    path("design", design.show, name="design"),
]

handler400 = errors.unreadable
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
