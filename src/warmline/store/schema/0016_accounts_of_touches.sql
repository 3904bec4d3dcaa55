-- Which account of its provider a touch was handed to: another account does not have it, and that says nothing.
alter table touches add column account text not null default '';
