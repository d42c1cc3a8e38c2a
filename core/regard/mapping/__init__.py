"""
Profiles and maps: how the columns of exports become the fields of records.

Pure but for the loading of profiles: rows come in, records go out::

    from regard.mapping import compile_map, fields_of, load_profiles, recognise
    from regard.records import kind_named

    profile = recognise(table.header, filename="contacts.csv", profiles=load_profiles()).profile
    mapper = compile_map(
        profile,
        table.header,
        timezone="Europe/Madrid",
        kind_fields=fields_of(kind_named(profile.kind).model),
    )
    for row in table.rows():
        for record in mapper.records(row):
            ...
"""

from regard.mapping.compiling import compile_map, recipe_of
from regard.mapping.explaining import explain
from regard.mapping.fitting import Misfit, misfits, refuse_misfits
from regard.mapping.kinds import ValueType, fields_of
from regard.mapping.mappers import Mapped, Mapper
from regard.mapping.maps import Basis, FieldMap, ValueSource
from regard.mapping.profiles import Profile, Variant, load_profiles, profile_named
from regard.mapping.recognition import Near, Recognition, fields_by_column, recognise

__all__ = [
    "Basis",
    "FieldMap",
    "Mapped",
    "Mapper",
    "Misfit",
    "Near",
    "Profile",
    "Recognition",
    "ValueSource",
    "ValueType",
    "Variant",
    "compile_map",
    "explain",
    "fields_by_column",
    "fields_of",
    "load_profiles",
    "misfits",
    "profile_named",
    "recipe_of",
    "recognise",
    "refuse_misfits",
]
