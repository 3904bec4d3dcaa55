-- concurrently
create index concurrently if not exists consents_by_time on consents using brin (at) with (autosummarize = on);
create index concurrently if not exists consents_unsealed on consents (lane) where not sealed;
create index concurrently if not exists suppressions_by_time on suppressions (workspace_id, at desc, id);
create index concurrently if not exists suppressions_unsealed on suppressions (at) where sealed < 1 or (sealed < 2 and lifted_at is not null);
create index concurrently if not exists tasks_unread on tasks (lane, opened_at) where status = 'open' and kind = 'read_reply';
