-- How far the mailbox of a workspace has been read. `last_uid` moves in the transaction that writes what a mail meant, so a
-- mail is read once, whatever crashes; `cleared_uid` follows when the mails are marked seen (or moved) on the server.
create table mailboxes (
  workspace_id integer not null references workspaces,
  name         text not null,                 -- user@host/folder: another mailbox starts anew
  uid_validity bigint not null,               -- RFC 3501: when it changes, UIDs mean other mails
  last_uid     bigint not null,
  cleared_uid  bigint not null,
  read_at      timestamptz not null,
  primary key (workspace_id, name),
  check (cleared_uid <= last_uid)
);
