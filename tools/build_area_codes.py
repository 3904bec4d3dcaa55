"""Write src/warmline/rules/area_codes.yaml from the metadata of phonenumbers and area_code_corrections.yaml.

    .venv/bin/python tools/build_area_codes.py

Run it after an upgrade of phonenumbers or a change of the corrections, and read the diff: a code that loses a zone
opens hours that were closed. phonenumbers answers the zones of the longest prefix that fits a number; a code may cross
a border, so here every prefix under it counts.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA
from ruamel.yaml import YAML

HERE = Path(__file__).parent
RULES = HERE.parent / "src" / "warmline" / "rules"
KINDS = {"toll_free": "toll_free", "personal_number": "personal", "premium_rate": "premium", "voip": "personal"}
TERRITORIES = {"PR", "VI", "GU", "MP", "AS"}  # countries to the numbering plan, parts of the United States to the law
TAILS = ("2345678", "5550100", "2002222", "9999999")  # subscriber numbers that some pattern of every code accepts

HEAD = """\
# Area codes of the North American plan: every zone in use under each, most people first, and the regions it belongs to.
# Built by tools/build_area_codes.py. Do not edit: correct tools/area_code_corrections.yaml and build again.
# A code that is missing here is unknown, and so is the place of a number that is no `place`: hold.
"""


def main() -> None:
    corrections = YAML(typ="safe", pure=True).load((HERE / "area_code_corrections.yaml").read_text("utf-8"))
    states = YAML(typ="safe", pure=True).load((RULES / "regions.yaml").read_text("utf-8"))["states"]
    names = {state["name"]: [code] for code, state in states.items()} | corrections["names"]
    rows = _places(names, corrections) | _placeless()
    lines = [HEAD, f"as_of: {corrections['as_of']}\n", "\nsources:\n"]
    lines += [f"  {key}: {_flow(source)}\n" for key, source in corrections["sources"].items()]
    lines += ["\ncodes:\n", *(f'  "{code}": {_flow(rows[code])}\n' for code in sorted(rows))]
    (RULES / "area_codes.yaml").write_text("".join(lines), "utf-8")
    sys.stdout.write(f"{len(rows)} area codes written\n")


def _places(names: dict[str, list[str]], corrections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    overlays, zones = corrections["overlays"], corrections["zones"]
    rows = {}
    for code in sorted(_codes_with_zones() | overlays.keys()):
        over = overlays.get(code)
        found = _zones(over or code, corrections["same_clock"])
        row = dict(zones.get(over or code) or {"zones": found, "source": ["metadata"], "confidence": "high"})
        if over:
            row |= {"source": [*row["source"], "overlay"], "confidence": "medium"}
        if len(found) > 1 and (over or code) not in zones:
            sys.exit(f"area code {code} has several zones: order them under `zones` in area_code_corrections.yaml")
        row["regions"] = _regions(code, names, corrections["places"]) or _regions(over, names, corrections["places"])
        if not row["regions"]:
            sys.exit(f"area code {code} has no place: name it under `places` in area_code_corrections.yaml")
        rows[code] = row
    return rows


def _placeless() -> dict[str, dict[str, Any]]:
    rows = {}
    for field, kind in KINDS.items():
        for code in _codes_of("US", field) | _codes_of("CA", field):
            if code not in _codes_with_zones():
                rows[code] = {"kind": kind, "source": ["metadata"], "confidence": "high"}
    return rows


def _codes_with_zones() -> set[str]:
    return {prefix[1:4] for prefix in TIMEZONE_DATA if prefix.startswith("1") and len(prefix) >= 4} - _codes_of(
        "US", "toll_free"
    )


def _zones(code: str, same_clock: dict[str, str]) -> list[str]:
    found = {
        same_clock.get(zone, zone)
        for prefix, zones in TIMEZONE_DATA.items()
        if prefix.startswith(f"1{code}")
        for zone in zones
    }
    return sorted(found)


def _regions(code: str | None, names: dict[str, list[str]], places: dict[str, list[str]]) -> list[str]:
    if code is None:
        return []
    if code in places:
        return places[code]
    owner = next((land for land in COUNTRY_CODE_TO_REGION_CODE[1] if code in _codes_of(land, "fixed_line")), None)
    if owner not in {"US", "CA", None}:
        return [f"US-{owner}" if owner in TERRITORIES else owner]
    place = GEOCODE_DATA.get(f"1{code}", {}).get("en", "")
    if match := re.search(r", ([A-Z]{2})$", place):  # "San Antonio, TX"
        return [f"{owner}-{match[1]}"]
    return names.get(place, [])


def _codes_of(land: str, field: str) -> set[str]:
    metadata = PhoneMetadata.metadata_for_region(land)
    if metadata is None:
        sys.exit(f"phonenumbers knows no country {land}")
    codes = set()
    if metadata.leading_digits and field == "fixed_line":
        codes |= {code for code in map(str, range(200, 1000)) if re.fullmatch(metadata.leading_digits, code)}
    description = getattr(metadata, field)
    if description is not None and description.national_number_pattern:
        pattern = re.compile(description.national_number_pattern)
        codes |= {code for code in map(str, range(200, 1000)) if any(pattern.fullmatch(code + t) for t in TAILS)}
    return codes


def _flow(row: dict[str, Any]) -> str:
    def written(value: list[str] | str) -> str:
        if isinstance(value, list):
            return f"[{', '.join(value)}]"
        return value if re.fullmatch(r"[\w/-]+", value) else '"' + value.replace('"', '\\"') + '"'

    return "{" + ", ".join(f"{key}: {written(row[key])}" for key in row) + "}"


if __name__ == "__main__":
    main()
