-- What a proof of consent holds beside its level: who was named, for what, and the addresses given with it.
alter table consents add column seller text not null default '';
alter table consents add column purpose text not null default 'marketing' check (purpose in ('marketing', 'acknowledge'));
alter table consents add column phone text not null default '';
alter table consents add column email text not null default '';
alter table consents add column sealed boolean not null default false;

-- Who put a suppression on the list and who took it off; how much of it stands in the ledger: 1 that it came, 2 that it went.
alter table suppressions add column who text not null default '';
alter table suppressions add column lifted_by text not null default '';
alter table suppressions add column sealed smallint not null default 0;

-- The ledger: what was proved and withdrawn, one chain for each lane. Each entry names a record by the digest of what it
-- held, and carries the hash of itself and of the entry before it. Records of suppressions stand in the chain of lane 0.
create table ledger (
  lane         smallint not null,
  number       bigint not null,               -- 1, 2, 3 without a gap
  workspace_id integer not null,
  kind         text not null check (kind in ('consent', 'suppression', 'lifted', 'erased')),
  record_id    uuid not null,
  digest       bytea not null,
  at           timestamptz not null,          -- when it was sealed
  hash         bytea not null,
  primary key (lane, number)
);
create index ledger_of_record on ledger (lane, record_id);

-- What is known of a number from outside: a registry that lists it, its kind of line, whether it has changed hands.
create table number_facts (
  workspace_id integer not null,
  value        text not null,                 -- E.164
  kind         text not null check (kind ~ '^[a-z0-9:._-]+$'),   -- "registry:us.national", "line" or "reassigned"
  answer       text not null check (answer ~ '^[a-z_]+$'),       -- "listed"; mobile, landline, voip, invalid, unknown; no, yes, no_data
  at           timestamptz not null,          -- the day of the registry's file, or when it was asked
  source       text not null default '',
  primary key (workspace_id, value, kind)
);
create index number_facts_by_kind on number_facts (workspace_id, kind);

-- The files of registries that were imported. `covers`: beginnings of numbers ("+1212") that it speaks of; empty: all.
create table registry_files (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  registry     text not null,
  as_of        date not null,
  covers       text[] not null default '{}',
  name         text not null,
  digest       text not null,
  numbers      bigint not null,
  imported_at  timestamptz not null,
  imported_by  text not null default ''
);
create index registry_files_of_workspace on registry_files (workspace_id, registry, as_of desc);

-- Numbers that a look at their lead found unknown, until the provider of look-ups has been asked.
create table number_questions (
  lane         smallint not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  value        text not null,
  since        timestamptz not null,
  primary key (lane, lead_id, value)
);

-- Names addresses of the people who were erased: the key of the hashes under which their suppressions stay.
alter table workspaces add column token_key bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');
