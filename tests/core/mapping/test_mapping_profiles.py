"""Profiles: loading them, and recognising files by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.mapping import (
    Profile,
    compile_map,
    explain,
    fields_of,
    load_profiles,
    profile_named,
    recognise,
)
from regard.records import kind_named

PROFILES = load_profiles()
FORMS = [(p.name, form) for p in PROFILES for form in (None, *p.variants)]

OWN = """
name = "acme-till"
vendor = "Acme"
title = "Acme till"
kind = "purchase"
key = ["ticket"]
required = ["ticket", "total"]
[fields]
amount = "total"
"""


def header_of(profile: Profile, form: str | None) -> list[str]:
    """Return a header with all columns of a profile, in one of its forms."""
    names = [name for name in profile.columns if name not in profile.without]
    headers = profile.variants[form].headers if form else {}
    return [headers.get(name, (name,))[0] for name in names]


def write(folder: Path, text: str) -> Path:
    """Write a profile and return its path."""
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("key =", "kee ="), "did you mean 'key'"),
        (('"acme-till"', '"acme till"'), "no name"),
        (('name = "acme-till"', 'name = "acme-till'), "no TOML"),
        (('required = ["ticket", "total"]', "required = []"), "required"),
        (('"acme-till"', '"hubspot-contacts"'), "regard has a 'hubspot-contacts' already"),
        (("[fields]", "[variants.es.headers]\ntotl = 'suma'\n[fields]"), "did you mean 'total'"),
        (
            ("[fields]", "[variants.es.headers]\ntotal = 'x'\nticket = 'X'\n[fields]"),
            "stands for both",
        ),
    ],
)
def test_a_wrong_profile_names_its_file_and_what_is_wrong(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """A profile that cannot be used is told by file, place and the nearest right name."""
    path = write(tmp_path, OWN.replace(*change, 1))

    with pytest.raises(ConfigError) as caught:
        load_profiles([path])

    assert said in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_a_profile_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing profile file is a mistake of the configuration."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profiles([tmp_path / "none.toml"])


def test_an_unknown_profile_is_told_with_the_nearest() -> None:
    """A misspelt profile name leads to the right one."""
    with pytest.raises(ConfigError, match="did you mean 'hubspot-deals'"):
        profile_named("hubspot-deal", PROFILES)


def test_a_profile_of_ones_own_is_recognised_beside_the_shipped(tmp_path: Path) -> None:
    """Plug-ins and projects bring their own profiles."""
    profiles = load_profiles([write(tmp_path, OWN)])
    found = recognise(["Ticket", "TOTAL", "clerk"], profiles=profiles)

    assert found.profile is not None
    assert "acme-till" == found.profile.name


@pytest.mark.parametrize("name", [profile.name for profile in PROFILES])
def test_every_shipped_profile_fits_its_record_kind(name: str) -> None:
    """Each shipped profile names fields and columns that exist."""
    profile = profile_named(name, PROFILES)
    mapper = compile_map(
        profile,
        profile.columns,
        timezone="UTC",
        kind_fields=fields_of(kind_named(profile.kind).model),
    )

    assert profile is mapper.spec


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_every_shipped_profile_is_recognised_in_every_form(name: str, form: str | None) -> None:
    """A whole header of a profile, in each of its languages, is taken for no other one."""
    found = recognise(header_of(profile_named(name, PROFILES), form), profiles=PROFILES)

    assert found.profile is not None
    assert name == found.profile.name


def test_purchases_say_what_stands_behind_them() -> None:
    """Deals are pipeline, charges payments, orders and tills sales."""
    bases = {p.name: p.basis for p in PROFILES if p.kind == "purchase"}
    deals = ("deals", "opportunities", "opportunity-report")

    assert {"pipeline"} == {b for name, b in bases.items() if name.endswith(deals)}
    assert "payment" == bases["stripe-charges"]
    assert {"sale"} == {b for n, b in bases.items() if not n.endswith((*deals, "charges"))}


def test_customers_of_systems_with_several_streams_carry_theirs() -> None:
    """Where one system exports people and firms, their keys cannot be mistaken."""
    several = ("hubspot", "salesforce", "zoho", "pipedrive", "dynamics")
    prefixes = [
        (p.stream, p.key_prefix)
        for p in PROFILES
        if p.kind == "customer" and p.name.startswith(several)
    ]

    assert all(f"{stream}:" == prefix for stream, prefix in prefixes)


def test_other_columns_and_another_order_make_no_difference() -> None:
    """A file is recognised with columns that nobody knows, in any case and order."""
    header = ["favourite colour", "EMAIL", "last name", "\ufeffRECORD ID", "lifecycle stage"]
    found = recognise(header, profiles=PROFILES)

    assert found.profile is not None
    assert "hubspot-contacts" == found.profile.name


def test_an_unknown_file_shows_the_nearest_profiles_and_a_map_to_paste() -> None:
    """What to do about an unknown file is said with its headers, near misses and a map."""
    header = ["Record ID", "Deal Name", "Importe", "Close Date"]
    text = explain(
        recognise(header, profiles=PROFILES), header, filename="x.csv", profiles=PROFILES
    )

    assert "x.csv: no profile fits its headers 'Record ID', 'Deal Name'" in text
    assert "hubspot-deals (HubSpot deals export) needs also 'Deal Stage'" in text
    assert '[sources.NAME.map]\nkind = "purchase"\nkey = ["Record ID"]' in text
    assert 'ordered_at = "Close Date"' in text


def test_a_map_to_paste_is_of_the_kind_that_most_columns_speak_of() -> None:
    """A till's file is near a list of prices, which needs little; but it tells of purchases."""
    header = ["Ticket", "Línea", "Fecha", "Tienda", "Tipo", "Artículo", "Descripción"]
    header += ["Familia", "Cantidad", "Precio (€)", "Importe (€)", "Nº cliente"]
    known = [each for each in PROFILES if each.kind in ("customer", "offer", "purchase")]
    found = recognise(header, profiles=known)
    text = explain(found, header, filename="till.csv", profiles=known)

    assert "offer" == found.nearest[0].profile.kind
    assert 'kind = "purchase"' in text
    assert 'ordered_at = "Fecha"' in text


def test_a_file_without_headers_is_not_quoted() -> None:
    """Where data stands in place of headers, it is not repeated."""
    header = ["101", "Ana Ejemplo", "ana@example.com", "600123123"]
    text = explain(
        recognise(header, profiles=PROFILES), header, filename="x.csv", profiles=PROFILES
    )

    assert not [each for each in header if each in text]
    assert "does the file have a row of headers?" in text
