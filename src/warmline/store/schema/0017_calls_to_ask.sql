-- When the provider of a call is to be asked what became of it, by the wall clock. It is apart from lost_at: a talk is asked
-- about long before it would be taken for lost, and one that is over while the lead's phone was not told of is asked about, too.
alter table calls add column ask_at timestamptz;
-- Webs of the version before place calls meanwhile.
alter table calls alter column ask_at set default now() + interval '5 minutes';
update calls set ask_at = lost_at where lost_at is not null;
