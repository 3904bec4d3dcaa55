"""The mailbox's side of a mail that was read: nothing is lost that the server would not take elsewhere."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from tests.far_ends.dovecot import PASSWORD, Dovecot
from tests.far_ends.imap import ImapServer
from tests.far_ends.ports import closed_port
from warmline.channels.email.imap import Folder, Inbox, InboxError, WithheldError
from warmline.channels.secrets import Secret

FULL = "NO [OVERQUOTA] Quota exceeded"
#: UID 3 is not ours to take away: somebody else has marked it as deleted.
MAILS = {uid: f"From: ann@lead.test\r\n\r\nmail {uid}\r\n".encode() for uid in (1, 2, 3)}

Open = Callable[..., tuple[ImapServer, Folder]]


def inbox(port: int, password: str) -> Inbox:
    secret, context = Secret(password), ssl.create_default_context()
    return Inbox("127.0.0.1", port, "hello", secret, "none", "INBOX", "Done", 5, context)


@pytest.fixture
def opened() -> Iterator[Open]:
    began = []

    def one(capabilities: str = "", **refused: str) -> tuple[ImapServer, Folder]:
        answers = {name.replace("_", " "): told for name, told in refused.items()}
        server = ImapServer(dict(MAILS), capabilities, answers, deleted={3}).start()
        folder = Folder(inbox(server.port, "pw"))
        began.append((server, folder))
        return server, folder

    yield one
    for server, folder in began:
        folder.close()
        server.stop()


@pytest.mark.parametrize("capabilities", ["", "UIDPLUS"])
def test_mails_that_the_server_does_not_copy_stay_where_they_are_and_it_is_told(
    opened: Open, capabilities: str
) -> None:
    server, folder = opened(capabilities, UID_COPY=FULL)
    told = folder.clear([1, 2])
    assert (sorted(server.mails), server.seen, server.deleted) == ([1, 2, 3], {1, 2}, {3})
    assert "Done" in told
    assert "Quota exceeded" in told


def test_a_move_that_the_server_refuses_is_told(opened: Open) -> None:
    server, folder = opened("MOVE UIDPLUS", UID_MOVE=FULL)
    assert "Quota exceeded" in folder.clear([1, 2])
    assert sorted(server.mails) == [1, 2, 3]


@pytest.mark.parametrize("capabilities", ["UIDPLUS", "MOVE UIDPLUS"])
def test_only_the_mails_that_were_moved_are_taken_away(opened: Open, capabilities: str) -> None:
    server, folder = opened(capabilities)
    assert folder.clear([1, 2]) == ""
    assert (sorted(server.mails), server.moved) == ([3], {1, 2})


def test_a_server_that_takes_away_all_or_nothing_is_only_told_what_to_take_away(opened: Open) -> None:
    server, folder = opened()
    assert folder.clear([1, 2]) == ""
    assert (sorted(server.mails), server.deleted) == ([1, 2, 3], {1, 2, 3})


@pytest.mark.parametrize("answer", ["NO [SERVERBUG] It could not be retrieved", "BAD Internal error"])
def test_a_mail_that_is_not_handed_out_is_told_apart_from_a_server_that_is_away(opened: Open, answer: str) -> None:
    server, folder = opened(UID_FETCH_1=answer)
    with pytest.raises(WithheldError, match="mail 1 of INBOX"):
        folder.fetch(1)
    assert folder.fetch(2) == MAILS[2]
    server.hangs_up_on = "UID FETCH 2"
    with pytest.raises(InboxError) as gone:
        folder.fetch(2)
    assert not isinstance(gone.value, WithheldError)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    folder = Path(tempfile.mkdtemp(prefix="wl-imap-", dir="/tmp"))
    folder.chmod(0o755)  # it changes users
    server = Dovecot(folder, closed_port(), ("hello",))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_what_was_read_is_moved_in_a_real_mailbox_and_nothing_else(dovecot: Dovecot) -> None:
    with MailBoxUnencrypted("127.0.0.1", dovecot.imap).login("hello", PASSWORD) as box:
        for mail in MAILS.values():
            box.append(mail, "INBOX")
        folder = Folder(inbox(dovecot.imap, PASSWORD))
        assert folder.clear(folder.after(0)[:2]) == ""
        assert folder.after(0) == [3]
        folder.close()
        box.folder.set("Done")
        assert len(box.uids("SEEN")) == 2
