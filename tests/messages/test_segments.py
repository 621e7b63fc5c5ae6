# ruff: noqa: RUF001  The letters that look like others are what is tested.
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.messages.channels.segments import Segments, segments, ucs2_note


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Segments("GSM-7", 0, 0, 160, None)),
        ("a", Segments("GSM-7", 1, 1, 159, None)),
        ("a" * 160, Segments("GSM-7", 1, 160, 0, None)),
        ("a" * 161, Segments("GSM-7", 2, 161, 145, None)),
        ("a" * 306, Segments("GSM-7", 2, 306, 0, None)),
        ("a" * 307, Segments("GSM-7", 3, 307, 152, None)),
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà", Segments("GSM-7", 1, 45, 115, None)),
        ("\f^{}\\[~]|€", Segments("GSM-7", 1, 20, 140, None)),
        ("€" * 80, Segments("GSM-7", 1, 160, 0, None)),
        # The euro that would straddle the end of the first part goes into the second whole.
        ("a" * 152 + "€" + "a" * 10, Segments("GSM-7", 2, 164, 141, None)),
        ("€" * 81, Segments("GSM-7", 2, 162, 143, None)),
        ("ç", Segments("UCS-2", 1, 1, 69, "ç")),
        ("say `hi`", Segments("UCS-2", 1, 8, 62, "`")),
        ("José, 'í'", Segments("UCS-2", 1, 9, 61, "í")),
        ("é" * 69 + "’", Segments("UCS-2", 1, 70, 0, "’")),
        ("ю" * 71, Segments("UCS-2", 2, 71, 63, "ю")),
        ("😀", Segments("UCS-2", 1, 2, 68, "😀")),
        ("😀" * 35, Segments("UCS-2", 1, 70, 0, "😀")),
        # 67 units hold 33 pairs and no half of the next.
        ("😀" * 36, Segments("UCS-2", 2, 72, 61, "😀")),
        ("a\tb", Segments("UCS-2", 1, 3, 67, "\t")),
    ],
)
def test_parts_are_counted_as_the_network_does(body, expected):
    assert segments(body) == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi Sari, café?", ""),
        ("ş", "“ş” makes the parts shorter."),
        ("ş" + "a" * 150, "“ş” makes this 3 parts instead of 1."),
        ("şğ" + "a" * 100, "“ş” and “ğ” make this 2 parts instead of 1."),
        ("şğı" + "a" * 100, "“ş”, “ğ” and 1 more make this 2 parts instead of 1."),
        ("a\u00a0b" + "a" * 100, "a hidden character (no-break space) makes this 2 parts instead of 1."),
        ("a\tb", "a hidden character (tab) makes the parts shorter."),
    ],
)
def test_it_names_what_makes_the_parts_shorter(body, said):
    assert ucs2_note(body) == said


@given(st.text(max_size=400) | st.text("ab€^\n", max_size=700))
def test_the_parts_hold_the_text(body):
    counted = segments(body)
    alone, part = (160, 153) if counted.encoding == "GSM-7" else (70, 67)
    assert counted.characters >= len(body)
    assert (counted.count > 1) is (counted.characters > alone)
    room = counted.count * part if counted.count > 1 else alone
    assert 0 <= counted.left <= room - counted.characters
    assert (counted.first_ucs2_char is None) is (counted.encoding == "GSM-7")
