"""`survey-export` keeps the promises that every source makes, on the exports of each tool."""

from __future__ import annotations

from pathlib import Path

from regard.testing import SourceConformance

_DATA = Path(__file__).with_name("data")


class TestSurveyMonkey(SourceConformance):
    """Two header rows, options with a column each, one response without an answer."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "surveymonkey.csv"}
    expected = 15


class TestTypeform(SourceConformance):
    """Whole and partial responses."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "typeform.csv"}
    expected = 17


class TestQualtrics(SourceConformance):
    """UTF-16, tabs, three header rows, a preview that is no response."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "qualtrics.tsv"}
    expected = 9


class TestGoogleForms(SourceConformance):
    """A sheet without ids, two rows of one second."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "formulario*.csv"}
    expected = 19


class TestLimeSurvey(SourceConformance):
    """Codes and texts in one header, an incomplete response."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "results-survey123456.csv"}
    expected = 9


class TestFormbricks(SourceConformance):
    """Numbered questions, dates of two forms."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "formbricks.csv"}
    expected = 13


class TestKobo(SourceConformance):
    """Semicolons, groups, a question with several answers."""

    plugin = "survey-export"
    data = _DATA
    config = {"path": "kobo.csv"}
    expected = 8
