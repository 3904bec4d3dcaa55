"""The workspace that the soak runs: three channels, all leading to its provider, and a playbook that ends in minutes."""

from __future__ import annotations

from pathlib import Path

from tests.builders import starter_files

TOKEN = "token-of-tests"
TIMEOUT = 2  # seconds that a provider has for an answer
LEASE = 6  # more than twice that
SPEED = 10  # times the wall's clock, so that the second text comes within seconds

PRICING = """
name: Pricing request
enroll: {when: 'event.kind == "form.submitted" && event.form == "pricing"', rank: 90}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback], act within: 10 minutes, else: escalate}
steps:
  ack:    {send: sms, or: email, template: ack, at: now, purpose: acknowledge}
  mail:   {send: email, template: context, at: now}
  second: {send: sms, template: nudge, at: 1 minute}
  voice:  {send: voicemail, template: personal-note, at: 3 minutes}
after: close
"""

BEHAVIOUR = """
delay = 0.3
busy = 0.04
retry_after = 1.0
silent = 0.02
refuse = 0.01
refuse_code = "30006"
undelivered = 0.02
doubled = 0.2
late = 0.2
late_by = 4.0
reordered = 0.1
lost = 0.05
act_after = 1.0
replies = 0.05
opts_out = 0.06
opt_out_texts = ["STOP", "stop"]
clicks = 0.05
"""


def write_workspace(folder: Path, provider: str, public_url: str) -> None:
    files = starter_files() | {"playbooks/pricing.yaml": PRICING}
    settings = files["warmline.toml"].replace("http://127.0.0.1:8000", public_url)
    # All steps fall into one day, and each may go out, even one that is sent again on another channel.
    settings = settings.replace("automated_per_day = 3", "automated_per_day = 9").replace(
        "per_week = 7", "per_week = 9"
    )
    before, _, rest = settings.partition("[channels.sms]")
    files["warmline.toml"] = before + _channels(provider) + rest[rest.index("[people.sam]") :]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def _channels(provider: str) -> str:
    others = "".join(
        f"""
[channels.{kind}]
provider = "sandbox"
base_url = "{provider}"
auth_token = "env:TWILIO_AUTH_TOKEN"
timeout = {TIMEOUT}
rate = 500
"""
        for kind in ("email", "voicemail")
    )
    return f"""
[channels.sms]
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = "env:TWILIO_AUTH_TOKEN"
from = "+15005550006"
base_url = "{provider}"
timeout = {TIMEOUT}
absent_after = {LEASE}
rate = 500
{others}
"""
