"""Names in large numbers, made of parts: a person or a company for every number, the same one each time."""

from forecasting.demo.mass_sql import define, pick
from forecasting.demo.names import ENDINGS, FIRST, LAST, STEMS

ONSETS = (
    "Ander Bern Brand Carl Dahl Dun Ek Elling Falken Fen Gard Gran Hal Hart Holm Jan Kess Kol Lang Lind Lund Mar Mol "
    "Nor Oster Palm Quist Rand Ros Sand Stan Stel Sten Stor Thor Tor Ull Val Vind Wald West Wil Win Ybar Zand"
).split()
CODAS = (
    "berg dahl den fors gard gren holm land lund man mark meyer nes quist sen son stad strand strom ton wall".split()
)
TAILS = ("", "bank", "bridge", "dale", "field", "ford", "gate", "ham", "haven", "land", "mark", "mere", "mont", "more",
         "port", "stead", "ton", "view", "ward", "well")  # fmt: skip
PAIRS = tuple((industry, ending) for industry, endings in ENDINGS.items() for ending in endings)
FAMILIES = tuple(LAST) + tuple(onset + coda for onset in ONSETS for coda in CODAS)


def define_names() -> None:
    """first(key), last(key), company(key), industry(key), domain(key) for this session."""
    define("first", "key bigint", "text", f"SELECT {pick(FIRST, 'key', 101)}")
    define("last", "key bigint", "text", f"SELECT {pick(FAMILIES, 'key', 102)}")
    stem = f"{pick(STEMS, 'key', 103)} || {pick(TAILS, 'key', 104)}"
    define("stem", "key bigint", "text", f"SELECT {stem}")
    ending = pick([pair[1] for pair in PAIRS], "key", 106)
    define("company", "key bigint", "text", f"SELECT {stem} || ' ' || {pick(STEMS, 'key', 105)} || ' ' || {ending}")
    define("industry", "key bigint", "text", f"SELECT {pick([pair[0] for pair in PAIRS], 'key', 106)}")
    # The number keeps it apart from every other; .example belongs to nobody, so that no mail ever reaches anybody.
    define("domain", "key bigint", "text", f"SELECT lower({stem} || '-' || key || '.example')")
    define("email", "key bigint", "text", "SELECT lower(pg_temp.first(key) || '.' || pg_temp.last(key) || '@') "
           "|| pg_temp.domain(key)")  # fmt: skip
