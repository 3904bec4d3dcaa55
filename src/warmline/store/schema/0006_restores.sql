-- A database that was put back from a backup is held: the copy it was made of may have gone on since, so nothing is decided
-- and nothing leaves until a person says that this is the live one (`warmline resume`). One row for each restore.
create table restores (
  id           uuid primary key,
  taken_at     timestamptz not null,          -- of the wall clock, as are the others: the instant that the backup shows
  restored_at  timestamptz not null,
  resumed_at   timestamptz
);
