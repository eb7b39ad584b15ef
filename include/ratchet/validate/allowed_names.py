"""What generated code may use: modules with their names, and built-ins. Everything else is refused by `allowlist`.

A name stands here because a family uses it, or because a fix of its kind plainly would; none of them opens, starts or
reaches anything, reads the real clock, or leads to a module, a frame or a code object.
"""

from __future__ import annotations

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKAGES = ("tenacity",)
"""What is not of the standard library; its sources are handed to the sandbox."""

_MODULES = {
    "__future__": "annotations",
    "ast": "literal_eval",
    "asyncio": "CancelledError TimeoutError gather run shield sleep timeout wait_for",
    "base64": "b64decode b64encode urlsafe_b64decode urlsafe_b64encode",
    "bisect": "bisect bisect_left bisect_right",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "collections.abc": "Awaitable Callable Collection Coroutine Generator Hashable Iterable Iterator Mapping"
    " MutableMapping MutableSequence Sequence Set Sized",
    "contextlib": "closing nullcontext suppress",
    "copy": "copy deepcopy",
    "dataclasses": "asdict astuple dataclass field replace",
    "datetime": "UTC date datetime time timedelta timezone",
    "decimal": "Decimal InvalidOperation ROUND_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP",
    "difflib": "SequenceMatcher get_close_matches",
    "email.utils": "parsedate_to_datetime",
    "enum": "Enum IntEnum StrEnum auto",
    "fractions": "Fraction",
    "functools": "cache lru_cache partial reduce wraps",
    "hashlib": "md5 sha1 sha256",
    "html": "escape unescape",
    "itertools": "accumulate chain count cycle dropwhile groupby islice pairwise repeat takewhile zip_longest",
    "json": "JSONDecodeError JSONDecoder dumps loads",
    "math": "ceil exp floor inf isfinite isinf isnan log log10 log2 nan pow sqrt trunc",
    "random": "Random choice expovariate randint random uniform",
    "re": "ASCII DOTALL IGNORECASE MULTILINE Match Pattern compile escape findall finditer fullmatch match search split"
    " sub",
    "statistics": "mean median",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits punctuation whitespace",
    "tenacity": "AsyncRetrying RetryCallState RetryError Retrying retry retry_all retry_any retry_base"
    " retry_if_exception retry_if_exception_message retry_if_exception_type retry_if_not_exception_type"
    " retry_if_not_result retry_if_result retry_never stop_after_attempt stop_after_delay stop_all stop_any"
    " stop_before_delay stop_never wait_chain wait_combine wait_exponential wait_exponential_jitter wait_fixed"
    " wait_full_jitter wait_incrementing wait_none wait_random wait_random_exponential",
    "time": "monotonic perf_counter sleep time",
    "typing": "Any Final Generic Literal NamedTuple NoReturn Optional ParamSpec Protocol TypeAlias TypedDict TypeVar"
    " Union cast final",
    "unicodedata": "category combining normalize",
    "urllib.parse": "parse_qs parse_qsl quote unquote urlencode urlsplit urlunsplit",
}
MODULES: Mapping[str, frozenset[str]] = {module: _names(names) for module, names in _MODULES.items()}

BUILTINS = _names(
    "False None True NotImplemented Ellipsis abs all any bool bytearray bytes callable chr classmethod complex dict"
    " divmod enumerate filter float frozenset hash int isinstance issubclass iter len list map max min next object ord"
    " pow property range repr reversed round set slice sorted staticmethod str sum super tuple zip"
    " ArithmeticError AssertionError AttributeError BaseException BufferError ConnectionAbortedError ConnectionError"
    " ConnectionRefusedError ConnectionResetError EOFError Exception ExceptionGroup IndexError KeyError LookupError"
    " NotImplementedError OSError OverflowError PermissionError RecursionError RuntimeError StopAsyncIteration"
    " StopIteration TimeoutError TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError"
    " ZeroDivisionError"
)

METHODS = _names(
    "__aenter__ __aexit__ __aiter__ __anext__ __await__ __bool__ __call__ __contains__ __enter__ __eq__ __exit__"
    " __getitem__ __hash__ __init__ __iter__ __len__ __lt__ __next__ __post_init__ __repr__ __str__"
)
"""Special methods that a class of generated code may define."""

REFUSED_ATTRIBUTES = _names(
    "ag_await ag_code ag_frame cr_await cr_code cr_frame cr_origin gi_code gi_frame gi_yieldfrom tb_frame tb_next"
    " f_back f_builtins f_code f_globals f_locals get_coro get_context get_loop get_stack print_stack mro"
    " format format_map now today utcnow fromtimestamp"
)
"""Attributes that lead to frames, code or classes, read any attribute by text, or read the real clock or time zone."""

PRELOADED = (
    *MODULES,
    *("_strptime", "calendar", "concurrent.futures.thread", "linecache", "locale", "tenacity.asyncio", "tokenize"),
    *("copyreg", "stringprep", "traceback", "selectors"),
)
"""What the sandbox loads before it is locked: the modules above, and what they would load later."""
