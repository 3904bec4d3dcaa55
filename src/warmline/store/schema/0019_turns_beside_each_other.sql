-- Turns of a team are dealt by as many dealers as transactions take some at the same time, each round its people by itself:
-- nobody waits for another's commit. While one comes after the other, the first dealer deals them all.
alter table rotations add column dealer integer not null default 0;
alter table rotations drop constraint rotations_pkey;
alter table rotations add primary key (workspace_id, team, dealer);
