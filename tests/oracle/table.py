"""What the law asks, written a second time: by hand from the collected facts, one row a rule, as a person would copy it out.

Nothing here is read from the product's packs, so a slip in one of the two shows. Where the packs ask more than the facts
on purpose, their note says so, and the row repeats the choice beside the word "choice".
"""

from __future__ import annotations

from datetime import date

#: Channels that reach a phone, and those of them that a machine uses. A row on automated contact leaves out the call that
#: a person dials. Whether a law on calls reaches texts is often unclear: unclear is read as yes.
PHONE = "call sms voicemail"
MACHINE = "sms voicemail"

#: Places that share one text.
SAME = {
    "US, by choice": "US",
    "US-PA, 2026": "US-PA",
    "AU": "AU CX CC",
    "GB": "GB IM GG JE",  # choice: the islands have laws of their own, which nobody looked up
    "EU": "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE",
}

#: When an article came into force. Before that day it is as if it were not there. Others: always.
SINCE = {
    "US": date(2025, 4, 11),
    "US-MD": date(2024, 1, 1),
    "US-OR": date(2026, 1, 1),
    "US-PA, 2026": date(2026, 10, 18),
    "US-TX": date(2025, 9, 1),
    "US-VA": date(2026, 1, 1),
}

#: A business's choice to be careful with leads of a place. No law, so it has no first day.
CAREFUL = "US, by choice"

#: Place, channels, open hours by the wall clock of the person, days without any, a second clock that must agree.
HOURS = (
    ("US", PHONE, "mon-sun 08:00-21:00", "", ""),
    ("US-AL", MACHINE, "mon-sat 08:00-20:00", "AL", ""),
    ("US-CA", MACHINE, "mon-sun 09:00-21:00", "", ""),
    ("US-CT", PHONE, "mon-sun 09:00-20:00", "", ""),
    ("US-FL", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("US-IL", MACHINE, "mon-sun 09:00-21:00", "", ""),
    ("US-KY", PHONE, "mon-sun 10:00-21:00", "", ""),
    ("US-KY", MACHINE, "mon-sun 08:00-21:00", "", ""),
    ("US-LA", PHONE, "mon-sat 08:00-20:00", "LA", ""),
    ("US-MA", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("US-MD", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("US-ME", MACHINE, "mon-fri 09:00-17:00", "", ""),
    ("US-MI", PHONE, "mon-sun 09:00-21:00", "", ""),
    ("US-MN", MACHINE, "mon-sun 09:00-21:00", "", ""),
    ("US-MS", PHONE, "mon-sat 08:00-20:00", "", "America/Chicago"),
    # choice: on holidays the rule opens from 13:00 to 21:00; closed all day instead
    ("US-NE", MACHINE, "mon-sat 00:00-24:00, sun 13:00-21:00", "US", ""),
    ("US-NJ", PHONE, "mon-sun 08:00-21:00", "", ""),
    ("US-NM", PHONE, "mon-sun 09:00-21:00", "", ""),
    ("US-NV", PHONE, "mon-sun 09:00-20:00", "", ""),
    ("US-NY", PHONE, "mon-sun 08:00-21:00", "", ""),
    ("US-OK", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("US-OK", "voicemail", "mon-sun 09:00-20:00", "", ""),
    ("US-OR", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("US-PA, 2026", PHONE, "mon-sat 09:00-19:00", "", ""),  # choice: the act was not seen
    ("US-WY", PHONE, "mon-sun 08:00-20:00", "", ""),  # choice: seen as others quote it
    ("US-PA", PHONE, "mon-sun 08:00-21:00", "PA", ""),  # choice: the exempt relationship of twelve months is not used
    ("US-RI", PHONE, "mon-fri 09:00-18:00, sat 10:00-17:00", "RI", ""),
    ("US-SC", PHONE, "mon-sun 08:00-21:00", "", ""),
    ("US-SD", MACHINE, "mon-fri 09:00-21:00", "", ""),
    ("US-TX", PHONE, "mon-sat 09:00-21:00, sun 12:00-21:00", "", "America/Chicago"),
    ("US-UT", PHONE, "mon-sat 08:00-21:00", "UT", ""),
    ("US-VA", PHONE, "mon-sun 08:00-21:00", "", ""),
    ("US-WA", PHONE, "mon-sun 08:00-20:00", "", ""),
    ("CA", "call voicemail", "mon-fri 09:00-21:30, sat-sun 10:00-18:00", "", ""),  # choice: voicemail as a call
    # choice: a trade code, read as binding and in its narrower reading; voicemail as a call
    ("GB", "call voicemail", "mon-fri 08:00-21:00, sat 09:00-21:00", "GB", ""),
    # choice: a decree that did not bind calls with consent, read as binding all; voicemail as a call
    ("FR", "call voicemail", "mon-fri 10:00-13:00, mon-fri 14:00-20:00", "FR", ""),
    ("AU", "call voicemail", "mon-fri 09:00-20:00, sat 09:00-17:00", "AU", ""),  # choice: voicemail as a call
)

#: Binds besides, where a workspace chose to be careful.
CAREFUL_HOURS = ((CAREFUL, PHONE, "mon-fri 10:00-18:00, sat 10:00-17:00", "US", ""),)

#: Ascending.
LEVELS = ("none", "inquiry", "purchase", "express", "express_written")

BARRED = "barred"  # no proof makes it possible

#: These are a relation with a person, by whatever number or address; those above are given for the one they name.
RELATIONS = ("inquiry", "purchase")

#: Place, channels, purpose, the least proof.
CONSENT = (
    ("US", "sms voicemail", "marketing", "express_written"),
    ("US", "call", "marketing", "inquiry"),  # choice: none for a number that is known not to be registered
    ("US", "email", "marketing", "inquiry"),  # choice: the law asks none
    ("US", "sms email call", "acknowledge", "inquiry"),  # choice: the one answer that was asked for
    ("US", "voicemail", "acknowledge", BARRED),  # choice: a recording is no answer
    ("US-CT", PHONE, "marketing", "express_written"),
    ("US-FL", MACHINE, "marketing", "express_written"),
    ("US-KY", MACHINE, "marketing", "express"),
    ("US-MA", "voicemail", "marketing", "express_written"),  # choice: a writing makes a recorded call solicited
    ("US-MD", MACHINE, "marketing", "express_written"),
    ("US-MI", "voicemail", "marketing", BARRED),
    ("US-MN", MACHINE, "marketing", "express"),
    ("US-OK", MACHINE, "marketing", "express_written"),
    ("US-WY", "voicemail", "marketing", BARRED),
    ("US-WY", "sms", "marketing", "express_written"),  # choice: an inquiry would do
    ("CA", "email sms", "marketing", "inquiry"),
    ("CA", "call", "marketing", "none"),
    ("CA", "voicemail", "marketing", "express"),  # choice: outside the regulator's rules
    ("CA", "sms email call", "acknowledge", "inquiry"),
    ("GB", "email sms", "marketing", "express"),  # choice: the soft opt-in is not used
    ("GB", "call", "marketing", "none"),
    ("GB", "voicemail", "marketing", "express"),
    ("GB", "sms email call", "acknowledge", "inquiry"),
    ("EU", "email sms call voicemail", "marketing", "express"),
    ("EU", "sms email call", "acknowledge", "express"),
    ("FR", "call", "marketing", "express"),
    ("DE", "call", "marketing", "express"),
    ("ES", "call", "marketing", "express"),
    ("AU", "email sms", "marketing", "inquiry"),
    ("AU", "call", "marketing", "none"),
    ("AU", "voicemail", "marketing", "express"),  # choice: not looked up
    ("AU", "sms email call", "acknowledge", "inquiry"),
)

#: Place, channels that count together, at most so many, in so many hours.
CAPS = (
    ("US-FL", PHONE, 3, 24),
    ("US-MD", PHONE, 3, 24),
    ("US-ME", MACHINE, 1, 8),
    ("US-OK", PHONE, 3, 24),
    ("US-OR", PHONE, 3, 24),
    ("FR", "call voicemail", 4, 30 * 24),
)

CAREFUL_CAPS = ((CAREFUL, PHONE, 1, 8), (CAREFUL, PHONE, 3, 24))

#: Place, channels, level, months after which a proof of it is over.
LIFETIMES = (
    ("US", "call", "inquiry", 3),
    ("US", "call", "purchase", 18),
    # The relationship that exempts in Maine is the federal one, whatever the channel.
    ("US-ME", "sms voicemail", "inquiry", 3),
    ("US-ME", "sms voicemail", "purchase", 18),
    ("US-TN", "call sms", "purchase", 12),
    ("US-TX", "call sms", "purchase", 12),
    ("CA", "email sms call", "inquiry", 6),
    ("CA", "email sms", "purchase", 24),
    ("CA", "call", "purchase", 18),  # choice: the shorter term of the United States
    ("AU", "call voicemail", "express", 3),
    ("AU", "call voicemail", "express_written", 3),
    ("AU", "call voicemail", "inquiry", 3),  # choice: what is inferred lasts no longer than what is said
    ("AU", "call voicemail", "purchase", 3),  # choice: the same
)

#: Minutes for which an answer is an answer; all of these places have the same (choice).
ANSWERED_WITHIN = {"US": 15, "CA": 15, "GB": 15, "EU": 15, "AU": 15}

#: Places whose hours bind an answer, too (choice). Elsewhere the workspace decides.
NIGHT_BINDS_ANSWERS = "CA GB EU AU"

#: Place, channels, list, oldest copy in days, proofs that lift it.
_RELATION = "inquiry purchase express express_written"
REGISTRIES = (
    ("US", "call sms", "us.national", 31, "inquiry purchase express_written"),
    ("US-AZ", "sms", "us.national", 31, "express_written"),  # choice: which exemption was not looked up
    # choice for all these states: the federal age, though their lists are quarterly
    ("US-CO", "call sms", "us.co", 31, "purchase express express_written"),  # choice: thirty days of inquiry left out
    ("US-FL", "call sms", "us.fl", 31, "inquiry purchase express_written"),  # choice: an inquiry is an express request
    ("US-IN", "call sms", "us.in", 31, "inquiry express_written"),
    ("US-LA", "call sms voicemail", "us.la", 31, ""),
    ("US-MA", "call sms", "us.ma", 31, "inquiry express express_written"),  # choice: as Florida; a customer left out
    ("US-MO", "call sms", "us.mo", 31, "inquiry express express_written"),  # choice: a customer left out
    ("US-MS", "call sms", "us.national", 31, "express_written"),  # choice: the exemptions of its own act left out
    ("US-OK", "call sms", "us.ok", 31, "inquiry purchase express_written"),
    ("US-PA", "call sms", "us.pa", 31, "express_written"),  # choice: the exemptions of 2019 left out
    ("US-TN", "call sms", "us.tn", 31, "purchase express express_written"),  # choice: an inquiry is no relationship
    ("US-TX", "call sms", "us.tx", 31, "inquiry purchase express_written"),
    ("US-WY", "call sms", "us.wy", 31, "inquiry purchase express_written"),
    ("CA", "call", "ca.dncl", 31, _RELATION),
    ("GB", "call", "gb.tps", 28, ""),
    ("GB", "call", "gb.ctps", 28, ""),
    ("AU", "call voicemail", "au.dncr", 30, _RELATION),
)

#: Place, channels, proofs that exempt: who contacts a number there has asked whether it changed hands.
CHANGED_HANDS = (("US-ME", PHONE, "inquiry purchase"),)  # choice: speaks of calls, read as reaching all three

#: Place, channels by which a withdrawal ends every channel, from what day on.
WITHDRAWS_ALL = (("US", PHONE, date(2027, 1, 31)),)

_FEDERAL = (
    "1 jan", "3rd mon jan", "3rd mon feb", "last mon may", "19 jun", "4 jul", "1st mon sep", "2nd mon oct", "11 nov",
    "4th thu nov", "25 dec",
)  # fmt: skip
_LOUISIANA = (
    "1 jan", "3rd mon jan", "easter -47", "easter -2", "last mon may", "19 jun", "4 jul", "1st mon sep", "11 nov",
    "4th thu nov", "25 dec",
    "8 jan", "19 jan",  # choice: both doubtful
)  # fmt: skip
_PENNSYLVANIA = (
    "1 jan", "3rd mon jan", "3rd mon feb", "easter -2", "last mon may", "14 jun", "4 jul", "1st mon sep", "2nd mon oct",
    "1st tue nov", "2nd tue nov",  # choice: election day is one of the two
    "11 nov", "4th thu nov", "25 dec",
)  # fmt: skip
_BRITAIN = (
    "1 jan", "2 jan", "17 mar", "easter -2", "easter +1", "1st mon may", "last mon may", "12 jul", "1st mon aug",
    "last mon aug", "30 nov", "25 dec", "26 dec",
    "3 jan", "27 dec", "28 dec",  # choice: in place of a weekend, closed every year
)  # fmt: skip
_FRANCE = (
    "1 jan", "easter -2", "easter +1", "1 may", "8 may", "easter +39", "easter +50", "14 jul", "15 aug", "1 nov",
    "11 nov", "25 dec", "26 dec",  # choice: two of them in Alsace only
)  # fmt: skip
_AUSTRALIA = (
    "1 jan", "26 jan", "easter -2", "easter +1", "25 apr", "25 dec", "26 dec",
    "2 jan", "3 jan", "27 jan", "28 jan", "27 dec", "28 dec",  # choice: in place of a weekend, closed every year
)  # fmt: skip

#: Days on which a law closes, or an office where `observed` says so.
HOLIDAYS = {
    "US": _FEDERAL,
    "AL": (*_FEDERAL, "easter -47", "4th mon apr", "1st mon jun", "1 dec"),  # choice: two are kept in part of it only
    "LA": _LOUISIANA,
    "PA": _PENNSYLVANIA,
    "RI": (*_FEDERAL, "2nd mon aug"),
    "UT": (*_FEDERAL, "24 jul", "3rd mon jun"),  # choice: the Monday on which Juneteenth may be kept
    "GB": _BRITAIN,
    "FR": _FRANCE,
    "AU": _AUSTRALIA,
}

#: Calendars that are kept on the Friday before a Saturday and the Monday after a Sunday as well.
ALSO_OBSERVED = ("AL",)

#: Area codes that cross a line between clocks, and codes laid over them. A lead of one may be on either side.
BORDER_CODES = {
    "208": "America/Boise America/Los_Angeles",
    "986": "America/Boise America/Los_Angeles",
    "219": "America/Chicago America/New_York",
    "250": "America/Vancouver America/Edmonton",
    "270": "America/Chicago America/New_York",
    "308": "America/Chicago America/Denver",
    "418": "America/Toronto America/Halifax",
    "423": "America/New_York America/Chicago",
    "541": "America/Los_Angeles America/Boise",
    "574": "America/New_York America/Chicago",
    "605": "America/Chicago America/Denver",
    "606": "America/New_York America/Chicago",
    "620": "America/Chicago America/Denver",
    "701": "America/Chicago America/Denver",
    "709": "America/St_Johns America/Halifax",
    "775": "America/Los_Angeles America/Boise",
    "785": "America/Chicago America/Denver",
    "807": "America/Toronto America/Winnipeg",
    "812": "America/New_York America/Chicago",
    "850": "America/New_York America/Chicago",
    "867": "America/Whitehorse America/Edmonton America/Winnipeg America/Toronto",
    "879": "America/St_Johns America/Halifax",
    "906": "America/New_York America/Chicago",
    "907": "America/Anchorage America/Adak",
    "928": "America/Phoenix America/Denver",
}
OVERLAYS = {
    "448": "850", "930": "812", "364": "270", "458": "541", "778": "250", "236": "250", "672": "250", "581": "418",
    "367": "418",
}  # fmt: skip

#: Whose rules a border code brings in.
STATES_OF_CODES = {
    "208": "US-ID", "986": "US-ID", "219": "US-IN", "250": "CA-BC", "270": "US-KY", "308": "US-NE", "418": "CA-QC",
    "423": "US-TN", "541": "US-OR", "574": "US-IN", "605": "US-SD", "606": "US-KY", "620": "US-KS", "701": "US-ND",
    "709": "CA-NL", "775": "US-NV", "785": "US-KS", "807": "CA-ON", "812": "US-IN", "850": "US-FL", "867": "CA-YT",
    "879": "CA-NL", "906": "US-MI", "907": "US-AK", "928": "US-AZ", "448": "US-FL", "930": "US-IN", "364": "US-KY",
    "458": "US-OR", "778": "CA-BC", "236": "CA-BC", "672": "CA-BC", "581": "CA-QC", "367": "CA-QC", "212": "US-NY",
    "305": "US-FL", "405": "US-OK", "503": "US-OR", "203": "US-CT", "804": "US-VA", "803": "US-SC",
}  # fmt: skip
