-- A mailbox that can't be read now, for the page Attention. No row: all is well, or there is no mailbox.
create table mailbox_troubles (
  workspace_id integer primary key references workspaces,
  name         text not null,                 -- user@host/folder; empty where its settings can't be used
  error        text not null,
  since        timestamptz not null
);
