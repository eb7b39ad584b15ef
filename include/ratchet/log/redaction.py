"""Personal data and secrets become typed placeholders, in SQL, before a line is written anywhere.

Kinds: `[EMAIL]`, `[BEARER_TOKEN]`, `[API_KEY]`, `[SECRET]` (a password, or the value of a key such as `api_key`),
`[CARD]` (Luhn-checked), `[PHONE]` (only with a plus sign or separators: bare digits are often item ids). One regular
expression finds the lines that may hold any. Such a line is first written canonically, in which no ASCII character is
escaped without need and no space stands outside strings; what is then looked for cannot reach beyond a string, so that
numbers and booleans keep their type and the line stays valid JSON, nested JSON in a string included.

Identifiers must still join and count: where a field of the contract whose name ends in `_id` holds something, its
whole value becomes the placeholder with the first twelve hex digits of the MD5 of what it was, such as
`[EMAIL:9f3a51c2d4e6]`. The hash has no key, so whoever knows an address can recognise it; that is the price of stable
joins.

Which lines are quarantined belongs to `checks.py`.
"""

from __future__ import annotations

from ratchet.log.shape import all_fields
from ratchet.log.sqltext import literal, literals

KINDS = ("email", "bearer_token", "api_key", "secret", "card", "phone")

# A value with at least one digit: `token: expected` is prose, `token: 8f14e45f` is not.
_WITH_DIGIT = r"(?:[A-Za-z_.+/~-]{0,64}[0-9][A-Za-z0-9_.+/=~-]{5,}|[A-Za-z0-9_.+/~-]{5,}[0-9][A-Za-z0-9_.+/=~-]*)"
_KEY_NAME = "(?:api|access|secret|private|auth|signing|encryption)[_-]?key"
_TOKEN_NAME = "(?:[a-z]+[_-])?token"  # noqa: S105 -- the name of a field, not a secret
_SECRET_NAME = "(?:[a-z]+[_-])?secret"  # noqa: S105
_PASSWORD_NAME = "(?:[a-z]+[_-])?(?:password|passwd|passphrase|pwd)"  # noqa: S105
# Never a plain `":`, which would be a key of the line itself, whose value may be a number.
_ASSIGN = r"""\s*[:=]\s*(?:\\+"|')?|\\+"\s*[:=]\s*\\+"|'\s*[:=]\s*'"""
_PASSWORD = r"""[^\s"'\\\[\],:;&{}][^\s"'\\,;&]{2,}"""  # noqa: S105
_ESCAPES = r"""((?:\\+(?:["/bfnrt]|u[0-9a-fA-F]{4})?)*)"""  # what stands before a word must not become a part of it

_REPLACEMENTS: tuple[tuple[str, str], ...] = (
    (
        rf'(?i)"({_PASSWORD_NAME}|{_KEY_NAME}|{_SECRET_NAME}|authorization|credentials?)"(\s*:\s*)"(?:[^"\\]|\\.)+"',
        r'"\1"\2"[SECRET]"',
    ),
    (rf'(?i)"({_TOKEN_NAME})"(\s*:\s*)"{_WITH_DIGIT}"', r'"\1"\2"[SECRET]"'),
    (  # the same in JSON that is a string's value
        rf'(?i)\\"({_PASSWORD_NAME}|{_KEY_NAME}|{_SECRET_NAME}|authorization)\\"(\s*:\s*)'
        r'\\"(?:[^"\\]|\\\\(?:\\"|\\\\|[^"\\]))+\\"',
        r'\\"\1\\"\2\\"[SECRET]\\"',
    ),
    (rf'(?i)"({_PASSWORD_NAME}|{_KEY_NAME}|{_SECRET_NAME}|authorization)"(\s*:\s*)"[^"]*$', r'"\1"\2"[SECRET]'),
    (r'-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\+[^"\\])*', "[SECRET]"),
    (rf"(?i)\b(bearer|basic)(?:\s|\\+[nrt])+(?:{_WITH_DIGIT}|[A-Za-z0-9._~+/=-]{{20,}})", r"\1 [BEARER_TOKEN]"),
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", "[BEARER_TOKEN]"),
    (
        r"\b(?:sk-[A-Za-z0-9_-]{16,}|[srp]k_(?:live|test)_[A-Za-z0-9]{10,}|gh[pousr]_[A-Za-z0-9]{20,}"
        r"|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeprs]-[A-Za-z0-9-]{8,}"
        r"|AIza[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        "[API_KEY]",
    ),
    (rf"(?i)\b({_PASSWORD_NAME})({_ASSIGN}){_PASSWORD}", r"\1\2[SECRET]"),
    (rf"(?i)\b({_KEY_NAME}|{_TOKEN_NAME}|{_SECRET_NAME})({_ASSIGN}){_WITH_DIGIT}", r"\1\2[API_KEY]"),
    (
        r"(?i)\b(key=)(?:[A-Za-z_-]{0,40}[0-9][A-Za-z0-9_-]{15,}|[A-Za-z0-9_-]{15,}[0-9][A-Za-z0-9_-]*)",
        r"\1[API_KEY]",
    ),
    (
        rf"{_ESCAPES}[\pL\pN._%+-](?:[\pL\pN._%+'-]*[\pL\pN_%+-])?@"
        r"[\pL\pN](?:[\pL\pN-]*[\pL\pN])?(?:\.[\pL\pN](?:[\pL\pN-]*[\pL\pN])?)*\.\pL{2,}",
        r"\1[EMAIL]",
    ),
)
_BEFORE_CARD = r"(^|[^\w.]|\\[nrt])"
_CARD = rf"{_BEFORE_CARD}([2-6](?:[ -]?[0-9]){{12,18}})\b"
_GROUPED_CARD = rf"{_BEFORE_CARD}([2-6][0-9]{{3}}(?:[ -][0-9]{{4}}){{3}}|3[0-9]{{3}}[ -][0-9]{{6}}[ -][0-9]{{4,5}})\b"
_PHONES = (
    r"\+\(?[1-9](?:[ ().\/-]{0,2}[0-9]){7,14}",
    r"(?:1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}[.-])[0-9]{3}[ .-][0-9]{4}",
    r"(?:1 )?[0-9]{3} [0-9]{3} [0-9]{4}",
    r"\(?0[1-9][0-9]{1,3}\)?[ \/-]{1,2}[0-9](?:[ .-]?[0-9]){5,9}",
    r"0[1-9](?:[ .-][0-9]{2}){4}",
)
_PHONE = rf"(^|[^\w.+-]|\\[nrt])(?:{'|'.join(_PHONES)})\b"
# What a raw line must hold for any of the above to be in it. An ASCII character may be escaped (`\u0040`).
MAY_HOLD = (
    r"@|(?i:bearer|basic)(?:\s|\\)|(?i:passw(?:or)?d|passphrase|pwd|secret|token|authorization|credentials?"
    rf"|{_KEY_NAME})[\\\"']{{0,3}}\s*[:=]|(?i:\bkey=)|PRIVATE KEY"
    r"|\b(?:sk-|[srp]k_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|xox|AIza|hf_|npm_|SG\.|eyJ)"
    r"|(?:[^\w.]|\\[nrt])[2-6](?:[ -]?[0-9]){12}|(?:[^\w.+-]|\\[nrt])(?:\+\(?[1-9](?:[ ().\\\/-]{0,3}[0-9]){7}"
    r"|\(?[0-9]{3}(?:\) ?|[ .-])[0-9]{3}[ .-][0-9]{4}|1[ .-]\(?[0-9]{3}[) .-]"
    r"|\(?0[1-9][0-9]{1,3}\)?[ \\\/-]{1,3}[0-9](?:[ .-]?[0-9]){5}|0[1-9](?:[ .-][0-9]{2}){4})|\\u00[2-7]"
)

_STRING = r'"(?:[^"\\]|\\.)*"'
_IDS = tuple(name for name in all_fields() if name.endswith("_id"))


def macros() -> list[str]:
    """Return the statements that define the SQL macros.

    The steps, in this order, each on the result of the one before (a macro would compute its argument anew at every
    use, so they are steps of a query):

    - `redactable(line, valid)`: a line of valid JSON written canonically, other text as its first 16,384 characters;
    - `redact_words(line)`: addresses, tokens, keys and passwords;
    - `redact_numbers(line, valid)`: cards, then phones;
    - `redact_ids(line, clean)`: the same with the identifiers hashed; `line` is what was redactable.

    `placeholders(text, kind)` counts the placeholders of a kind in a text.
    """
    return [f"create or replace temp macro {macro}" for macro in _MACROS]


def _words(text: str) -> str:
    for pattern, replacement in _REPLACEMENTS:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return text


# Digits of a JSON number are no string, so cards are looked for in string tokens only. DuckDB compiles a regular
# expression inside a lambda anew for every chunk of rows: here that is for the few lines that may hold a card.
_LUHN = """luhn(digits) as list_sum(list_transform(range(1, length(digits) + 1), lambda i:
    case when i % 2 = 1 then cast(digits[-i] as int)
         when cast(digits[-i] as int) > 4 then cast(digits[-i] as int) * 2 - 9
         else cast(digits[-i] as int) * 2 end)) % 10 = 0"""
_NUMBERS = f"""card_numbers(text) as list_filter(
    regexp_extract_all(text, {literal(_CARD)}, 2) || regexp_extract_all(text, {literal(_GROUPED_CARD)}, 2),
    lambda c: luhn(replace(replace(c, ' ', ''), '-', '')))"""
# Numbers of JSON that is a string's value keep their type too.
_ONE_CARD = r"""without_card(token) as list_reduce(
    card_numbers(regexp_replace(token, '(\\+":\s*-?)[0-9]+', '\1', 'g')),
    lambda whole, card: replace(whole, card, '[CARD]'), token)"""
_CARDS = f"""without_cards(line, valid) as case when not regexp_matches(line, {literal(_CARD)}) then line
    when valid then list_reduce(
        list_filter(regexp_extract_all(line, {literal(_STRING)}), lambda t: regexp_matches(t, {literal(_CARD)})),
        lambda whole, token: replace(whole, token, without_card(token)), line)
    else without_card(line) end"""
_PREPARED = r"""redactable(line, valid) as case when valid then json(line)::varchar
    else replace(regexp_replace(left(line, 16384), '\\u002[bB]', '+', 'g'), '\u0040', '@') end"""
_WORDS = f"redact_words(line) as {_words('line')}"
_PHONES_OUT = rf"""redact_numbers(line, valid) as
    regexp_replace(without_cards(line, valid), {literal(_PHONE)}, '\1[PHONE]', 'g')"""
_ID_MAY_BE = rf'"(?:{"|".join(_IDS)})":"[^"]*\[(?:{"|".join(k.upper() for k in KINDS)})\]'
_PATHS = literals(f"$.{name}" for name in _IDS)
_HASHED = rf"""hashed_ids(pairs) as '{{' || array_to_string(list_transform(
    list_filter(pairs, lambda p: p[2] <> p[3]),
    lambda p: '"' || p[1] || '":"[' || regexp_extract(p[3], '\[({"|".join(k.upper() for k in KINDS)})\]', 1)
        || ':' || md5(p[2])[:12] || ']"'), ',') || '}}'"""
_HASH = f"""redact_ids(line, clean) as case when regexp_matches(clean, {literal(_ID_MAY_BE)})
    then json_merge_patch(clean, hashed_ids(list_zip(
        {literals(_IDS)}, json_extract_string(line, {_PATHS}), json_extract_string(clean, {_PATHS}))))::varchar
    else clean end"""
_COUNT = """placeholders(s, kind) as
    (length(s) - length(replace(s, '[' || upper(kind), ''))) // (length(kind) + 1)"""
_MACROS = (_LUHN, _NUMBERS, _ONE_CARD, _CARDS, _PREPARED, _WORDS, _PHONES_OUT, _HASHED, _HASH, _COUNT)
