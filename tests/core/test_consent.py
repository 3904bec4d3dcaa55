"""Suppressions: under what they may stand."""

from __future__ import annotations

from uuid import UUID

from warmline.core.consent import suppressible_values

LEAD = UUID("018f2f6e-5d00-7000-8000-000000000001")


def test_a_suppression_may_stand_under_the_lead_its_addresses_and_the_domains_of_its_mail() -> None:
    found = suppressible_values([LEAD], ["+12125550123", "ann@example.com", "lee@example.com"])
    assert found == {str(LEAD), "+12125550123", "ann@example.com", "lee@example.com", "example.com"}
