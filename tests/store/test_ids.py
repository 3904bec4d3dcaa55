"""Ids: UUIDv7 of their moment, all different, each with the lane that its own bits say; leads that come together share one."""

from __future__ import annotations

import copy
import time
from collections import Counter
from itertools import islice
from uuid import RFC_4122, UUID

import msgspec
import pytest

from warmline.store.ids import LANES, TOGETHER, lane_of, new_id, new_ids, new_leads


def test_an_id_is_a_uuid_of_version_7_of_this_moment() -> None:
    for one in (new_id(), *islice(new_ids(), 100)):
        assert (one.version, one.variant) == (7, RFC_4122)
        assert abs((one.int >> 80) - time.time_ns() // 1_000_000) < 60_000


def test_ids_made_a_microsecond_apart_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1_774_000_000_000_000_000 + 1_000 * number for number in range(3_000)]
    moment = iter(moments)
    monkeypatch.setattr(time, "time_ns", lambda: next(moment))
    made = [new_id() for _ in moments]
    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert [one.int >> 80 for one in made] == [at // 1_000_000 for at in moments]


def test_an_id_is_like_any_other_uuid() -> None:
    made = new_id()
    plain = UUID(str(made))
    assert made == plain
    assert (hash(made), repr(made), made.bytes, made.is_safe) == (hash(plain), repr(plain), plain.bytes, plain.is_safe)
    assert copy.deepcopy(made) == msgspec.json.decode(msgspec.json.encode(made), type=UUID)


def test_no_id_is_given_twice_and_every_lane_gets_its_share() -> None:
    many = list(islice(new_ids(), 10_000))
    assert len(set(many)) == len(many)
    lanes = [lane_of(one) for one in many]
    assert min(lanes.count(lane) for lane in range(LANES)) > 10_000 / LANES / 2


def test_leads_that_come_in_together_share_a_lane_and_have_ids_of_their_own() -> None:
    leads = new_leads(TOGETHER)
    assert len(set(leads)) == TOGETHER
    assert len({lane_of(lead) for lead in leads}) == 1
    assert {(lead.version, lead.variant) for lead in leads} == {(7, "specified in RFC 4122")}
    assert new_leads(0) == []


def test_many_are_shared_out_and_lanes_fill_evenly() -> None:
    of_one_list = Counter(map(lane_of, new_leads(50 * TOGETHER)))
    assert all(count % TOGETHER == 0 for count in of_one_list.values())
    assert len(of_one_list) > LANES // 2
    one_by_one = Counter(lane_of(new_leads(1)[0]) for _ in range(LANES * 500))
    assert set(one_by_one) == set(range(LANES))
    assert all(250 < count < 750 for count in one_by_one.values())
