"""The deciding hooks: their answer counts, so their failure is the caller's failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from regard.errors import PluginError, SecretError
from regard.hookspecs import Batch, Problem, RunInfo
from regard.host.calls import Calls
from regard.host.printing import prints_aside

__all__ = ["Decisions"]

_CHECK = "regard_check_batch"
_SECRET = "regard_resolve_secret"  # noqa: S105  # a hook's name


class Decisions:
    """
    Asks the plug-ins that may decide.

    Args:
        calls: How hooks are called.
        titles: Plug-ins as messages name them, by name.
    """

    def __init__(self, calls: Calls, titles: Mapping[str, str]) -> None:
        self._calls = calls
        self._titles = titles

    @property
    def checks_batches(self) -> bool:
        """Whether any plug-in checks batches; if none does, none need be prepared."""
        return bool(self._calls.implementations(_CHECK))

    def check_batch(self, run: RunInfo, batch: Batch) -> list[Problem]:
        """
        Ask every plug-in what is wrong with a batch.

        Raises:
            PluginError: A plug-in failed to answer: the batch was not checked.
        """
        asked = self._calls.implementations(_CHECK)
        if not asked:
            return []
        frozen = replace(batch, records=tuple(MappingProxyType(dict(r)) for r in batch.records))
        problems: list[Problem] = []
        for item in asked:
            title = self._title(item.plugin_name)
            try:
                with prints_aside():
                    answer = self._calls.call(_CHECK, item, run, frozen)
            except PluginError as error:
                message = f"the plug-in {title} failed to check a batch: {error}"
                raise PluginError(message) from error
            problems.extend(
                replace(problem, plugin=item.plugin_name) for problem in _problems(answer, title)
            )
        return problems

    def resolve_secret(self, reference: str) -> str | None:
        """
        Return the secret of a reference from the first plug-in that knows it.

        Raises:
            SecretError: A plug-in failed; what it raised is not shown, it may hold the secret.
        """
        for item in self._calls.implementations(_SECRET):
            title = self._title(item.plugin_name)
            try:
                with prints_aside():
                    answer = self._calls.call(_SECRET, item, reference)
            except PluginError as error:
                cause = error.__cause__
                told = str(cause) if isinstance(cause, SecretError) else type(cause).__name__
                message = f"the plug-in {title} failed to resolve ${{{reference}}}: {told}"
                # The original might carry the secret into a log; only its kind is kept.
                raise SecretError(message) from None
            if isinstance(answer, str):
                return answer
            if answer is not None:
                message = (
                    f"the plug-in {title} resolved ${{{reference}}} to a "
                    f"{type(answer).__name__}; a secret is a text"
                )
                raise SecretError(message)
        return None

    def _title(self, plugin: str) -> str:
        return self._titles.get(plugin, plugin)


def _problems(answer: object, title: str) -> list[Problem]:
    if answer is None:
        return []
    if isinstance(answer, list | tuple) and all(isinstance(item, Problem) for item in answer):
        return list(answer)
    message = (
        f"the plug-in {title}: {_CHECK} must return a list of regard.Problem, "
        f"not a {type(answer).__name__}"
    )
    raise PluginError(message)
