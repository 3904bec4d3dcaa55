-- Every row that belongs to a lead carries `lane`, a small number derived from the lead's id (ids.lane_of). It is in every
-- primary key, unique key and hot statement, so that workers never fight over one index head and the same tables can be
-- spread over a cluster by lane. No triggers, no extensions, ids are made by the client.

create table workspaces (
  id          integer generated always as identity primary key,
  key         text not null unique,
  name        text not null,
  config      json not null default '{}',     -- warmline.toml as applied; secrets stay "env:NAME"
  config_source text not null default '',
  config_version integer not null default 0,
  applied_at  timestamptz not null
);

create table people (
  workspace_id integer not null references workspaces,
  key          text not null,
  name         text not null,
  email        text not null default '',
  phone        text not null default '',
  role         text not null check (role in ('rep', 'manager', 'admin')),
  booking_url  text not null default '',
  active       boolean not null default true,
  primary key (workspace_id, key)
);

-- Whose turn it is, per team. One row is the lock that makes round-robin fair over any number of processes.
create table rotations (
  workspace_id integer not null references workspaces,
  team         text not null,
  turn         bigint not null default 0,
  primary key (workspace_id, team)
);

-- Published versions are immutable; only `current` moves. `templates` holds the texts as they were when published.
create table playbook_versions (
  id           integer generated always as identity primary key,
  workspace_id integer not null references workspaces,
  key          text not null,
  version      integer not null,
  name         text not null,
  digest       text not null,
  source       text not null,
  templates    json not null,
  rank         integer not null,
  current      boolean not null,
  published_at timestamptz not null,
  unique (workspace_id, key, version)
);
create unique index one_current_version on playbook_versions (workspace_id, key) where current;

create table leads (
  lane         smallint not null,
  id           uuid not null,
  workspace_id integer not null,
  status       text not null default 'open'
               check (status in ('open', 'handed_off', 'won', 'lost', 'opted_out', 'closed')),
  owner        text,
  first_name   text not null default '',
  last_name    text not null default '',
  company      text not null default '',
  email        text,
  phone        text,
  country      text not null default '',
  region       text not null default '',      -- "US-NY"; what the lead said or a person set
  time_zone    text not null default '',      -- the same; "" means: to be told from region or number
  fields       json not null default '{}',
  source       text not null default '',
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (lane, id)
);
create index leads_by_time on leads (workspace_id, created_at desc, id);
-- The search box finds by beginning; pattern_ops because a beginning is bytes, whatever the collation.
create index leads_by_name on leads (workspace_id, lower(last_name) text_pattern_ops);
create index leads_by_first_name on leads (workspace_id, lower(first_name) text_pattern_ops);
create index leads_by_email on leads (workspace_id, email text_pattern_ops) where email is not null;

-- What is known of each address of a lead, beside the lead.
create table addresses (
  lane         smallint not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  kind         text not null check (kind in ('phone', 'email')),
  value        text not null,                 -- E.164, or the normalised mail address
  state        text not null default 'ok' check (state in ('ok', 'invalid', 'not_sms_capable', 'bounced', 'unsure')),
  added_at     timestamptz not null,
  primary key (lane, lead_id, value)
);

-- One address belongs to one lead of a workspace. `lane` here is the lane of the address itself, so that the unique key
-- can hold it and two requests for the same person meet on one row.
create table address_owners (
  lane         smallint not null,
  workspace_id integer not null,
  value        text not null,
  lead_id      uuid not null,
  primary key (lane, workspace_id, value)
);

create table consents (
  lane         smallint not null,
  id           uuid not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  level        text not null check (level in ('none', 'inquiry', 'purchase', 'express', 'express_written')),
  channels     text[] not null,
  at           timestamptz not null,
  expires_at   timestamptz,
  wording      text not null default '',      -- version of the wording shown
  wording_text text not null default '',      -- the wording itself
  source       text not null default '',
  url          text not null default '',
  ip           text not null default '',
  user_agent   text not null default '',
  primary key (lane, id)
);
create index consents_of_lead on consents (lane, lead_id);

-- Do-not-contact, by person (value = lead id), address or domain. In force until lifted_at.
create table suppressions (
  id           uuid primary key,
  workspace_id integer not null,
  scope        text not null check (scope in ('person', 'address', 'domain')),
  value        text not null,
  channels     text[] not null default '{}',  -- empty: every channel
  reason       text not null,
  evidence     text not null default '',
  at           timestamptz not null,
  lifted_at    timestamptz,
  lifted_why   text not null default '',
  check ((lifted_at is null) = (lifted_why = ''))
);
create index suppressions_in_force on suppressions (workspace_id, value) where lifted_at is null;

-- The story of every lead, append-only. `seq` orders a lead's events by commit: whoever writes one holds the lead's
-- enrollment (events.append), so what a decision saw is exactly `seq <= seen`.
create sequence event_seq cache 1;
create table events (
  lane         smallint not null,
  lead_id      uuid not null,
  seq          bigint not null default nextval('event_seq'),
  workspace_id integer not null,
  kind         text not null,
  at           timestamptz not null,
  enrollment_id uuid,
  step         text not null default '',
  channel      text not null default '',
  touch_id     uuid,
  key          text,                          -- the same thing told twice has the same key
  data         json not null default '{}',
  primary key (lane, lead_id, seq),
  constraint events_are_quotable check (kind || step || channel !~ '["\\[:cntrl:]]')
);
create unique index events_told_once on events (lane, lead_id, key) where key is not null;
-- For the last day's numbers. Rows come in the order of time, so a summary of blocks is enough and costs writers nothing.
create index events_by_time on events using brin (at) with (autosummarize = on);

create table enrollments (
  lane         smallint not null,
  id           uuid not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  version_id   integer not null,
  playbook     text not null,
  rank         integer not null,
  status       text not null check (status in ('scheduled', 'running', 'handed_off', 'parked', 'ended')),
  due_at       timestamptz,
  seed         bigint not null,
  event        json not null default '{}',    -- what started it, as conditions read it
  started_at   timestamptz not null,
  ended_at     timestamptz,
  end_reason   text not null default '',
  error        text not null default '',      -- why it is parked
  waits        boolean not null default false, -- only an event can move it on, so every event wakes it
  primary key (lane, id),
  -- No lead left behind: whatever is not over or parked has its next look in the book.
  check ((status in ('scheduled', 'running', 'handed_off')) = (due_at is not null)),
  check ((status = 'ended') = (ended_at is not null)),
  check ((status = 'parked') = (error <> ''))
);
-- One voice: a lead has at most one enrollment that may speak, and at most one that waits for its turn.
create unique index one_voice on enrollments (lane, lead_id) where status in ('running', 'handed_off', 'parked');
create unique index one_waiting on enrollments (lane, lead_id) where status = 'scheduled';
create index enrollments_due on enrollments (lane, due_at) where status in ('running', 'handed_off');
create index enrollments_scheduled on enrollments (lane, due_at) where status = 'scheduled';
create index enrollments_of_lead on enrollments (lane, lead_id, started_at);
create index enrollments_parked on enrollments (workspace_id) where status = 'parked';

create table touches (
  lane         smallint not null,
  id           uuid not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  enrollment_id uuid not null,
  version_id   integer not null,
  step         text not null,
  channel      text not null check (channel in ('sms', 'email', 'voicemail')),
  purpose      text not null,
  template     text not null,
  last         boolean not null default true, -- no other channel is left for the step
  wakes        boolean not null default true, -- something hangs on its being sent, so the lead is looked at then
  status       text not null check
               (status in ('queued', 'sending', 'sent', 'delivered', 'failed', 'held', 'refused', 'unknown')),
  ready_at     timestamptz not null,
  tries        smallint not null default 0,
  address      text,
  subject      text not null default '',
  body         text not null default '',
  claimed_by   uuid,
  handed_at    timestamptz,                   -- of the wall clock: when the last try's intent was committed
  leased_until timestamptz,                   -- of the wall clock: a crash is a crash in any time
  provider     text not null default '',
  provider_id  text not null default '',
  reason       text not null default '',
  error        text not null default '',
  created_at   timestamptz not null,
  sent_at      timestamptz,
  primary key (lane, id),
  check ((status = 'sending') = (leased_until is not null))
);
-- At most once: a step never has two touches that went out, or may have, or are about to.
create unique index one_touch_a_step on touches (lane, enrollment_id, step)
  where status in ('queued', 'sending', 'sent', 'delivered', 'unknown');
create index touches_ready on touches (lane, ready_at) where status = 'queued';
create index touches_sending on touches (lane, leased_until) where status = 'sending';
create index touches_unknown on touches (workspace_id) where status = 'unknown';
create index touches_by_time on touches using brin (created_at) with (autosummarize = on);

create table tasks (
  lane         smallint not null,
  id           uuid not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  enrollment_id uuid,
  step         text not null default '',
  attempt      smallint not null default 1,
  kind         text not null check (kind in
               ('call', 'chore', 'hand_off', 'escalation', 'promise', 'read_reply', 'fix', 'parked', 'unknown', 'review', 'next_step')),
  title        text not null,
  script       text not null default '',      -- template name of a call script
  owner        text,
  due_at       timestamptz not null,
  expires_at   timestamptz,
  status       text not null default 'open' check (status in ('open', 'done', 'expired', 'cancelled')),
  outcome      text not null default '',
  note         text not null default '',
  opened_at    timestamptz not null,
  done_at      timestamptz,
  done_by      text not null default '',
  primary key (lane, id),
  check ((status = 'open') = (done_at is null))
);
create unique index one_task_an_attempt on tasks (lane, enrollment_id, step, attempt) where step <> '';
create unique index one_open_task_a_kind on tasks (lane, lead_id, kind) where status = 'open' and step = '';
create index tasks_of_lead on tasks (lane, lead_id);
create index tasks_open on tasks (workspace_id, due_at) where status = 'open';
create index tasks_answered on tasks (workspace_id, due_at) where status = 'open' and kind in ('hand_off', 'read_reply');

-- One row for each look at an enrollment: what was decided, on which version and rules, having seen which events.
create sequence decision_seq cache 1;
create table decisions (
  lane         smallint not null,
  lead_id      uuid not null,
  seq          bigint not null default nextval('decision_seq'),
  workspace_id integer not null,
  enrollment_id uuid not null,
  version_id   integer not null,
  rules        text not null,
  seen         bigint not null,
  at           timestamptz not null,
  result       text not null,                 -- of the first action: plan, hold, refuse, ask, wait, hand_off, end ...
  reason       text not null default '',      -- the gate's rule, or why it ended
  until        timestamptz,
  lead         json not null default '{}',    -- what conditions read of the lead, as it was: details change, decisions don't
  body         json not null,
  primary key (lane, lead_id, seq)
);
create index decisions_by_time on decisions using brin (at) with (autosummarize = on);

-- What could not be read, with the reason, until a person corrects and replays or dismisses it.
create table quarantine (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  door         text not null,                 -- "source:pricing", "hook:sms/status"
  reason       text not null,
  body         text not null,
  content_type text not null default '',
  context      json not null default '{}',    -- ip, user agent, url
  status       text not null default 'open' check (status in ('open', 'replayed', 'dismissed')),
  received_at  timestamptz not null,
  settled_at   timestamptz,
  settled_by   text not null default '',
  check ((status = 'open') = (settled_at is null))
);
create index quarantine_open on quarantine (workspace_id, received_at) where status = 'open';

-- Answers already given to an Idempotency-Key, so that a repeated request gets the same one.
create table answers (
  workspace_id integer not null,
  source       text not null,
  key          text not null,
  digest       text not null,                 -- of the request: the same key with another body is an error
  answer       json not null,
  at           timestamptz not null,
  primary key (workspace_id, source, key)
);

-- Theoretical arrival time of the next touch per channel account (GCRA): the rate all workers share.
create table paces (
  workspace_id integer not null,
  channel      text not null,
  free_at      timestamptz not null,
  primary key (workspace_id, channel)
);

create table engines (
  id           uuid primary key,
  host         text not null,
  pid          integer not null,
  started_at   timestamptz not null,
  beat_at      timestamptz not null
);

-- One-time sign-in links: only a hash is kept.
create table sign_ins (
  hash         text primary key,
  workspace_id integer not null references workspaces,
  person       text not null,
  expires_at   timestamptz not null,
  used_at      timestamptz
);

-- The state of the business clock when --speed is on (sandbox channels only): business = base + (real - real_base) * speed.
create table clocks (
  id           integer primary key check (id = 1),
  base         timestamptz not null,
  real_base    timestamptz not null,
  speed        double precision not null check (speed > 0)
);
