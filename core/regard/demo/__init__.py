"""
A project to look at: a world of its own, its exports in several vendors' shapes, its config.

Everything in it is generated; nobody in it exists. `make_world` says what is true, and
`make_demo` writes what several vendors' products would export of it, with faults as they happen.
"""

from regard.demo.making import make_world
from regard.demo.market import Market
from regard.demo.project import Demo, make_demo
from regard.demo.rivals import LOOKS, Look, Rival, make_rivals
from regard.demo.voices import Voices, make_voices
from regard.demo.world import World

__all__ = [
    "LOOKS",
    "Demo",
    "Look",
    "Market",
    "Rival",
    "Voices",
    "World",
    "make_demo",
    "make_rivals",
    "make_voices",
    "make_world",
]
