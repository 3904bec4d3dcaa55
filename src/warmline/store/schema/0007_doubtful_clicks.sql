-- Clicks that may be a scanner's. Each is told, as a person's or as a machine's, once counts_at has come; it is durable from
-- the moment the visitor was sent on, and in no story before it is judged (decision 20).
create table doubtful_clicks (
  lane         smallint not null,
  lead_id      uuid not null,
  key          text not null,                 -- the link and who followed it
  workspace_id integer not null,
  touch_id     uuid not null,
  counts_at    timestamptz not null,
  signal       json not null,
  primary key (lane, lead_id, key)
);
create index doubtful_clicks_due on doubtful_clicks (lane, counts_at);
