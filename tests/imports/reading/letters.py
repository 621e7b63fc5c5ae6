"""Lists of customers in many languages, and the encodings that shops have them in."""

from __future__ import annotations

from pathlib import Path

TEXTS = Path(__file__).with_name("letters.txt").read_text(encoding="utf-8")
LISTS = dict(part.split("\n", 1) for part in TEXTS.split("== ")[1:])
WIDE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
ENCODINGS = {
    "de": ("cp1252", "latin-1", "iso8859_15", "mac_roman", "cp850", "cp437"),
    "fr": ("cp1252", "latin-1", "iso8859_15", "mac_roman", "cp850"),
    "es": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "pt": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "sv": ("cp1252", "latin-1", "mac_roman", "cp850"),
    "pl": ("cp1250", "iso8859_2", "mac_latin2", "cp852"),
    "cs": ("cp1250", "iso8859_2", "mac_latin2", "cp852"),
    "hu": ("cp1250", "iso8859_2", "cp852"),
    "tr": ("cp1254", "iso8859_9", "mac_turkish", "cp857"),
    "ru": ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic"),
    "uk": ("cp1251", "koi8_u"),
    "el": ("cp1253", "iso8859_7", "cp737"),
    "he": ("cp1255", "iso8859_8", "cp862"),
    "ar": ("cp1256", "iso8859_6"),
    "th": ("cp874", "tis_620"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "zh": ("gb18030", "gb2312", "gbk"),
    "zh-Hant": ("big5", "big5hkscs"),
    "ko": ("cp949", "euc_kr"),
    "lt": ("cp1257", "cp775"),
}
CASES = [(language, encoding) for language, own in ENCODINGS.items() for encoding in (*own, *WIDE)]
