-- concurrently
-- Looked at every second.
create index concurrently if not exists calls_to_ask on calls (lane, ask_at) where ask_at is not null;
