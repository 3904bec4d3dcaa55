-- All addresses of a lead that it is known by, each with its state, in the order in which they came: {value: state}. They
-- were rows of their own; every look and every batch of intake read or wrote them with their lead all the same.
-- States: ok, invalid, not_sms_capable, bounced, unsure.
alter table leads add column addresses json not null default '{}';
update leads l set addresses = a.known
from (select lane, lead_id, json_object_agg(value, state order by added_at, value) known from addresses group by lane, lead_id) a
where l.lane = a.lane and l.id = a.lead_id;
drop table addresses;
