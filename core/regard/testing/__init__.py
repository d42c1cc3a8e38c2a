"""What authors of plug-ins test with; needs pytest."""

from regard.testing.conformance import SourceConformance
from regard.testing.enriching import EnricherConformance
from regard.testing.notifying import NotifierConformance
from regard.testing.reading import Reading, ReadRecord, read_source

__all__ = [
    "EnricherConformance",
    "NotifierConformance",
    "ReadRecord",
    "Reading",
    "SourceConformance",
    "read_source",
]
