-- What people recorded for ringless voicemail: by person and template, '' for everybody. It belongs to no lead, so it has no
-- lane. A recording never changes; a new one takes the place of the old, which stays a while for drops that are under way.

create table recordings (
  workspace_id integer not null references workspaces,
  id           uuid not null,
  person       text not null default '',      -- a key of people; '' speaks for everybody who has none of their own
  template     text not null,
  words        text not null,                 -- the template's words when it was recorded, as this person says them
  audio        bytea not null,                -- WAV, mono, 16 bit, 16 kHz
  seconds      real not null,
  sha256       text not null,
  made_at      timestamptz not null,
  made_by      text not null,
  removed_at   timestamptz,
  primary key (workspace_id, id)
);
alter table recordings alter audio set storage external;  -- sound does not compress
create unique index one_recording on recordings (workspace_id, person, template) where removed_at is null;
