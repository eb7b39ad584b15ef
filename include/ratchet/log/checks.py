"""The checks of a line against the event contract, as SQL generated from `contracts/streams.py`.

Two tiers, because most lines are good. The first is cheap and errs on the side of doubt: a regular expression over the
line (`may_be_odd`: a field with a value of another type, NaN, a trailing comma) and bounds on the typed values
(`is_clean`). The second, exact and dear, runs only on lines in doubt and names every problem (`problems`).

How a line becomes typed columns belongs to `shape.py`, what becomes of a refused one to `bronze.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ratchet.contracts.streams import NUMBER_LIMIT, RESERVED_STREAMS, STREAMS, FieldSpec, Kind, field_specs
from ratchet.log.shape import EVENT_TYPE, all_fields, by_stream, is_one_of, streams_of
from ratchet.log.sqltext import identifier, literal, literals


class Reason(StrEnum):
    """Why a line is refused, in the order in which one is chosen when several apply."""

    LINE_TOO_LONG = "line_too_long"
    BAD_UTF8 = "bad_utf8"
    NOT_JSON = "not_json"
    NOT_OBJECT = "not_object"
    NO_EVENT_TYPE = "no_event_type"
    RESERVED_STREAM = "reserved_stream"
    UNKNOWN_STREAM = "unknown_stream"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    TOO_LONG = "too_long"
    NOT_A_CHOICE = "not_a_choice"
    OUT_OF_RANGE = "out_of_range"
    CLOCK = "clock"


FIRST_MOMENT = "timestamp '2000-01-01'"
MAX_DAYS_AHEAD = 2
_JSON_NAMES = {
    Kind.STRING: ["VARCHAR"],
    Kind.INTEGER: ["BIGINT", "UBIGINT", "DOUBLE"],
    Kind.NUMBER: ["BIGINT", "UBIGINT", "DOUBLE"],
    Kind.BOOLEAN: ["BOOLEAN"],
    Kind.OBJECT: ["OBJECT"],
}
_WORDS = {
    Kind.STRING: "a string",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.OBJECT: "an object",
}
_TIMESTAMP = (
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
    r"(?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """SQL for the parts of a line that the checks look at.

    Attributes:
        line: the JSON text.
        event: the struct that `shape.transform_structure` reads from it.
        moments: the UTC timestamp of each timestamp field.
        last_moment: the first moment at which no event may have occurred yet.
    """

    line: str
    event: str
    moments: dict[str, str]
    last_moment: str

    def value(self, name: str) -> str:
        """Return SQL for a field's value."""
        return f"{self.event}.{identifier(name)}"


def may_be_odd() -> str:
    """Return the regular expression that finds every line in which a field may have a value of another type.

    It looks at the first characters of the value behind a field's name. A name that is spelled with escapes would hide
    from it, so such lines are found too, as are NaN, infinity and trailing commas, which DuckDB reads as JSON. A field
    that is a list of objects is always looked at exactly.
    """
    fields = all_fields()
    names = {kind: "|".join(n for n, f in fields.items() if f.kind is kind and not f.item_keys) for kind in Kind}
    text = f"{EVENT_TYPE}|{names[Kind.STRING]}|{names[Kind.TIMESTAMP]}"
    values = (
        rf'(?:{text})"\s*:\s*(?:[^"n\s]|n[^u])',
        rf'(?:{names[Kind.NUMBER]})"\s*:\s*(?:[^-0-9n\s]|n[^u]|-[^0-9])',
        rf'(?:{names[Kind.INTEGER]})"\s*:\s*(?:[^-0-9n\s]|n[^u]|-[^0-9]|-?[0-9]+[.eE]|-?[0-9]{{16}})',
        rf'(?:{names[Kind.BOOLEAN]})"\s*:\s*(?:[^tfn\s]|n[^u])',
        rf'(?:{names[Kind.OBJECT]})"\s*:\s*(?:[^{{n\s]|n[^u])',
        rf'(?:{"|".join(n for n, f in fields.items() if f.item_keys)})"',
    )
    escaped_letter = r"\\u00(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aAfF])"
    return rf'"(?:{"|".join(values)})|{escaped_letter}|(?i:nan|inf|infinity)\s*[,\]}}]|,\s*[\]}}]'


def moment(text: str) -> str:
    """Return SQL that reads RFC 3339 text as a UTC timestamp, NULL when it is none; second 60 counts as 59."""
    plain = f"regexp_replace(upper({text}), ':60', ':59')"
    matches = f"regexp_full_match({text}, {literal(_TIMESTAMP)})"
    return f"case when {matches} then make_timestamp(epoch_us(try_cast({plain} as timestamptz))) end"


def is_clean(columns: Columns) -> str:
    """Return SQL that is true when the typed values break no rule; whether they had the right type is not looked at.

    A rule that all streams with a field share is checked in every line, whatever its stream, over whole columns.
    """
    stream, occurred = columns.value(EVENT_TYPE), columns.moments["occurred_at"]
    rules = [f"{occurred} >= {FIRST_MOMENT} and {occurred} < {columns.last_moment}", is_one_of(stream, list(STREAMS))]
    for name in all_fields():
        having: dict[str, list[str]] = {}
        for one in streams_of(name):
            spec = next(spec for spec in field_specs(one) if spec.name == name)
            for rule in _clean(spec, columns):
                having.setdefault(rule, []).append(one)
        for rule, streams in having.items():
            shared = len(streams) == len(streams_of(name)) and "not null" not in rule
            everywhere = shared or len(streams) == len(STREAMS)
            rules.append(rule if everywhere else f"(not {is_one_of(stream, streams)} or {rule})")
    return f"coalesce({' and '.join(rules)}, false)"


def problems(columns: Columns) -> str:
    """Return SQL for the problems of a line of valid JSON as `reason: detail`, the one that counts first."""
    line, stream = columns.line, columns.value(EVENT_TYPE)
    arms = (
        (f"json_type({line}) <> 'OBJECT'", f"'{Reason.NOT_OBJECT}: a JSON ' || lower(json_type({line}))"),
        (f"has_nan({line})", f"'{Reason.OUT_OF_RANGE}: NaN or infinity'"),
        (
            f"json_type({line}, '$.{EVENT_TYPE}') is distinct from 'VARCHAR'",
            f"'{Reason.NO_EVENT_TYPE}: event_type is missing or no string'",
        ),
        (
            f"list_contains({literals(RESERVED_STREAMS)}, {stream})",
            f"'{Reason.RESERVED_STREAM}: ' || {stream} || ' events are never read from a landing zone'",
        ),
        (
            f"not list_contains({literals(STREAMS)}, {stream})",
            f"'{Reason.UNKNOWN_STREAM}: no stream is called ' || left({stream}, 100)",
        ),
    )
    cases = " ".join(f"when {broken} then [{problem}]" for broken, problem in arms)
    return f"case {cases} else {_in_fields(columns)} end"


def _in_fields(columns: Columns) -> str:
    stream = columns.value(EVENT_TYPE)
    fields = by_stream(stream, {s: _zipped(columns.line, s) for s in STREAMS}, "[]")
    rest = ", ".join(
        f"case when {broken} then problem('{reason}', {literal(what)}) end" for reason, broken, what in _others(columns)
    )
    return f"sorted_problems({fields}, [{rest}])"


def _others(columns: Columns) -> Iterator[tuple[Reason, str, str]]:
    """Yield what a field's own type and bounds do not tell: reason, SQL that is true when broken, detail."""
    occurred = columns.moments["occurred_at"]
    late = f"occurred_at is more than {MAX_DAYS_AHEAD} days after the landing day"
    yield Reason.CLOCK, f"{occurred} < {FIRST_MOMENT}", "occurred_at is before 2000"
    yield Reason.CLOCK, f"{occurred} >= {columns.last_moment}", late
    for name, moment_of in columns.moments.items():
        broken = f"{columns.value(name)} is not null and {moment_of} is null"
        yield Reason.WRONG_TYPE, _having(columns, name, broken), f"{name} is not an RFC 3339 timestamp with offset"
    for name, spec in all_fields().items():
        if spec.item_keys:
            broken = _having(columns, name, _no_list(spec, columns.value(name)))
            yield Reason.WRONG_TYPE, broken, f"{name} is not a list of objects of strings"


def _having(columns: Columns, name: str, broken: str) -> str:
    return f"{is_one_of(columns.value(EVENT_TYPE), streams_of(name))} and {broken}"


def _bounds(spec: FieldSpec) -> tuple[float, float]:
    low = -NUMBER_LIMIT if spec.minimum is None else spec.minimum
    high = NUMBER_LIMIT if spec.maximum is None else spec.maximum
    return low, high


def _clean(spec: FieldSpec, columns: Columns) -> Iterator[str]:
    value = columns.value(spec.name)
    if spec.required:
        yield f"{value} is not null"
    if spec.kind is Kind.TIMESTAMP:
        yield f"({columns.moments[spec.name]} is null) = ({value} is null)"
    if spec.max_length:
        yield f"coalesce(length({value}) between 1 and {spec.max_length}, true)"
    if spec.choices:
        yield f"coalesce({value} in ({', '.join(map(literal, spec.choices))}), true)"
    if spec.kind in (Kind.INTEGER, Kind.NUMBER):
        low, high = _bounds(spec)
        yield f"coalesce({value} >= {low:.0f} and {value} <= {high:.0f}, true)"


def setup() -> list[str]:
    """Return the statements that a connection needs once: macros, and each stream's rules as a variable."""
    rules = {stream: f"[{', '.join(map(_rules, field_specs(stream)))}]" for stream in STREAMS}
    return [
        *(f"create or replace temp macro {macro}" for macro in _MACROS),
        *(f"set variable rules_of_{stream} = {listed}" for stream, listed in rules.items()),
    ]


def _zipped(line: str, stream: str) -> str:
    """Return SQL for the JSON type, the text and the rules of each field of a stream."""
    paths = literals(f"$.{spec.name}" for spec in field_specs(stream))
    types, texts = f"json_type({line}, {paths})", f"json_extract_string({line}, {paths})"
    return f"list_zip({types}, {texts}, getvariable('rules_of_{stream}'))"


def _rules(spec: FieldSpec) -> str:
    """Return what a field may hold as an SQL struct."""
    low, high = _bounds(spec)
    types = literals([*_JSON_NAMES[spec.kind], "NULL"]) if spec.kind in _JSON_NAMES else "null::varchar[]"
    return (
        f"{{'name': '{spec.name}', 'required': {spec.required}, 'types': {types}, 'longest': {spec.max_length or 0},"
        f" 'word': {literal(_WORDS.get(spec.kind, ''))}, 'choices': {literals(spec.choices)}::varchar[],"
        f" 'whole': {spec.kind is Kind.INTEGER}, 'low': {low:.0f}::double, 'high': {high:.0f}::double,"
        f" 'range': {literal(f'{low:g} to {high:g}')}}}"
    )


def _no_list(spec: FieldSpec, value: str) -> str:
    items = f"json_extract({value}, '$[*]')"
    keys = " and ".join(
        f"coalesce(json_type(item, '$.{key}'), 'NULL') in ('VARCHAR', 'NULL')" for key in spec.item_keys
    )
    strange = f"list_filter({items}, lambda item: json_type(item) <> 'OBJECT' or not ({keys}))"
    return f"{value} is not null and not (json_type({value}) = 'ARRAY' and len({strange}) = 0)"


# One field of one line: `x` is its JSON type, its text and its rules.
_IS_MISSING = "is_missing(x) as x[3].required and (coalesce(x[1], 'NULL') = 'NULL' or (x[3].longest > 0 and x[2] = ''))"
_IS_WRONG = """is_wrong(x) as not list_contains(x[3].types, x[1])
    or (x[3].whole and x[1] = 'DOUBLE' and try_cast(x[2] as double) <> trunc(try_cast(x[2] as double)))"""
_IS_STRANGE = """is_strange(x) as x[1] = 'VARCHAR' and ((x[3].longest > 0 and length(x[2]) > x[3].longest)
    or (len(x[3].choices) > 0 and not list_contains(x[3].choices, x[2])))"""
_IS_OUTSIDE = """is_outside(x) as
    x[1] <> 'VARCHAR' and not coalesce(try_cast(x[2] as double) between x[3].low and x[3].high, true)"""
_FIELD_PROBLEM = f"""field_problem(x) as case
    when is_missing(x) then problem('{Reason.MISSING_FIELD}', x[3].name || ' is missing')
    when is_wrong(x) then problem('{Reason.WRONG_TYPE}', x[3].name || ' is not ' || x[3].word)
    when is_outside(x) then problem('{Reason.OUT_OF_RANGE}', x[3].name || ' is not in ' || x[3].range)
    when x[3].longest > 0 then problem('{Reason.TOO_LONG}', x[3].name || ' is over ' || x[3].longest || ' long')
    else problem('{Reason.NOT_A_CHOICE}', x[3].name || ' is none of ' || array_to_string(x[3].choices, ', ')) end"""
# The two digits that it begins with are for sorting.
_PROBLEM = f"""problem(reason, detail) as
    lpad(list_position({literals(Reason)}, reason)::varchar, 2, '0') || reason || ': ' || detail"""
_SORTED = """sorted_problems(fields, others) as list_transform(list_sort(list_filter(
    list_transform(
        list_filter(fields, lambda x: is_missing(x) or is_wrong(x) or is_strange(x) or is_outside(x)),
        lambda x: field_problem(x))
    || others, lambda p: p is not null)), lambda p: p[3:])"""
# JSON with its strings emptied, so that what looks like a number or a comma is one.
_UNQUOTED = r"""unquoted(line) as regexp_replace(line, '"(?:[^"\\]|\\.)*"', '""', 'g')"""
_COMMA = r"""has_trailing_comma(line) as
    regexp_matches(line, ',\s*[\]}]') and regexp_matches(unquoted(line), ',\s*[\]}]')"""
_NAN = r"""has_nan(line) as
    regexp_matches(line, '(?i)(?:nan|inf|infinity)\s*[,\]}]') and regexp_matches(unquoted(line), '(?i)nan|inf')"""
_MACROS = (
    *(_PROBLEM, _IS_MISSING, _IS_WRONG, _IS_STRANGE, _IS_OUTSIDE, _FIELD_PROBLEM, _SORTED),
    *(_UNQUOTED, _COMMA, _NAN),
)
