"""Passwords in a text: the value that follows the word for it, in many languages. Pure."""

import re
from collections.abc import Iterator

from bot.redact.blanks import BLANK, BLANKS
from bot.redact.spans import PASSWORD, Span

_LONG = (
    r"pass(?:word|wort|code|phrase|wd)|kennwort|losungswort|zugangscode|mot de passe|contrase[nñ]a"
    r"|palavra(?:-| )passe"
    r"|wachtwoord|l[oö]senord|adgangskode|kodeord|passord|salasana|has[lł]o|heslo|jelsz[oó]"
    r"|parol[aeăė]?(?: d['’]ordine)?|lozinka"
    r"|geslo|lykilor[dð]|slapta[zž]odis|[sş]ifre|пароль|парола|лозинка|κωδικ[οό]ς(?: πρόσβασης)?|סיסמה"
    r"|كلمة (?:المرور|السر)|पासवर्ड|รหัสผ่าน|m[aậ]t kh[aẩ]u|kata sandi|パスワード|密码|密碼|口令|비밀번호|암호"
)
_SHORT = r"pwd|psw|passw|pass|pw|pin(?:(?:-| )?code)?|mdp|clave|senha|puk|kennw\.|pswd"
_MARKS = r"[\"'`*_”“’»)\]]{0,3}"
_IS = (
    r"is|was|are|lautet|ist|war|est|es|era|[eéè]|eh|is nu|är|er|on|to|je|jest|este|это|είναι|הוא|adalah|là"
    r"|は|是|는|은"
)
_NOW = "now|nun|jetzt|neu|new"
_FOR = r"(?:for|f[uü]r|pour|para|per|voor|f[oö]r|til|dla|pro)"
_WHOSE = rf"(?P<whose>(?:{BLANK}++[^\s:={BLANKS}]{{1,80}}+){{1,5}}?)"
_AFTER = rf"(?:{BLANK}++(?:{_NOW}))?(?:{BLANK}++{_FOR}{_WHOSE})?"
_WORDS = (
    rf"(?P<long>(?:{_LONG})(?:s|es|e|en)?)(?![^\W\d_])"
    r"|(?<![^\W_])(?:(?P<check>cv[vc]2?|ccv)|(?P<clear>pin(?P<code>(?:-| )?code)?|pwd|pw|puk)"
    rf"|{_SHORT})(?![^\W\d_])"
)
_WORD = re.compile(_WORDS.replace(" ", BLANK))
"""Of small letters: a search that need not heed their size is several times as fast."""
_TOLD = re.compile(
    rf"{_MARKS}{_AFTER}{BLANK}{{0,4}}(?:\b(?:{_IS}){BLANK}{{0,4}})?(?:(?::=|=>|[:=：＝])|[-–—](?=[^\S\r\n]))"
    rf"(?P<value>(?:{BLANK}{{0,8}}\r?\n){{0,4}}{BLANK}{{0,8}}[^\s{BLANKS}][^\n]{{0,200}})",
    re.IGNORECASE,
)
"""`password: hunter2`; what stands in a later line is one where it stands there alone."""
_SPOKEN = re.compile(
    rf"{_MARKS}(?:{_AFTER}{BLANK}{{0,4}}(?P<is>\b(?:{_IS})\b|[は是는은이])|(?:{BLANK}++(?:{_NOW}))?){BLANK}{{0,4}}"
    rf"(?!{_FOR}\b)(?P<value>[^\s:=：＝{BLANKS}][^\n]{{0,200}})",
    re.IGNORECASE,
)
"""`das Passwort lautet Sommer2024`: what looks like an ordinary word is none."""
_CHECK = re.compile(
    rf"(?:{BLANK}{{0,2}}(?:[:=：＝#.-]|code|number|nummer|is|ist|est|es)){{0,3}}{BLANK}{{0,2}}(\d{{3,4}})(?!\w)",
    re.IGNORECASE,
)
"""What stands on the back of a card: `CVV 123`."""
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,64}\.[a-z]{2,24}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d\d)")
_NUMBERED = re.compile(
    r"account|order|customer|ticket|invoice|user|member|number|konto|bestellung|auftrag|kunde|benutzer|nummer"
    r"|rechnung|mitglied|compte|commande|client|cuenta|pedido|cliente|ordine|utente|bestelling|klant",
    re.IGNORECASE,
)
"""Behind these comes a number that says which one."""
_POSTAL = re.compile(r"[1-9]\d{2} ?\d{3}\b[ ,]{1,2}[A-Z][a-z]+")
"""In India a PIN code is that of a town: https://en.wikipedia.org/wiki/Postal_Index_Number"""
_ELSE = frozenset(("parole", "paroles"))
"""In French and Italian these are words: only what looks like a password is one behind them."""
_PLACES = frozenset(("on", "to"))
"""What says `is` in Finnish and Polish, and in English where something happened."""
_QUOTED = re.compile(r"[\"„“«»‚'`*_]{1,3}([^\"“”«»‘’'`\n]{1,100}?)[\"“”«»‘'`]")
_BARE = re.compile(r"[\"'`*_(\[]{0,2}([^\s\"“”]{1,100})")
_PHRASE = re.compile(r"passphrase|phrase", re.IGNORECASE)
_ROOM = f"{BLANKS}\r\n"
_END = f".,;:!?)]}}>\"'`*_{BLANKS}"
_PLAIN = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "was",
        "not",
        "no",
        "none",
        "see",
        "please",
        "reset",
        "forgot",
        "forgotten",
        "change",
        "changed",
        "below",
        "above",
        "here",
        "attached",
        "wrong",
        "incorrect",
        "invalid",
        "expired",
        "protected",
        "required",
        "optional",
        "unknown",
        "lost",
        "help",
        "link",
        "click",
        "how",
        "what",
        "why",
        "when",
        "where",
        "my",
        "your",
        "our",
        "it",
        "this",
        "that",
        "we",
        "i",
        "you",
        "to",
        "for",
        "in",
        "on",
        "with",
        "and",
        "or",
        "of",
        "same",
        "as",
        "siehe",
        "bitte",
        "vergessen",
        "falsch",
        "unten",
        "oben",
        "zurücksetzen",
        "ändern",
        "geändert",
        "ungültig",
        "abgelaufen",
        "wie",
        "was",
        "warum",
        "das",
        "der",
        "die",
        "ein",
        "eine",
        "ich",
        "wir",
        "mein",
        "kein",
        "nicht",
        "funktioniert",
        "oublié",
        "incorrect",
        "voir",
        "olvidada",
        "incorrecta",
        "ver",
        *("can", "could", "do", "does", "did", "have", "has", "there", "hello", "hi", "thanks", "thank"),
        *("how", "if", "but", "because", "every", "each", "nothing", "hallo", "danke", "kann", "können"),
        "new",
        "old",
        "neu",
        "alt",
        "n/a",
        "tbd",
        "...",
    ]
)


def passwords(text: str) -> Iterator[Span]:
    """The passwords of a text, without the words that call them so."""
    small = text.lower()
    for word in _WORD.finditer(small if len(small) == len(text) else text):
        if found := _after(text, word):
            yield Span(*found, PASSWORD)


def _after(text: str, word: re.Match[str]) -> tuple[int, int] | None:
    """Where the password stands that a word announces."""
    if word["check"]:
        number = _CHECK.match(text, word.end())
        return number.span(1) if number else None
    if told := _TOLD.match(text, word.end()):
        found = _value(told, phrase=bool(_PHRASE.search(word[0])))
        return found if found and _may_be(text[slice(*found)], word, told) else None
    if (word["long"] or word["clear"]) and (spoken := _SPOKEN.match(text, word.end())):
        found = _value(spoken)
        return found if found and _sounds(text[slice(*found)], word, spoken) else None
    return None


def _value(told: re.Match[str], *, phrase: bool = False) -> tuple[int, int] | None:
    """Where the value begins and ends."""
    value, start = told["value"], told.start("value")
    skipped = len(value) - len(value.lstrip(_ROOM))
    rest, start = value[skipped:], start + skipped
    if quoted := _QUOTED.match(rest):
        return start + quoted.start(1), start + quoted.end(1)
    if phrase:
        return start, start + len(rest.rstrip(_ROOM))
    bare = _BARE.match(rest)
    if bare is None or ("\n" in value and bare.end() < len(rest.rstrip(_ROOM))):
        return None
    end = bare.start(1) + (len(bare[1].rstrip(_END)) or len(bare[1]))
    if bare[1].endswith("!") and any(one.isdigit() for one in bare[1]):
        end = bare.end(1)
    return start + bare.start(1), start + end


def _may_be(value: str, word: re.Match[str], told: re.Match[str]) -> bool:
    """Whether what follows a colon is a password: most things are."""
    if len(value) < 3 or value.lower() in _PLAIN or "://" in value or value.startswith("["):
        return False
    if _is_postal(word, told) or (told["whose"] and _says_whose(value, told["whose"])):
        return False
    if "\n" in told["value"]:
        return _looks(value) and not _elsewhere(value)
    return word[0] not in _ELSE or _looks(value)


def _says_whose(value: str, whose: str) -> bool:
    """Whether a value says whose password is meant, as a number of an order does."""
    return _elsewhere(value) or (
        value.isdigit() and _NUMBERED.search(whose.rsplit(maxsplit=1)[-1]) is not None
    )


def _elsewhere(value: str) -> bool:
    """Whether it is more often something else: an address, a date."""
    return _ADDRESS.fullmatch(value) is not None or _DATE.fullmatch(value) is not None


def _is_postal(word: re.Match[str], told: re.Match[str]) -> bool:
    return word["code"] is not None and _POSTAL.match(told["value"].lstrip(_ROOM)) is not None


def _looks(value: str) -> bool:
    """Whether nobody would take it for a word of the sentence."""
    if "://" in value or value.startswith("[") or len(value) < 4:
        return False
    digits = sum(one.isdigit() for one in value)
    others = sum(not one.isalnum() and one not in "'’-.…/" for one in value)
    letters = len(value) - digits - others
    return digits == len(value) or (letters > 0 and (digits > 0 or others > 0))


def _sounds(value: str, word: re.Match[str], spoken: re.Match[str]) -> bool:
    """Whether a sentence says it as one: in quotes, or after `is` in letters that no word is written in."""
    said = (spoken["is"] or "").lower()
    if said in _PLACES and word[0].startswith("pass"):
        return False
    if _ADDRESS.fullmatch(value) or (_DATE.fullmatch(value) and not said) or _is_postal(word, spoken):
        return False
    if _looks(value):
        return True
    quoted = _QUOTED.match(spoken["value"])
    if quoted:
        return len(value) > 3 and " " not in value and bool(said)
    mixed = value[1:] != value[1:].lower() and value != value.upper()
    return bool(said) and mixed and len(value) >= 6
