-- The fold of a lead's story as of its last look, kept beside the enrollment: a look reads the events after it, and no
-- lead grows slow with age. `fold` names the way of folding (core/history.py: FOLD); another way's is folded anew.
alter table enrollments
  add column fold smallint not null default 0,
  add column folded json;

-- What the gate looked at when it allowed a touch, by its digest. It is the same for most leads of a morning, so decisions
-- name it instead of repeating it. A hold or a refusal is kept with its decision: it is about that lead alone.
create table traces (
  lane         smallint not null,
  digest       text not null,
  findings     json not null,
  primary key (lane, digest)
);
