"""What stands between words and is no word: blanks of every width, those that nobody sees too. Pure."""

_WIDTHS = (*range(0x2000, 0x2010), *range(0x202A, 0x2030), *range(0x205F, 0x2070))
BLANKS = " \t\u00a0\u00ad\u061c\u1680\u180e\u3000\ufeff" + "".join(map(chr, _WIDTHS))
"""The characters, as they stand within the brackets of a pattern. French writes a narrow one before a colon,
Chinese and Japanese a wide one behind it; Arabic and Hebrew put marks there that turn the line."""
BLANK = f"[{BLANKS}]"
"""One of them, as a pattern."""
