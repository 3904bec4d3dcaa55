-- concurrently
-- Most addresses are well: a look at a lead reads only those that are not.
create index concurrently if not exists addresses_marked on addresses (lane, lead_id) where state <> 'ok';
