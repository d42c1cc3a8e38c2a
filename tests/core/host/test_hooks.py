"""Every hook does what its page in the documentation says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ConfigError, PluginError, SecretError
from regard.findings import Finding
from regard.hookspecs import (
    Batch,
    CommittedBatch,
    Consequence,
    Problem,
    QuarantinedRecord,
    RunInfo,
    RunSummary,
)
from regard.host import Host, Incident, PluginState
from regard.host.inspection import HOOKS
from regard.runs import Counts, Outcome

WritePlugin = Callable[[str, str], Path]

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "hooks.md"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Name the file to which the observers of these tests write."""
    return tmp_path / "log"


@pytest.fixture
def observer(write_plugin: WritePlugin, log: Path) -> Callable[[str, str], None]:
    """Return what writes a plug-in whose hook logs its arguments."""

    def write(plugin: str, signature: str) -> None:
        arguments = signature.partition("(")[2].rstrip(")")
        write_plugin(
            f"{plugin}.py",
            f"from regard import hookimpl\n@hookimpl\ndef {signature}:\n"
            f"    with open({str(log)!r}, 'a') as file:\n"
            f"        print({plugin!r}, {arguments}, file=file)\n",
        )

    return write


def test_hook_regard_sources(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A plug-in's source classes are there by name."""
    write_plugin(
        "desk.py",
        "from regard import Source, hookimpl\nclass Desk(Source):\n    name = 'desk'\n"
        "@hookimpl\ndef regard_sources(): return [Desk]\n",
    )

    assert "Desk" == Host.load(plugin_dir).source_class("desk").__name__


def test_hook_regard_enrichers(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A plug-in's enricher classes and decorated functions are there by name, and listed."""
    write_plugin(
        "bands.py",
        "from pydantic import BaseModel\nfrom regard import Enricher, enricher, hookimpl\n"
        "class Band(BaseModel):\n    name: str\nclass Rank(BaseModel):\n    place: int\n"
        "@enricher('bands', inputs='purchase', outputs=Band)\n"
        "def bands(batch): return []\n"
        "class Ranks(Enricher):\n    name, inputs, outputs = 'ranks', ('purchase',), (Rank,)\n"
        "    def enrich_all(self, view, ctx): return []\n"
        "@hookimpl\ndef regard_enrichers(): return [Ranks]\n",
    )
    host = Host.load(plugin_dir)
    (status,) = [item for item in host.plugins if item.name == "bands"]

    assert "Ranks" == host.enricher_class("ranks").__name__
    assert "bands" == host.enrichers["bands"].plugin
    assert (PluginState.OK, ("enricher:bands", "enricher:ranks")) == (status.state, status.kinds)


def test_an_enricher_that_cannot_be_used(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """An enricher that declares what does not exist breaks its plug-in, which says why."""
    write_plugin(
        "bands.py",
        "from pydantic import BaseModel\nfrom regard import enricher\n"
        "class Band(BaseModel):\n    name: str\n"
        "@enricher('bands', inputs='purchases', outputs=Band)\n"
        "def bands(batch): return []\n",
    )
    host = Host.load(plugin_dir)
    (status,) = [item for item in host.plugins if item.name == "bands"]

    assert PluginState.BROKEN is status.state
    assert "no record kind; did you mean 'purchase'?" in str(status.error)


def test_hook_regard_reporters(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A plug-in's reporter classes are there by name."""
    write_plugin(
        "baskets.py",
        "from regard import Reporter, hookimpl\nclass Baskets(Reporter):\n    name = 'baskets'\n"
        "@hookimpl\ndef regard_reporters(): return (Baskets,)\n",
    )

    assert "Baskets" == Host.load(plugin_dir).reporter_class("baskets").__name__


def test_hook_regard_notifiers(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A plug-in's notifier classes are there by name, and listed with the plug-in."""
    write_plugin(
        "board.py",
        "from regard import Notifier, hookimpl\nclass Board(Notifier):\n    name = 'board'\n"
        "@hookimpl\ndef regard_notifiers(): return [Board]\n",
    )
    host = Host.load(plugin_dir)
    (status,) = [item for item in host.plugins if item.name == "board"]

    assert "Board" == host.notifier_class("board").__name__
    assert "board" == host.notifiers["board"].plugin
    assert (PluginState.OK, ("notifier:board",)) == (status.state, status.kinds)


def test_hook_regard_profiles(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """Profile files are found beside the plug-in that names them."""
    path = write_plugin("forms/acme.toml", "")
    write_plugin(
        "acme.py",
        "from pathlib import Path\nfrom regard import hookimpl\n@hookimpl\n"
        f"def regard_profiles(): return ['forms/acme.toml', Path({str(path)!r})]\n",
    )

    found = [item for item in Host.load(plugin_dir).profiles if item.is_relative_to(plugin_dir)]

    assert [path, path] == found


def test_hook_regard_run_started(
    observer: Callable[..., None], plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """Observers hear of a run's start, in the order of their names."""
    observer("second", "regard_run_started(run)")
    observer("first", "regard_run_started(run)")

    incidents = Host.load(plugin_dir).observers.run_started(run_info)

    assert [] == incidents
    assert f"first {run_info}\nsecond {run_info}\n" == log.read_text("utf-8")


def test_hook_regard_batch_committed(
    observer: Callable[..., None], plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """Observers hear of a batch with its number and counts."""
    observer("plain", "regard_batch_committed(batch)")
    batch = CommittedBatch(7, Counts(read=2, new=2).as_dict())

    Host.load(plugin_dir).observers.batch_committed(run_info, batch)

    assert f"plain {batch}\n" == log.read_text("utf-8")


def test_hook_regard_quarantined(
    observer: Callable[..., None], plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """Observers hear of refused records by number and reason; nothing is told of none."""
    observer("plain", "regard_quarantined(run, items)")
    items = [QuarantinedRecord(5, "bad-date", "ordered_at")]
    observers = Host.load(plugin_dir).observers

    observers.quarantined(run_info, [])
    observers.quarantined(run_info, items)

    assert f"plain {run_info} {tuple(items)}\n" == log.read_text("utf-8")


def test_hook_regard_finding(
    observer: Callable[..., None], plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """Observers hear of findings."""
    observer("plain", "regard_finding(run, finding)")
    finding = Finding("columns-changed", "A column is gone.")

    Host.load(plugin_dir).observers.finding(run_info, finding)

    assert f"plain {run_info} {finding}\n" == log.read_text("utf-8")


def test_hook_regard_run_finished(
    observer: Callable[..., None], plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """Observers hear how a run ended."""
    observer("plain", "regard_run_finished(summary)")
    summary = RunSummary(Outcome.PARTIAL, 1.5, Counts(read=3).as_dict())

    Host.load(plugin_dir).observers.run_finished(run_info, summary)

    assert f"plain {summary}\n" == log.read_text("utf-8")


def test_hook_regard_resolve_secret(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """The first plug-in that knows a reference answers; nobody knowing it is None."""
    for name, known in (("a", "vault:x"), ("b", "vault:x"), ("c", "vault:y")):
        write_plugin(
            f"{name}.py",
            "from regard import hookimpl\n@hookimpl\ndef regard_resolve_secret(reference):\n"
            f"    return {name!r} if reference == {known!r} else None\n",
        )
    host = Host.load(plugin_dir)

    answers = [host.resolve_secret(f"vault:{letter}") for letter in "xyz"]

    assert ["a", "c", None] == answers


def test_hook_regard_check_batch(
    write_plugin: WritePlugin, plugin_dir: Path, run_info: RunInfo
) -> None:
    """Every plug-in's problems come back, with the plug-in's name, in their order."""
    write_plugin(
        "gifts.py",
        """
        from regard import Problem, hookimpl

        @hookimpl
        def regard_check_batch(run, batch):
            free = [record["key"] for record in batch.records if record["amount"] == 0]
            return [Problem("quarantine", "free", "An amount is zero.", free)]
        """,
    )
    write_plugin(
        "calm.py",
        "from regard import hookimpl\n@hookimpl\ndef regard_check_batch(batch): return None\n",
    )
    host = Host.load(plugin_dir)
    batch = Batch("lines", "purchase", [{"key": "1", "amount": 0}, {"key": "2", "amount": 5}])

    problems = host.check_batch(run_info, batch)

    expected = Problem(Consequence.QUARANTINE, "free", "An amount is zero.", ("1",), "gifts")
    assert [expected] == problems
    assert host.checks_batches


def test_records_cannot_be_changed_by_a_check(
    write_plugin: WritePlugin, plugin_dir: Path, run_info: RunInfo
) -> None:
    """A plug-in that tries to change a record fails, and the record stays as it was."""
    write_plugin(
        "greedy.py",
        "from regard import hookimpl\n@hookimpl\ndef regard_check_batch(batch):\n"
        "    batch.records[0]['amount'] = 1\n",
    )
    record = {"key": "1", "amount": 0}

    with pytest.raises(PluginError) as caught:
        Host.load(plugin_dir).check_batch(run_info, Batch("lines", "purchase", [record]))

    assert "the plug-in 'greedy' (plugins/greedy.py" in str(caught.value)
    assert "failed to check a batch: TypeError" in str(caught.value)
    assert {"key": "1", "amount": 0} == record


@pytest.mark.parametrize("answer", ["5", "'stop'", "[('warn', 'x')]"])
def test_check_that_returns_something_else_fails(
    write_plugin: WritePlugin, plugin_dir: Path, run_info: RunInfo, answer: str
) -> None:
    """An answer that is no list of problems is refused, never taken for 'all is well'."""
    write_plugin(
        "odd.py",
        f"from regard import hookimpl\n@hookimpl\ndef regard_check_batch(): return {answer}\n",
    )

    with pytest.raises(PluginError, match="must return a list of regard"):
        Host.load(plugin_dir).check_batch(run_info, Batch("lines", "purchase", []))


def test_problem_of_unknown_severity_is_refused() -> None:
    """A misspelt severity is answered with the right one."""
    with pytest.raises(ConfigError, match="'quarantin' is not a severity; did you mean"):
        Problem("quarantin", "free", "An amount is zero.")


def test_host_without_checks_asks_for_no_batch(plugin_dir: Path, run_info: RunInfo) -> None:
    """Where no plug-in checks batches, none has to be prepared."""
    host = Host.load(plugin_dir)

    assert not host.checks_batches
    assert [] == host.check_batch(run_info, Batch("lines", "purchase", []))


def test_failing_observer_is_an_incident(
    observer: Callable[..., None],
    write_plugin: WritePlugin,
    plugin_dir: Path,
    log: Path,
    run_info: RunInfo,
) -> None:
    """An observer that raises or exits is noted, and those behind it still hear."""
    failing = "from regard import hookimpl\n@hookimpl\ndef regard_run_started(run):\n    "
    write_plugin("a_raises.py", f"{failing}raise LookupError('no such channel')\n")
    write_plugin("b_exits.py", f"{failing}raise SystemExit(1)\n")
    observer("c_hears", "regard_run_started(run)")
    host = Host.load(plugin_dir)

    incidents = host.observers.run_started(run_info)

    titles = {
        status.name: f"'{status.name}' ({status.origin} {status.version})"
        for status in host.plugins
    }
    hook = "regard_run_started"
    assert [
        Incident(titles["a_raises"], hook, "LookupError: no such channel (a_raises.py, line 4)"),
        Incident(titles["b_exits"], hook, "SystemExit: 1 (b_exits.py, line 4)"),
    ] == incidents
    assert log.read_text("utf-8").startswith("c_hears ")


def test_observers_may_ask_to_be_first_or_last(
    write_plugin: WritePlugin, plugin_dir: Path, log: Path, run_info: RunInfo
) -> None:
    """`tryfirst` and `trylast` go before the order of names."""
    for name, option in (("a", "trylast=True"), ("b", ""), ("c", "tryfirst=True"), ("d", "")):
        write_plugin(
            f"{name}.py",
            f"from regard import hookimpl\n@hookimpl({option})\ndef regard_run_started():\n"
            f"    with open({str(log)!r}, 'a') as file: file.write({name!r})\n",
        )

    Host.load(plugin_dir).observers.run_started(run_info)

    assert "cbda" == log.read_text("utf-8")


def test_printing_observer_leaves_results_alone(
    write_plugin: WritePlugin,
    plugin_dir: Path,
    run_info: RunInfo,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What an observer prints goes to stderr, since stdout carries results."""
    write_plugin(
        "chatty.py",
        "from regard import hookimpl\n@hookimpl\ndef regard_run_started(run): print('hello')\n",
    )

    Host.load(plugin_dir).observers.run_started(run_info)

    assert ("", "hello\n") == tuple(capsys.readouterr())


def test_counts_cannot_be_changed_by_an_observer() -> None:
    """An observer that writes into the counts fails instead of changing them for others."""
    counts: Any = CommittedBatch(1, {"read": 1}).counts

    with pytest.raises(TypeError):
        counts["read"] = 2


def test_failing_secret_does_not_leak(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """What a secret's plug-in raised is not shown, except where it says it on purpose."""
    write_plugin(
        "vault.py",
        "from regard import SecretError, hookimpl\n@hookimpl\n"
        "def regard_resolve_secret(reference):\n"
        "    kind = SecretError if reference == 'vault:gone' else ValueError\n"
        "    raise kind('hunter2' if kind is ValueError else 'the vault is sealed')\n",
    )
    host = Host.load(plugin_dir)

    with pytest.raises(SecretError) as leaking:
        host.resolve_secret("vault:crm")
    with pytest.raises(SecretError, match="the vault is sealed"):
        host.resolve_secret("vault:gone")

    assert str(leaking.value).endswith("failed to resolve ${vault:crm}: ValueError")
    assert leaking.value.__cause__ is None


def test_secret_that_is_no_text_is_refused(write_plugin: WritePlugin, plugin_dir: Path) -> None:
    """A secret of another type is an error that does not show it."""
    write_plugin(
        "vault.py",
        "from regard import hookimpl\n@hookimpl\ndef regard_resolve_secret(): return b'hunter2'\n",
    )

    with pytest.raises(SecretError, match="to a bytes; a secret is a text") as caught:
        Host.load(plugin_dir).resolve_secret("vault:crm")

    assert "hunter2" not in str(caught.value)


def test_every_hook_has_a_test_here() -> None:
    """No hook is added without a test of its name."""
    assert [] == [name for name in HOOKS if f"test_hook_{name}" not in globals()]


def test_every_hook_is_documented_with_its_signature() -> None:
    """The page of hooks shows each one exactly as it is declared, and no other."""
    signatures = [f"{name}{signature}".replace("'", "") for name, signature in HOOKS.items()]
    documented = re.findall(r"^### `(.+)`$", PAGE.read_text("utf-8"), re.MULTILINE)

    assert signatures == documented


def _examples() -> Iterator[Any]:
    text = PAGE.read_text("utf-8")
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name = section.partition("(")[0].strip("`")
        for code in re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            yield pytest.param(name, code, id=name)


@pytest.mark.parametrize(("hook", "code"), list(_examples()))
def test_every_documented_example_loads(
    write_plugin: WritePlugin, plugin_dir: Path, hook: str, code: str
) -> None:
    """Each example on the page is a plug-in that works, and implements its hook."""
    write_plugin("profiles/acme-till.toml", "")
    write_plugin("example.py", code)

    status = next(item for item in Host.load(plugin_dir).plugins if item.name == "example")

    assert (PluginState.OK, None, None) == (status.state, status.error, status.warning)
    assert f"def {hook}(" in code


def test_run_info_can_be_of_a_dry_run(run_info: RunInfo) -> None:
    """A dry run has no number."""
    assert replace(run_info, run_id=None).run_id is None


def test_specifications_are_all_functions_of_the_page() -> None:
    """Every specification says in one sentence what it is for."""
    from regard import hookspecs

    sentences = [inspect.getdoc(getattr(hookspecs, name)) or "" for name in HOOKS]

    assert all(sentence.endswith(".") for sentence in sentences)
