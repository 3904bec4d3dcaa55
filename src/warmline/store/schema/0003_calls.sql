-- Calls placed for a person from the page of a task: the provider rings the person first, then the lead. A row is
-- committed before the provider is asked, so that after a crash everybody knows that a phone may have rung.
create table calls (
  lane         smallint not null,
  id           uuid not null,
  lead_id      uuid not null,
  workspace_id integer not null,
  task_id      uuid not null,
  enrollment_id uuid,
  step         text not null default '',
  attempt      smallint not null default 1,
  rep          text not null,                 -- key of people: whose phone rings first
  rep_phone    text not null,
  lead_phone   text not null,
  status       text not null check
               (status in ('placing', 'ringing', 'answered', 'dialling', 'talking', 'ended', 'not_placed', 'unknown')),
  provider     text not null,
  provider_id  text not null default '',
  detects      boolean not null default false, -- somebody listens whether a machine answers
  rep_leg      text not null default '',      -- how far each leg came: core/calls.py
  connected    boolean not null default false,
  lead_leg     text not null default '',
  answered_by  text not null default '',
  seconds      integer not null default 0,
  code         text not null default '',
  outcome      text not null default '',      -- missed, voicemail, connected; '' while nobody knows
  settled      boolean not null default false, -- the outcome finished the task by itself; a person may correct it
  reason       text not null default '',      -- why it was not placed or not connected: the gate's rule, or the provider's class
  detail       text not null default '',
  placed_at    timestamptz not null,
  ended_at     timestamptz,
  lost_at      timestamptz,                   -- of the wall clock: without news until then nobody knows what became of it
  primary key (lane, id),
  check ((status in ('placing', 'ringing', 'answered', 'dialling', 'talking')) = (lost_at is not null))
);
-- A double click, or a second window, places no second call.
create unique index one_live_call_a_task on calls (lane, task_id)
  where status in ('placing', 'ringing', 'answered', 'dialling', 'talking');
create index calls_of_task on calls (lane, task_id);
create index calls_of_lead on calls (lane, lead_id);
