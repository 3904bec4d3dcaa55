-- concurrently
-- What pages look for among the events of many days: answers of people, and touches that failed. They are few; an event of
-- another kind, or one that a machine caused, is in no index more than before.
create index concurrently if not exists events_rare on events (workspace_id, kind, at)
  where kind in ('replied', 'clicked', 'called.back', 'meeting.booked', 'touch.failed')
  and coalesce(data->>'automated', '') = '';
