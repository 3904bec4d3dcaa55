"""Ids: UUIDv7 of their moment, all different, each with the lane that its own bits say."""

from __future__ import annotations

import copy
import time
from itertools import islice
from uuid import RFC_4122, UUID

import msgspec

from warmline.store.ids import LANES, lane_of, new_id, new_ids


def test_an_id_is_a_uuid_of_version_7_of_this_moment() -> None:
    for one in (new_id(), *islice(new_ids(), 100)):
        assert (one.version, one.variant) == (7, RFC_4122)
        assert abs((one.int >> 80) - time.time_ns() // 1_000_000) < 60_000


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
