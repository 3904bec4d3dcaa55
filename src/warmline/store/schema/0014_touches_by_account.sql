-- concurrently
-- Touches that are ready are claimed account by account: those that wait for a slow one are not read to get at the others.
create index concurrently if not exists touches_by_account on touches (lane, workspace_id, channel, ready_at)
  where status = 'queued';
