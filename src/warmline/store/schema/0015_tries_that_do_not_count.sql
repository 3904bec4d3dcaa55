-- Of the tries of a touch, those that ended before anybody had been asked: they bring it no nearer to being given up.
alter table touches add column excused smallint not null default 0;
