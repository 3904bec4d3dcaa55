# ruff: noqa: E501 - a path is one word
"""Line icons, 24 by 24, drawn with one stroke width. Names say what they show."""

from __future__ import annotations

ICONS: dict[str, str] = {
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.6-3.6 3-5.5 6.5-5.5s5.9 1.9 6.5 5.5M16 4.9a3.5 3.5 0 0 1 0 6.2M18 14.9c1.9.8 3.1 2.5 3.5 5.1"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.4-6 7.5-6s6.7 2 7.5 6"/>',
    "check-square": '<rect x="3.5" y="3.5" width="17" height="17" rx="4"/><path d="m8.5 12 2.5 2.5 5-5.5"/>',
    "phone-frame": '<rect x="6.5" y="2.5" width="11" height="19" rx="2.5"/><path d="M11 18.500h2"/>',
    "alert": '<path d="M12 3.5 2.8 19.500h18.400z"/><path d="M12 10v4.500M12 17.200v.1"/>',
    "book": '<path d="M4 5.500A2.5 2.5 0 0 1 6.5 3H20v15H6.500A2.5 2.5 0 0 0 4 20.500zM4 20.500A2.5 2.5 0 0 0 6.5 21H20v-3"/>',
    "phone": '<path d="M5 3.500h3.500l1.8 4.5-2.3 1.600a12 12 0 0 0 6.4 6.400l1.6-2.3 4.5 1.800V19a2 2 0 0 1-2 2A16.5 16.5 0 0 1 3 5.500a2 2 0 0 1 2-2z"/>',
    "sms": '<path d="M20.5 11.500a8 8 0 0 1-11.7 7.100L3.5 20.500l1.9-4.800a8 8 0 1 1 15.1-4.200z"/><path d="M8.5 11.500h.1M12 11.500h.1M15.5 11.500h.1"/>',
    "email": '<rect x="2.5" y="4.5" width="19" height="15" rx="2.5"/><path d="m3 7 9 6.500L21 7"/>',
    "voicemail": '<circle cx="6.5" cy="12" r="4"/><circle cx="17.5" cy="12" r="4"/><path d="M6.5 16h11"/>',
    "call": '<path d="M5 3.500h3.500l1.8 4.5-2.3 1.600a12 12 0 0 0 6.4 6.400l1.6-2.3 4.5 1.800V19a2 2 0 0 1-2 2A16.5 16.5 0 0 1 3 5.500a2 2 0 0 1 2-2z"/>',
    "task": '<rect x="4.5" y="4" width="15" height="17" rx="2.5"/><path d="M9 2.500h6v3H9zM8.5 11h7M8.5 15.500h4.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "check": '<path d="m5 12.5 4.5 4.500L19 7.5"/>',
    "cross": '<path d="M6 6l12 12M18 6 6 18"/>',
    "pause": '<path d="M8.5 5v14M15.5 5v14"/>',
    "skip": '<path d="m5 5 9 7-9 7zM18.5 5v14"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "hand": '<path d="M7 12.500V6a1.5 1.5 0 0 1 3 0v5M10 10.500V4.500a1.5 1.5 0 0 1 3 0v6M13 10.500V6a1.5 1.5 0 0 1 3 0v6M16 9.500a1.5 1.5 0 0 1 3 0V15a6.5 6.5 0 0 1-6.5 6.500c-3 0-4.5-1.5-6-4L4 13.800a1.5 1.5 0 0 1 2.5-1.600L8 14"/>',
    "bolt": '<path d="M13 2.5 4.5 14H11l-1 7.500L19 10h-6.500z"/>',
    "arrow": '<path d="M4.5 12h15M13.5 6l6 6-6 6"/>',
    "lead": '<path d="M4 12h11M10.5 6.5 16 12l-5.5 5.500M20 4.500v15"/>',
    "cursor": '<path d="m5 4 14 7-6 2-2 6z"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>',
    "calendar": '<rect x="3.5" y="5" width="17" height="16" rx="2.5"/><path d="M3.5 10h17M8 2.500v4M16 2.500v4"/>',
    "box": '<path d="M3.5 7.5 12 3l8.5 4.500v9L12 21l-8.5-4.500zM3.5 7.5 12 12l8.5-4.500M12 12v9"/>',
    "flag": '<path d="M5 21.500V3.500h12l-2.5 4 2.5 4H5"/>',
    "dot": '<circle cx="12" cy="12" r="2.5"/>',
}
