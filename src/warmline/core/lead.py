"""What somebody typed into a form, or a row of a list -> a draft of a lead, or what is wrong, field by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from .hours import UnknownZone, find_zone
from .mail_address import read_email
from .phone import example_of, read_phone
from .rulebook import Regions

#: Our fields. Whatever else comes is kept as a custom field under its own name.
KNOWN = (
    "first_name",
    "last_name",
    "name",
    "company",
    "email",
    "phone",
    "country",
    "region",
    "zip",
    "time_zone",
    "page",
    "campaign",
)
#: Other names that forms and lists give to them, compared without case, spaces, dots and hyphens.
ALIASES: Mapping[str, str] = {
    "firstname": "first_name",
    "givenname": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "familyname": "last_name",
    "fullname": "name",
    "companyname": "company",
    "organisation": "company",
    "organization": "company",
    "emailaddress": "email",
    "mail": "email",
    "phonenumber": "phone",
    "mobile": "phone",
    "mobilephone": "phone",
    "telephone": "phone",
    "tel": "phone",
    "state": "region",
    "province": "region",
    "postcode": "zip",
    "postalcode": "zip",
    "zipcode": "zip",
    "timezone": "time_zone",
    "utmcampaign": "campaign",
    **{name.replace("_", ""): name for name in KNOWN},
}

MOST_FIELDS = 64
MOST_CHARACTERS = 2_000
MOST_BYTES = 64 * 1024
MOST_NAME = 200

#: What lists write where there is no name. The case counts: Null and Nan are names of people.
_NO_NAMES = frozenset(
    ("null", "NULL", "none", "None", "NONE", "nil", "NIL", "nan", "NaN", "NAN", "n/a", "N/A", "#N/A", "undefined", "unknown",
     "Unknown")
)  # fmt: skip
_LINK_OR_CODE = re.compile(r"://|\bwww\.|[<>{}]|\*\||\|\*")
_ADDRESS = re.compile(r"[\[\]@]|\w\.[a-z]{2,}(?=[/\s]|$)")
_HALF = re.compile("[\ud800-\udfff]")  # of a character: a lone surrogate
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Draft(msgspec.Struct):
    """A lead as it came in. `notes` are for people: what was given and could not be used."""

    email: str | None = None
    phone: str | None = None
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    country: str = ""
    region: str = ""
    time_zone: str = ""
    page: str = ""
    campaign: str = ""
    fields: dict[str, str] = {}
    notes: list[str] = []


class Problems(msgspec.Struct, frozen=True):
    """Why there is no draft: the sender's own field name -> what is wrong and what to write."""

    fields: Mapping[str, str]


def normalise(
    fields: Mapping[str, str], mapping: Mapping[str, str], default_country: str, regions: Regions
) -> Draft | Problems:
    """`mapping` is {our field: theirs}. An unusable address beside a usable one is a note, not the loss of the lead."""
    problems = _sizes(fields)
    if problems:
        return Problems(problems)
    draft = Draft()
    known, named = _sort(fields, mapping, draft.fields)
    draft.country = _country(known, regions, draft)
    _read_addresses(known, named, draft.country or default_country, draft, problems)
    if problems:
        return Problems(problems)
    if not draft.country and _dials(draft.phone, default_country, regions):
        draft.country = default_country
    for name in ("first_name", "last_name", "name", "company"):
        _check_name(name, known, draft)
    draft.first_name, draft.last_name = _names(known)
    draft.company = _line(known.get("company", ""))[:MOST_NAME]
    draft.page = known.get("page", "")
    draft.campaign = known.get("campaign", "")
    if "zip" in known:
        draft.fields["zip"] = known["zip"]
    _read_place(known, draft.country or default_country, regions, draft)
    return draft


def clean(text: str) -> str:
    """Composed Unicode, no control or direction characters, no space around."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _CONTROL.sub("", unicodedata.normalize("NFC", text)).strip()


def storable(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _sizes(fields: Mapping[str, str]) -> dict[str, str]:
    names, values = "".join(fields), "".join(fields.values())
    if (
        len(fields) <= MOST_FIELDS
        and len(names) <= MOST_NAME
        and len(values) <= MOST_CHARACTERS
        and _is_text(names + values)
    ):
        return {}  # nearly all: what holds of all the fields together holds of each
    problems: dict[str, str] = {}
    if len(fields) > MOST_FIELDS:
        return {"": f"{len(fields)} fields came, and a lead has room for {MOST_FIELDS}. Leave out what is not needed."}
    total = 0
    for name, value in fields.items():
        total += len(name) + len(value)
        if len(name) > MOST_NAME:
            problems[name[:40] + "..."] = f"A field's name may have {MOST_NAME} characters. Use a shorter name."
        elif len(value) > MOST_CHARACTERS:
            said = f"{len(value):,} characters came, and a field has room for {MOST_CHARACTERS:,}. Shorten it."
            problems[name] = said
        elif "\x00" in value or "\x00" in name:
            problems[name.replace("\x00", "")] = "It holds a NUL byte, which is no text. Send plain text."
        elif not _is_text(value):
            problems[name] = "It holds half a character (a lone surrogate). Send valid Unicode text."
        elif not _is_text(name):
            problems[repr(name)] = "The name holds half a character (a lone surrogate). Send valid Unicode text."
    if total > MOST_BYTES // 4 and sum(len(n.encode("utf-8", "replace")) + len(v.encode("utf-8", "replace"))
                                       for n, v in fields.items()) > MOST_BYTES:  # fmt: skip
        problems[""] = f"More than {MOST_BYTES // 1024} kB came for one lead. Leave out what is not needed."
    return problems


def _is_text(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not _HALF.search(text))


def _sort(
    fields: Mapping[str, str], mapping: Mapping[str, str], custom: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Our fields with their cleaned values, and the sender's name of each. The source's map wins over our guess."""
    known: dict[str, str] = {}
    named: dict[str, str] = {}
    taken: set[str] = set()
    for ours, theirs in mapping.items():
        if theirs in fields:
            taken.add(theirs)
            value = clean(fields[theirs])
            if not value:
                continue
            if ours in KNOWN:
                known[ours], named[ours] = value, theirs
            else:
                custom[ours] = value
    for theirs, raw in fields.items():
        if theirs in taken or not (value := clean(raw)):
            continue
        known_as = our_name(theirs)
        if known_as is not None and known_as not in known:
            known[known_as], named[known_as] = value, theirs
        else:
            custom[clean(theirs) or "field"] = value
    return known, named


@lru_cache(maxsize=4096)
def our_name(theirs: str) -> str | None:
    """Which of our fields `theirs` looks like: "E-Mail" -> email. None: a custom field."""
    return ALIASES.get(re.sub(r"[\s._-]+", "", theirs).casefold())


def _dials(phone: str | None, country: str, regions: Regions) -> bool:
    """A source's default country is only believed of a lead whose number has its calling code."""
    place = regions.countries.get(country)
    return phone is not None and place is not None and phone.startswith("+" + place.calling)


def _country(known: Mapping[str, str], regions: Regions, draft: Draft) -> str:
    given = known.get("country", "")
    if not given:
        return ""
    code = given.upper()
    if code in regions.countries or (len(code) == 2 and code.isascii() and code.isalpha()):
        return code
    found = _country_names(regions).get(_fold(given))
    if found is None:
        draft.fields["country"] = given
        draft.notes.append(f"The country {given!r} is not known by that name.")
    return found or ""


def _read_addresses(
    known: Mapping[str, str], named: Mapping[str, str], country: str, draft: Draft, problems: dict[str, str]
) -> None:
    wrong: dict[str, str] = {}
    if "phone" in known:
        draft.phone = read_phone(known["phone"], country)
        if draft.phone is None:
            its_own = known["phone"].startswith(("+", "00"))  # it names its country itself
            where = f" in {country}" if country and not its_own else ""
            example = example_of("" if its_own else country)
            wrong[named["phone"]] = f"{_quote(known['phone'])} is no valid phone number{where}. Write: {example}"
    if "email" in known:
        draft.email = read_email(known["email"])
        if draft.email is None:
            wrong[named["email"]] = f"{_quote(known['email'])} is no mail address. Write: ann@example.com"
    if draft.phone or draft.email:
        draft.notes += wrong.values()
    elif wrong:
        problems.update(wrong)
    else:
        missing = (
            f"To reach the lead, give a phone number or a mail address. Write: {example_of(country)} or ann@example.com"
        )
        problems.update(phone=missing, email=missing)


def _check_name(which: str, known: dict[str, str], draft: Draft) -> None:
    """What is no name is kept as a custom field and noted: templates greet by it, whoever filled in the form."""
    given = known.get(which, "")
    if not given or _is_name(given, of_company=which == "company"):
        return
    del known[which]
    draft.fields[which] = given
    draft.notes.append(f"{which.replace('_', ' ').capitalize()}: {_quote(given)} is no name, and nobody is called so.")


def _is_name(text: str, *, of_company: bool) -> bool:
    if text in _NO_NAMES:
        return False
    if text.isalpha():  # nearly all
        return True
    if of_company:  # 7-11, Booking.com
        return any(char.isalnum() for char in text) and not _LINK_OR_CODE.search(text)
    return any(char.isalpha() for char in text) and not _LINK_OR_CODE.search(text) and not _ADDRESS.search(text)


def _names(known: Mapping[str, str]) -> tuple[str, str]:
    first, last = _line(known.get("first_name", "")), _line(known.get("last_name", ""))
    whole = _line(known.get("name", ""))
    if whole and not first and not last:
        family, comma, given = whole.partition(",")
        if comma and given.strip() and family.strip():
            first, last = given.strip(), family.strip()
        else:
            first, _, last = whole.partition(" ")
    return first[:MOST_NAME], last[:MOST_NAME]


def _read_place(known: Mapping[str, str], country: str, regions: Regions, draft: Draft) -> None:
    """A region or zone that is not known is kept as a custom field and noted: it must not pass for knowledge."""
    if given := known.get("region"):
        code = given.upper() if given.upper() in regions.states else f"{country}-{given.upper()}"
        if code not in regions.states:
            code = _state_names(regions).get((country, _fold(given)), "")
        draft.region = code
        if not code:
            draft.fields["region"] = given
    if given := known.get("time_zone"):
        try:
            find_zone(given)
        except UnknownZone as error:
            draft.fields["time_zone"] = given
            draft.notes.append(str(error))
        else:
            draft.time_zone = given


def _line(text: str) -> str:
    return " ".join(text.split())


def _quote(text: str) -> str:
    return f"{text[:60]!r}"


def _fold(name: str) -> str:
    return " ".join(name.casefold().replace(".", "").split())


_names_of: dict[int, tuple[Regions, dict[str, str], dict[tuple[str, str], str]]] = {}


def _index(regions: Regions) -> tuple[Regions, dict[str, str], dict[tuple[str, str], str]]:
    """Names of places, folded, made once for each Regions; holding it keeps its id from being given again."""
    found = _names_of.get(id(regions))
    if found is None:
        countries = {_fold(country.name): code for code, country in regions.countries.items()}
        countries |= {"usa": "US", "united states of america": "US", "uk": "GB", "great britain": "GB"}
        states = {(code[:2], _fold(state.name)): code for code, state in regions.states.items()}
        found = _names_of[id(regions)] = (regions, countries, states)
    return found


def _country_names(regions: Regions) -> Mapping[str, str]:
    return _index(regions)[1]


def _state_names(regions: Regions) -> Mapping[tuple[str, str], str]:
    return _index(regions)[2]
