-- concurrently
-- Answers to an Idempotency-Key are dropped when no sender repeats its request any more, the oldest first.
create index concurrently if not exists answers_by_age on answers (at);
