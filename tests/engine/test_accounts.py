"""The channels of a workspace on this host: one that can't be used here is in no other one's way."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest

from tests.builders import TUESDAY, a_workspace, starter_files
from tests.engine.hands import SECRET, Hands
from warmline.channels import ChannelSettingsError
from warmline.engine.accounts import Accounts
from warmline.engine.catalog import Catalog
from warmline.store.workspaces import Workspace

DROPS = """[channels.voicemail]
provider = "slybroadcast"
user = "sam"
password = "env:DROPS"
hook_secret = "env:HOOK"
from = "+12125550100"
"""


@pytest.fixture
def workspace(conn: psycopg.Connection) -> Workspace:
    settings = starter_files()["warmline.toml"]
    table = re.search(r"^\[channels\.voicemail\].*\n((?:\w.*\n)+)", settings, re.MULTILINE)
    assert table is not None
    return a_workspace(conn, {"warmline.toml": settings.replace(table[0], DROPS)})


def test_texts_go_out_from_a_host_that_lacks_a_secret_of_another_channel(hands: Hands, lead: UUID) -> None:
    accounts = Accounts(hands.dispatcher.catalog, {}, SECRET, lambda: hands.now)
    hands.dispatcher.channels = accounts.of
    hands.hand_over(lead)
    assert hands.one("select channel, status from touches") == ("sms", "sent")


def test_the_channel_that_lacks_it_says_what_is_missing(conn: psycopg.Connection, workspace: Workspace) -> None:
    accounts = Accounts(Catalog(conn), {}, SECRET, lambda: TUESDAY)
    with pytest.raises(ChannelSettingsError, match="DROPS"):
        accounts.of(workspace.id, "voicemail")


@pytest.mark.parametrize(
    ("was", "becomes", "anew"),
    [
        ("public_url", "public_url", False),  # published again, as with every playbook and file of a registry
        ("[sources.", '[sources.fairs]\nevent = "form.submitted"\nform = "fair"\n\n[sources.', False),
        ("rate = 10 ", "rate = 7 ", True),
        ('public_url = "http://127.0.0.1:8000"', 'public_url = "http://127.0.0.1:8001"', True),
    ],
)
def test_a_channel_is_made_anew_with_its_own_settings_and_not_with_all_that_is_published(
    conn: psycopg.Connection, was: str, becomes: str, anew: bool
) -> None:
    catalog, settings = Catalog(conn), starter_files()["warmline.toml"]
    accounts = Accounts(catalog, {}, SECRET, lambda: TUESDAY)
    workspace = a_workspace(conn)
    made = accounts.of(workspace.id, "sms")
    assert was in settings
    a_workspace(conn, {"warmline.toml": settings.replace(was, becomes, 1)})
    conn.execute("update workspaces set config_version = config_version + 1")
    assert catalog.refresh() == {workspace.id}
    assert (accounts.of(workspace.id, "sms") is not made) is anew
