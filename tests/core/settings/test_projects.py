"""Finding, reading and refusing regard.toml."""

from __future__ import annotations

import os
import traceback
from datetime import timedelta
from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.settings import Project, find_config, load_project, make_settings, unused

CRM = '[sources.crm]\nplugin = "crm-export"\n'


def load(folder: Path, text: str) -> Project:
    """Load a project with a configuration."""
    path = folder / "regard.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def refused(folder: Path, text: str) -> list[str]:
    """Return the lines with which a configuration is refused, without the file's folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}{os.sep}", "").splitlines()


@pytest.mark.parametrize("said", ["-5", "0", "9.99", '"-5"', '"9,99 EUR"', '"€ 9"', '"\u22121"'])
def test_a_least_price_is_a_column_and_no_amount(said: str, tmp_path: Path) -> None:
    """`minimum` names a column; an amount is refused with what would be right."""
    (line,) = refused(tmp_path, f"[prices]\nminimum = {said}\n")

    assert line.startswith("regard.toml:2: prices.minimum: ")
    assert "is an amount; name the column in which each of our products has its own" in line


@pytest.mark.parametrize("said", ["least", "2026 least", "MAP", "PVP min. €", "Price 2"])
def test_a_least_price_is_any_column(said: str, tmp_path: Path) -> None:
    """Whatever a column may be called is accepted."""
    assert said == load(tmp_path, f'[prices]\nminimum = "{said}"\n').settings.prices.minimum


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('parking = ["parking", "apar*ca"]', "themes.parking[1]: 'apar*ca' is no word or phrase"),
        ('parking = ["..."]', "themes.parking[0]: '...' is no word or phrase: it has no letter"),
        ("parking = [3]", 'themes.parking[0]: must be a text such as "aparca*", not 3'),
        ("parking = {words = 3}", "themes.parking: must be a list"),
        (f'parking = "{"x" * 101}"', "themes.parking[0]"),
        ('bundled = ["wating"]', "'wating' is no bundled theme; did you mean 'waiting'?"),
        ("bundled = 3", 'themes.bundled: true, false or a list of themes such as ["price"]'),
    ],
)
def test_themes_are_refused(said: str, wrong: str, tmp_path: Path) -> None:
    """A word that can tell nothing is named with its line and what would be right."""
    (line,) = refused(tmp_path, f"[themes]\n{said}\n")

    assert line.startswith("regard.toml:2: themes.")
    assert wrong in line


@pytest.mark.parametrize("said", ["bundled = false", 'other = ["x"]', '"" = ["x"]'])
def test_themes_that_tell_nothing(said: str, tmp_path: Path) -> None:
    """No theme at all, and names that no theme may have, are refused."""
    (line,) = refused(tmp_path, f"[themes]\n{said}\n")

    assert line.startswith("regard.toml:1: themes: ")


def test_themes(tmp_path: Path) -> None:
    """A team names themes of its own, and says which of the bundled ones stay."""
    text = (
        '[themes]\nbundled = ["price"]\nparking = "aparca*"\n"Car parks" = ["car park", "C&A"]\n'
    )
    themes = load(tmp_path, text).settings.themes

    assert {"parking": ("aparca*",), "Car parks": ("car park", "C&A")} == themes.own
    assert ("price",) == themes.bundled
    assert () == load(tmp_path, "[themes]\nbundled = false\nx = 'y'\n").settings.themes.bundled
    assert len(load(tmp_path, "").settings.themes.bundled) > 5


class TestFinding:
    """Where the configuration is."""

    def test_none(self, tmp_path: Path) -> None:
        """Without a project the message says how to make one."""
        with pytest.raises(ConfigError, match="`regard init` makes a project here"):
            find_config(tmp_path, None)

    def test_near_miss(self, tmp_path: Path) -> None:
        """A file that is called almost right is named."""
        (tmp_path / "regard.toml.txt").touch()

        with pytest.raises(ConfigError, match=r"but there is 'regard\.toml\.txt'"):
            find_config(tmp_path, None)

    def test_explicit_missing(self, tmp_path: Path) -> None:
        """A file that somebody named must exist, whatever lies around."""
        (tmp_path / "regard.toml").touch()

        with pytest.raises(ConfigError, match="there is no such file"):
            find_config(tmp_path, Path("other.toml"))

    def test_upwards(self, tmp_path: Path) -> None:
        """The nearest one above counts."""
        deep = tmp_path / "a" / "b" / "c"
        deep.mkdir(parents=True)
        (tmp_path / "regard.toml").touch()
        (tmp_path / "a" / "regard.toml").touch()

        assert tmp_path / "a" / "regard.toml" == find_config(deep, None)

    def test_folder(self, tmp_path: Path) -> None:
        """Naming the project's folder is enough."""
        (tmp_path / "p").mkdir()
        (tmp_path / "p" / "regard.toml").touch()

        assert tmp_path / "p" / "regard.toml" == find_config(tmp_path, Path("p"))


class TestUnreadable:
    """Files that are no TOML."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a = \nb = 1", "regard.toml:1: is not TOML: Invalid value (column 5): a ="),
            (
                'a = "x"\nlanguage = "en\n',
                "regard.toml:2: is not TOML: Illegal character '\\n' (column 15): language = \"en",
            ),
            (f"{CRM}\n{CRM}", "regard.toml:4: is not TOML: [sources.crm] stands twice"),
            ('store = "a"\nstore = "b"', "regard.toml:2: is not TOML: the same key stands twice"),
            ("[sources.crm\n", "regard.toml:1: is not TOML: Expected ']' at the end"),
            (
                'x = """never closed',
                "regard.toml:1: is not TOML: Unterminated string (at its end)",
            ),
        ],
    )
    def test_syntax(self, tmp_path: Path, text: str, expected: str) -> None:
        """A syntax error is told with line, column and the line's text."""
        lines = refused(tmp_path, text)

        assert [True] == [line.startswith(expected) for line in lines]

    @pytest.mark.parametrize(
        "line",
        [
            'password = "hunter22',
            'api_key = "hunter22',
            'store = "postgresql://me:hunter22@host/db',
            'x = ["a",\n"hunter22',
        ],
    )
    def test_syntax_beside_a_secret(self, tmp_path: Path, line: str) -> None:
        """A broken line that may hold a secret is not repeated."""
        lines = refused(tmp_path, f"[sources.crm]\n{line}\n")

        assert "hunter22" not in "".join(lines)

    def test_not_utf8(self, tmp_path: Path) -> None:
        """Another encoding is named with its line."""
        path = tmp_path / "regard.toml"
        path.write_bytes(b'language = "es"\nname = "Espa\xf1a"\n')

        with pytest.raises(ConfigError, match=r"regard\.toml:2: is not UTF-8"):
            load_project(path)

    def test_too_deep(self, tmp_path: Path) -> None:
        """Lists in lists without end are refused."""
        assert "too deep" in refused(tmp_path, f"x = {'[' * 5000}{']' * 5000}")[0]

    def test_too_large(self, tmp_path: Path) -> None:
        """A file that cannot be a configuration is not parsed."""
        assert "4 MiB at most" in refused(tmp_path, "#" * (4 * 1024 * 1024 + 1))[0]

    def test_folder(self, tmp_path: Path) -> None:
        """A folder in the file's place is a clear error."""
        with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
            load_project(tmp_path)

    def test_byte_order_mark(self, tmp_path: Path) -> None:
        """A byte order mark, as some editors write it, does no harm."""
        assert load(tmp_path, '\ufefflanguage = "es"\n').settings.language == "es"


FAULTS = [
    (
        'timezone = "europe/madrid"',
        ("timezone: 'europe/madrid' is not a time zone; did you mean 'Europe/Madrid'?"),
    ),
    (
        'timezone = "Madrid time"',
        ("timezone: 'Madrid time' is not a time zone; write a name such as \"Europe/Madrid\""),
    ),
    ('timezone = ""', "timezone: '' is not a time zone; write a name such as \"Europe/Madrid\""),
    ("timezone = 1", 'timezone: must be a text such as "Europe/Madrid", not 1'),
    (
        'language = "es-ES"',
        ("language: 'es-ES' is not a language that regard speaks; did you mean 'es'?"),
    ),
    (
        'language = "français"',
        ("language: 'français' is not a language that regard speaks; did you mean 'fr'?"),
    ),
    ('language = "de"', "language: 'de' is not a language that regard speaks; known: en, es, fr"),
    (
        'base_currency = "eur"',
        ("base_currency: 'eur' is not a currency code of ISO 4217; did you mean 'EUR'?"),
    ),
    (
        'base_currency = "€"',
        ("base_currency: '€' is not a currency code of ISO 4217; did you mean 'EUR'?"),
    ),
    (
        'base_currency = "XXQ"',
        ("base_currency: 'XXQ' is not a currency code of ISO 4217; write a code such as \"EUR\""),
    ),
    ('week_start = "Mon"', "week_start: 'Mon' is not a day of the week; did you mean 'monday'?"),
    ("week_start = 0", "week_start: 0 is not a day of the week; did you mean 'sunday'?"),
    ('storee = "x"', "storee: there is no such setting; did you mean 'store'?"),
    ('[source.crm]\nplugin = "x"', "source: there is no such setting; did you mean 'sources'?"),
    ('sources = "crm"', "sources: must be tables [sources.NAME], not 'crm'"),
    (
        '[[sources]]\nplugin = "x"',
        ("sources: each needs a name: write [sources.NAME], not [[sources]]"),
    ),
    (
        '[sources]\ncrm = "crm-export"',
        ("sources.crm: must be a table [sources.crm], not 'crm-export'"),
    ),
    (
        '[[sources.crm]]\nplugin = "x"',
        ("sources.crm: must be a table [sources.crm], not a list of them"),
    ),
    ('[sources.crm]\npath = "x"', "sources.crm: 'plugin' is missing"),
    ('[sources.crm]\nplugn = "x"', "sources.crm: 'plugin' is missing; is 'plugn' meant for it?"),
    (
        "[sources.crm]\nplugin = 5",
        ('sources.crm.plugin: must be a text in quotes, such as "x", not 5'),
    ),
    ('[sources.crm]\nplugin = ""', "sources.crm.plugin: must be a longer text, not ''"),
    ('[sources."my crm"]\nplugin = "x"', "sources.'my crm': a name has letters, digits, - and _"),
    (
        '[sources.a_b]\nplugin = "x"\n[sources.A-B]\nplugin = "x"',
        "sources.A-B: is too much like 'a_b': commands could mean either",
    ),
    (
        f'{CRM}schedule = "dayly"',
        (
            "sources.crm.schedule: 'dayly' is not a schedule; "
            'write "@daily" or "0 6 * * *" or "every 1d"'
        ),
    ),
    (f"{CRM}schedule = 15", 'sources.crm.schedule: must be a text such as "every 6h", not 15'),
    (f'{CRM}enabled = "no"', "sources.crm.enabled: must be true or false, not 'no'"),
    (
        f"{CRM}error_budget = 5",
        ("sources.crm.error_budget: 5 is not a share between 0 and 1; did you mean 0.05?"),
    ),
    (
        f'{CRM}error_budget = "5 %"',
        ("sources.crm.error_budget: '5 %' is not a share between 0 and 1; write 0.05"),
    ),
    (f"{CRM}disappear_guard = true", "sources.crm.disappear_guard: true is not a share"),
    (f"{CRM}error_budget = nan", "sources.crm.error_budget: nan is not a share"),
    (f"{CRM}deadline = 90", 'sources.crm.deadline: 90 has no unit; write "90s" or "90m"'),
    (
        '[limits]\nmemory = "2 gigs"',
        ('limits.memory: \'2 gigs\' is not an amount of memory; write "500MB" or "2GB"'),
    ),
    ("[limits]\nmemory = 2", 'limits.memory: must be a text such as "2GB", not 2'),
    ("[limits]\nempty_runs = -1", "limits.empty_runs: -1 is not accepted: input should be"),
    (
        f'{CRM}lookback = "2 days"',
        ("sources.crm.lookback: '2 days' is not a length of time; write \"2d\""),
    ),
    (f'{CRM}retries = "3"', "sources.crm.retries: must be a whole number, not '3'"),
    (f"{CRM}retries = -1", "sources.crm.retries: -1 is not accepted: input should be greater"),
    (
        f'{CRM}quiet_hours = "22-7"',
        ("sources.crm.quiet_hours: '22-7' is not a span of the day; write it as \"22:00-07:00\""),
    ),
    (
        f'{CRM}basis = "sales"',
        ("sources.crm.basis: 'sales' is not known here; did you mean 'sale'?"),
    ),
    (
        f'{CRM}customers = "crmm"',
        ("sources.crm.customers: 'crmm' is not a source of this project; did you mean 'crm'?"),
    ),
    (f'{CRM}depends_on = ["tills"]', "sources.crm.depends_on: 'tills' is not a source"),
    (f'{CRM}map = "x"', "sources.crm.map: must be a table, not 'x'"),
    (
        f'{CRM}timezone = "Europe/Madird"',
        (
            "sources.crm.timezone: 'Europe/Madird' is not a time "
            "zone; did you mean 'Europe/Madrid'?"
        ),
    ),
    ("[places.centro]", "places.centro: 'name' is missing"),
    (
        '[places.a]\nname = "A"\nalias = ["x"]',
        ("places.a.alias: there is no such setting; did you mean 'aliases'?"),
    ),
    (
        '[places.a]\nname = "A"\n[places.b]\nname = "B"\naliases = [" a "]',
        "places.b: ' a ' also stands for places.a; it must mean one",
    ),
    (
        '[competitors.r]\nname = "R"\naliases = [1]',
        ('competitors.r.aliases[0]: must be a text in quotes, such as "x", not 1'),
    ),
    ('[reports.m]\nto = ["terminal"]', "reports.m: 'reporter' is missing"),
    (
        '[reports.m]\nreporter = "x"\nto = "out.html"',
        (
            "reports.m.to[0]: 'out.html' is no place "
            "where a report can go; did you mean 'html:out.html'?"
        ),
    ),
    (
        '[reports.m]\nreporter = "x"\nto = ["htm:x"]',
        ("reports.m.to[0]: 'htm:x' is no place where a report can go; did you mean 'html'?"),
    ),
    (
        '[reports.m]\nreporter = "x"\nto = ["mail"]',
        ("reports.m.to[0]: 'mail' is no place where a report can go; write \"mail:NAME\""),
    ),
    ('[log]\nlevel = "DEBUG"', "log.level: 'DEBUG' is not known here; did you mean 'debug'?"),
    ("[privacy]\nkey = 12345", "privacy.key: must be a text in quotes"),
    (
        'store = "postgres://h/db"',
        (
            "store: 'postgres://h/db' is not the address of a store; "
            "did you mean 'postgresql://h/db'?"
        ),
    ),
    (
        'store = "postgresql+psycopg://h/db"',
        (
            "store: 'postgresql+psycopg://h/db' is not the "
            "address of a store; did you mean 'postgresql://h/db'?"
        ),
    ),
    (
        'store = "postgresql://host"',
        (
            "store: 'postgresql://host' is not the address of a store; "
            "write user, host and database"
        ),
    ),
    (
        'store = "sqlite://x.db"',
        ("store: 'sqlite://x.db' is not the address of a store; did you mean \"sqlite:///x.db\"?"),
    ),
    (
        'store = "regard.db"',
        (
            "store: 'regard.db' is not the address of a store; "
            'did you mean "sqlite:///regard.db"?'
        ),
    ),
    (
        'store = "/var/x.db"',
        (
            "store: '/var/x.db' is not the address of a store; "
            'did you mean "sqlite:////var/x.db"?'
        ),
    ),
    (
        'store = "mysql://h/db"',
        ("store: 'mysql://h/db' is not the address of a store; the store is SQLite or PostgreSQL"),
    ),
    (
        'store = "sqlite://"',
        (
            "store: 'sqlite://' is not the address of a store; "
            "a store in memory would be forgotten at once"
        ),
    ),
    (
        'store = "sqlite:///:memory:"',
        ("store: 'sqlite:///:memory:' is not the address of a store; a store in memory"),
    ),
    ('store = ""', "store: '' is not the address of a store; write \"sqlite:///regard.db\""),
]


class TestFaults:
    """What is wrong, where, and what would be right."""

    @pytest.mark.parametrize(("text", "expected"), FAULTS)
    def test_message(self, tmp_path: Path, text: str, expected: str) -> None:
        """Each fault is one line with file, line, path, value and the nearest right answer."""
        (line,) = refused(tmp_path, text)
        place, _, rest = line.partition(": ")

        assert "regard.toml" == place.partition(":")[0]
        assert place.partition(":")[2].isdecimal()
        assert rest.startswith(expected)

    def test_all_at_once(self, tmp_path: Path) -> None:
        """All faults of a file are told, in the order of its lines."""
        lines = refused(
            tmp_path,
            '# a comment\nlanguage = "de"\nzone = "x"\n\n'
            '[sources.crm]\nplugin = "crm-export"\nschedule = "dayly"\ncustomers = "x"\n\n'
            "[[reports]]\n\n[sources.till]\npath = '''\nlanguage = 1\n'''\n",
        )

        assert [2, 3, 7, 8, 10, 12] == [int(line.split(":")[1]) for line in lines]

    @pytest.mark.parametrize(
        "text",
        [
            'store = "postgres://me:hunter22@host/db"',
            'store = "mysql://hunter22:hunter22@host/db"',
            f'{CRM}schedule = "hunter22 ${{VAR}}"',
            '[privacy]\nkey = ["hunter22"]',
        ],
    )
    def test_secrets_are_not_shown(self, tmp_path: Path, text: str) -> None:
        """Passwords, and values that refer to secrets, appear in no message or traceback."""
        path = tmp_path / "regard.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_project(path)

        assert "hunter22" not in "".join(traceback.format_exception(caught.value))


class TestProjects:
    """What a right configuration gives."""

    def test_empty(self, tmp_path: Path) -> None:
        """An empty file is a project with a SQLite store beside it."""
        project = load(tmp_path, "")

        assert f"sqlite:///{tmp_path}/regard.db" == project.store_url
        assert tmp_path == project.root
        assert project.settings.sources == {}

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("sqlite:///data/x.db", "sqlite:///{root}/data/x.db"),
            ("sqlite:////var/x.db", "sqlite:////var/x.db"),
            ("postgresql://u:p@h:5433/db", "postgresql://u:p@h:5433/db"),
            ("${STORE}", "${STORE}"),
        ],
    )
    def test_store(self, tmp_path: Path, written: str, expected: str) -> None:
        """A relative SQLite path starts at the project; everything else stays."""
        project = load(tmp_path, f'store = "{written}"')

        assert expected.replace("{root}", str(tmp_path)) == project.store_url

    def test_source(self, tmp_path: Path) -> None:
        """The host's keys are understood, all others are the plug-in's."""
        project = load(
            tmp_path,
            f'timezone = "Europe/Paris"\n{CRM}path = "x/*.csv"\nschedule = "every 6h"\n'
            'error_budget = 0.1\nlookback = "2d"\ntimezone = "Europe/Madrid"\n'
            'options = 1\n[sources.till]\nplugin = "x"\n',
        )
        crm = project.settings.sources["crm"]

        assert {"path": "x/*.csv", "options": 1} == crm.options
        assert "every 6h" == str(crm.schedule)
        assert timedelta(days=2) == crm.lookback
        assert ("Europe/Madrid", "Europe/Paris", "Europe/Paris") == tuple(
            project.zone(name) for name in ("crm", "till", "gone")
        )

    def test_texts_as_written(self, tmp_path: Path) -> None:
        """References to secrets stay what they are until somebody needs the secret."""
        project = load(tmp_path, f'{CRM}token = "${{CRM_TOKEN}}"\n[privacy]\nkey = "${{K}}"')
        key = project.settings.privacy.key

        assert {"token": "${CRM_TOKEN}"} == project.settings.sources["crm"].options
        assert key is not None
        assert "${K}" == key.get_secret_value()

    def test_one_text_for_a_list(self, tmp_path: Path) -> None:
        """One alias or one target need no brackets."""
        project = load(
            tmp_path, '[places.a]\nname = "A"\naliases = "B"\n[reports.m]\nreporter = "x"\n'
        )

        assert ("B",) == project.settings.places["a"].aliases
        assert ("terminal",) == project.settings.reports["m"].to

    def test_unused(self, tmp_path: Path) -> None:
        """Tables and keys of later versions are accepted and named."""
        project = load(
            tmp_path,
            f'{CRM}retention = "5d"\n[segments]\nhost = "x"\n[privacy]\npolicy = "x"\n'
            '[reports.m]\nreporter = "x"\naudience = "board"\n',
        )

        assert [
            "segments",
            "privacy.policy",
            "sources.crm.retention",
            "reports.m.audience",
        ] == unused(project.settings)

    def test_resolving_paths(self, tmp_path: Path) -> None:
        """Relative paths start at the project, absolute ones stay."""
        project = load(tmp_path, "")

        assert tmp_path / "a" / "b" == project.resolve("a/b")
        assert Path("/a") == project.resolve("/a")

    def test_without_a_file(self) -> None:
        """Settings that come from a command's options are refused in the same words."""
        with pytest.raises(ConfigError) as caught:
            make_settings({"timezone": "europe/paris"})

        assert "timezone: 'europe/paris' is not a time zone; did you mean 'Europe/Paris'?" == str(
            caught.value
        )

    def test_as_json(self, tmp_path: Path) -> None:
        """Settings can be written as JSON, so that two runs can be compared; no key is in it."""
        project = load(tmp_path, f'{CRM}schedule = "every 6h"\n[privacy]\nkey = "hunter22"')
        text = project.settings.model_dump_json()

        assert "every 6h" in text
        assert "hunter22" not in text
