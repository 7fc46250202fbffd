"""Public holidays, as the package `holidays` knows them. https://holidays.readthedocs.io

That package takes a quarter of a second to load: it is loaded where the file names a country.
"""

import difflib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache


def problem(code: str) -> str:
    """What is wrong with a code like `DE` or `DE-BE`; nothing where nothing is."""
    import holidays  # noqa: PLC0415

    country, _, region = code.upper().partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known:
        return f"{code!r} is no country that has holidays here; {_country(country, sorted(known))}"
    regions = {one.upper(): one for one in known[country]}
    if not region or region in regions:
        return ""
    if not regions:
        return f"{code!r}: there are no regions of {country}; write {country!r}."
    aliases: Mapping[str, str] = holidays.country_holidays(country).subdivisions_aliases or {}
    names = {name.upper(): one for name, one in aliases.items()} | regions
    near = difflib.get_close_matches(region, names, 1)
    hint = (
        f"did you mean {f'{country}-{names[near[0]]}'!r}?"
        if near
        else f"known are {_listed(country, regions)}."
    )
    return f"{code!r}: {country} has no region {region!r}; {hint}"


def _country(word: str, codes: list[str]) -> str:
    from holidays.registry import COUNTRIES  # noqa: PLC0415

    names = {name.upper().replace("_", " "): code for name, (_, code, *_) in COUNTRIES.items()}
    others = {other: code for _, code, *more in COUNTRIES.values() for other in more if other.isupper()}
    names |= others | {"UK": "GB"}
    near = difflib.get_close_matches(word, [*names, *codes], 1, 0.75)
    code = names.get(near[0], near[0]) if near else ""
    return f"did you mean {code!r}?" if code else "write a code of ISO 3166 like 'DE' or 'DE-BE'."


def _listed(country: str, regions: Mapping[str, str]) -> str:
    return ", ".join(f"{country}-{one}" for one in regions.values())


@lru_cache(maxsize=4096)
def holiday(code: str, day: date) -> str:
    """The name of the public holiday that a day is there; empty for a day like others."""
    return str(_calendar(code).get(day) or "")


@lru_cache(maxsize=64)
def _calendar(code: str) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415

    country, _, region = code.upper().partition("-")
    known = {one.upper(): one for one in holidays.list_supported_countries(include_aliases=False)[country]}
    return holidays.country_holidays(country, known.get(region), language="en_US")
