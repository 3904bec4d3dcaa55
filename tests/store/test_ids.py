"""Ids: ordered by time, and leads that come in together lie in one lane."""

from __future__ import annotations

from collections import Counter

from warmline.store.ids import LANES, TOGETHER, lane_of, new_leads


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
