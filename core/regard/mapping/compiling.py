"""
Compiling a map for the columns of one file.

Every name that a map uses is looked up here, in the record kind and in the file's header, so
that a misspelt one is said before the first row is read, with the nearest right one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from regard.errors import ConfigError, FileError, RecordError
from regard.mapping.amounts import DecimalSign
from regard.mapping.fitting import misfits
from regard.mapping.formulas import parse_formula
from regard.mapping.headers import Columns, fold
from regard.mapping.kinds import ValueType
from regard.mapping.mappers import Mapper, Plan
from regard.mapping.maps import LINE, Basis, FieldMap
from regard.mapping.orders import OrderLines
from regard.mapping.profiles import Profile, Variant
from regard.mapping.recognition import missing
from regard.mapping.steps import Cells, Reader, Step, converter, reader, step
from regard.mapping.times import TimeReader, zone_of
from regard.names import did_you_mean

__all__ = ["compile_map", "recipe_of"]

VERSION = 2
"""Raise it when the same map makes other records than before: files are then read again."""

_NEVER_STORED = re.compile(
    r"""
      card\ ?(?:number|num|nr|no)\b | \b(?:credit|debit|bank)\ ?card$
    | ^(?:pan|cc\ ?(?:no|number))$
    | \b(?:n|no|n°|num|numero)\ ?(?:de\ )?(?:la\ )?(?:tarjeta|carte)\b | ^tarjeta$
    | \btarjeta\ (?:de\ )?(?:credito|debito|bancaria)\b | \bcarte\ (?:bancaire|bleue|de\ credit)\b
    | \bcv[vc] | \bsecurity\ code\b | \bcodigo\ de\ seguridad\b | \bcode\ de\ securite\b
    | cryptogramme | \biban\b | \bbank\ account\b | \bcuenta\ bancaria\b | \bcompte\ bancaire\b
    | passw | passphrase | passcode | \bpwd\b | contrasena | mot\ ?de\ ?passe | ^mdp$
    | ^clave(?:\ (?:de\ acceso|secreta))?$ | ^pin$ | \bcod(?:e|igo)\ pin\b
    | \bip\ ?address | \bip$ | ^customer\ ip\b | \bdireccion\ ip\b | \badresse\ ip\b
    """,
    re.VERBOSE,
)
"""What is in the names of columns that are dropped unless a map names them."""

_BETWEEN_WORDS = re.compile(r"[\s_./:-]+")
_PURCHASE = "purchase"


def recipe_of(
    specs: Iterable[FieldMap],
    *,
    timezone: str = "",
    dates: Sequence[str] = (),
    decimal: str | None = None,
    basis: str | None = None,
    header: Sequence[str] = (),
) -> str:
    """Return a digest of all that decides about the records beside the rows themselves."""
    parts = [
        VERSION,
        [spec.model_dump(mode="json", by_alias=True, exclude_defaults=True) for spec in specs],
        [timezone, list(dates), decimal, basis, list(header)],
    ]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class _Compiler:
    """Makes a mapper: looks every name of a map up, in the kind and in the file."""

    def __init__(
        self, spec: FieldMap, header: Sequence[str], kinds: Mapping[str, ValueType], where: str
    ) -> None:
        self.spec = spec
        self.where = where
        self.kinds = kinds
        profile = spec if isinstance(spec, Profile) else None
        self.profile = profile
        self.columns = Columns(header, profile.aliases if profile else None)
        self.used: set[int] = set()

    @property
    def variant(self) -> Variant | None:
        """The variant of the profile that the header fits."""
        if self.profile is None or self.columns.form is None:
            return None
        return self.profile.variants[self.columns.form]

    def check_fit(self) -> None:
        """Refuse a map that its kind does not allow."""
        for misfit in misfits(self.spec):
            message = f"{self.where}.{misfit.place}: {misfit.text}"
            raise ConfigError(message)

    def check_header(self) -> None:
        """Refuse a file without the headers that a profile requires."""
        if self.profile is None:
            return
        lacking = missing(self.columns, self.profile)
        if lacking:
            names = ", ".join(repr(each) for each in lacking)
            message = f"{self.where}: the file lacks {names}"
            raise FileError(message)

    def place(self, name: str, part: str) -> int | None:
        """Return a column's place; a map's own columns must be there, a profile's may."""
        found = self.columns.find(name)
        if found is None and self.profile is None:
            near = did_you_mean(name, self.columns.header)
            message = f"{self.where}.{part}: the file has no column {name!r}{near}"
            raise FileError(message)
        return found

    def places(self, names: Iterable[str], part: str) -> tuple[int, ...]:
        """Return the places of those columns that the file has."""
        found = (self.place(name, part) for name in names)
        return tuple(place for place in found if place is not None)

    def key(self) -> tuple[int | None, ...]:
        """Return the places of the key's parts; None for the counted line."""
        for parts in self.spec.key:
            if all(part == LINE or self.columns.has(part) for part in parts):
                found = tuple(None if part == LINE else self.columns.find(part) for part in parts)
                self.used |= {place for place in found if place is not None}
                return found
        for part in self.spec.key[0]:
            if part != LINE:
                self.place(part, "key")
        wanted = " or ".join(repr(" + ".join(parts)) for parts in self.spec.key)
        message = f"{self.where}.key: the file has no {wanted}"
        raise FileError(message)

    def steps(
        self, times: TimeReader, decimal: DecimalSign | None
    ) -> tuple[tuple[str, tuple[int, ...], ValueType | None, Step], ...]:
        """
        Return each field with the columns it reads, its sort, and the step that fills it.

        The currency comes first, because amounts check it.
        """
        # Sorting is stable: the others keep their order.
        names = sorted(self.spec.fields, key=lambda field: field != "currency")
        made = ((field, self.reads(field, times, decimal)) for field in names)
        return tuple(
            (
                field,
                tuple(sorted({place for each in reads for place in each.places})),
                self.kinds[field] if len(reads) == 1 and reads[0].bare else None,
                step(field, self.kinds[field], reads),
            )
            for field, reads in made
            if reads
        )

    def reads(self, field: str, times: TimeReader, decimal: DecimalSign | None) -> list[Reader]:
        """Return what reads the sources of one field that the file has."""
        kind = self.kinds[field]
        convert = converter(kind, times, decimal)
        words = self.spec.values.get(field)
        found: list[Reader] = []
        for source in self.spec.fields[field]:
            read = reader(
                source, self.columns, field=field, kind=kind, convert=convert, words=words
            )
            if read is None:
                continue
            if not found and source.constant is None and source.split is None:
                places = (self.columns.find(each) for each in source.columns)
                self.used |= {place for place in places if place is not None}
            found.append(read)
        if not found and self.profile is None:
            self.place(self.spec.fields[field][0].columns[0], f"fields.{field}")
        return found

    def as_of(self, times: TimeReader) -> tuple[Step, int] | None:
        """Return the step that says how old a row's version is, and the column it reads."""
        there = [each for each in self.spec.as_of if self.columns.has(each)]
        if not there:
            self.places(self.spec.as_of[:1], "as_of")
            return None
        place = self.columns.find(there[0]) or 0
        name = self.columns.header[place]
        self.used.add(place)

        def run(values: Cells, out: dict[str, Any]) -> None:
            try:
                moment = times.time(values[place])
            except RecordError as error:
                raise RecordError(error.reason, f"column {name!r}: {error}", "as_of") from error
            if moment is not None:
                out["as_of"] = moment

        return run, place

    def deleted(self) -> int | None:
        """Return the place of the column that says that a record is gone."""
        if self.spec.deleted is None:
            return None
        found = self.place(self.spec.deleted, "deleted")
        if found is not None:
            self.used.add(found)
        return found

    def constants(self, times: TimeReader, basis: Basis | None) -> dict[str, Any]:
        """Return the fields that are the same in each record."""
        found: dict[str, Any] = {}
        for field, value in self.spec.constants.items():
            kind = self.kinds[field]
            try:
                made = converter(kind, times, ".")(value)
            except RecordError as error:
                message = f"{self.where}.constants.{field}: {error}"
                raise ConfigError(message) from error
            found[field] = made[0] if kind is ValueType.MONEY and made is not None else made
        stands = basis or self.spec.basis
        if stands is not None and self.spec.kind == _PURCHASE:
            found["basis"] = stands
        return found

    def never_stored(self, name: str) -> bool:
        """Say whether what a name stands for is never stored."""
        folded = fold(name)
        if any(fnmatchcase(folded, fold(each)) for each in self.spec.drop):
            return True
        words = _BETWEEN_WORDS.sub(" ", folded).strip()
        return _NEVER_STORED.search(words) is not None

    def dropped(self) -> frozenset[int]:
        """Return the places of columns that are never stored; a map may name some itself."""
        return frozenset(
            place
            for place, name in enumerate(self.columns.header)
            if place not in self.used and self.never_stored(name)
        )

    def orders(self, times: TimeReader, decimal: DecimalSign | None) -> OrderLines | None:
        """Return what adds refunds and differences, where the file has their columns."""
        spec = self.spec
        settle = self.place(spec.settle, "settle") if spec.settle is not None else None
        refund = None
        if spec.refund is not None:
            back = self.place(spec.refund.amount, "refund.amount")
            total = self.place(spec.refund.total, "refund.total") if spec.refund.total else None
            at = self.place(spec.refund.at, "refund.at") if spec.refund.at else None
            refund = None if back is None else (back, total, at)
        if refund is None and settle is None:
            return None
        return OrderLines(
            converter(ValueType.MONEY, times, decimal), times.time, spec.key_prefix, refund, settle
        )


def compile_map(
    spec: FieldMap,
    header: Sequence[str],
    *,
    timezone: str,
    kind_fields: Mapping[str, ValueType],
    dates: Sequence[str] = (),
    decimal: DecimalSign | None = None,
    basis: Basis | None = None,
    where: str = "map",
) -> Mapper:
    """
    Return what maps the rows of a file with these columns.

    Args:
        spec: A map of the configuration, or a profile.
        header: The file's column names.
        timezone: Where local times are, unless the map or profile says otherwise.
        kind_fields: The fields of the map's kind, from `regard.mapping.fields_of`.
        dates: How dates are written; goes before what the map or profile says.
        decimal: The decimal sign; goes before what the map or profile says.
        basis: What stands behind purchases; goes before what the map or profile says.
        where: How messages call the map, such as ``[sources.till.map]``.

    Raises:
        ConfigError: The map does not fit its kind.
        FileError: The file lacks a column that the map or profile needs.
    """
    compiler = _Compiler(spec, header, kind_fields, where)
    compiler.check_fit()
    compiler.check_header()
    variant = compiler.variant
    styles = tuple(dates) or (variant.dates if variant else ()) or spec.dates
    sign = decimal or (variant.decimal if variant else None) or spec.decimal
    zone = spec.timezone or timezone
    recipe = recipe_of(
        [spec], timezone=zone, dates=styles, decimal=sign, basis=basis, header=header
    )
    times = TimeReader(zone_of(zone), styles)
    plan = _plan(compiler, times, sign, basis, recipe)
    return Mapper(spec, compiler.columns.header, plan)


def _plan(
    compiler: _Compiler,
    times: TimeReader,
    sign: DecimalSign | None,
    basis: Basis | None,
    recipe: str,
) -> Plan:
    """Return what a map comes to; the columns that nothing takes are known last."""
    spec, columns = compiler.spec, compiler.columns
    key = compiler.key()
    steps = compiler.steps(times, sign)
    as_of, deleted = compiler.as_of(times), compiler.deleted()
    orders = compiler.orders(times, sign)
    dropped = compiler.dropped()
    emails = (columns.find(each) for s in spec.fields.get("email", ()) for each in s.columns)
    return Plan(
        key=key,
        steps=tuple(run for _, _, _, run in steps),
        places=tuple((name, places, sort) for name, places, sort, _ in steps),
        decimal=sign,
        zone=times.zone,
        iso=times.iso,
        template=compiler.constants(times, basis),
        formulas=tuple((name, parse_formula(text).compute) for name, text in spec.compute.items()),
        lower_key=frozenset(place for place in emails if place is not None),
        carry=compiler.places(spec.carry, "carry"),
        empty=compiler.places(spec.skip.empty, "skip.empty"),
        as_of=as_of[0] if as_of else None,
        as_of_place=as_of[1] if as_of else None,
        deleted=deleted,
        extra=tuple(
            (place, name)
            for place, name in enumerate(columns.header)
            if place not in compiler.used and place not in dropped
        ),
        dropped=dropped,
        never_stored=compiler.never_stored,
        orders=orders,
        form=columns.form,
        recipe=recipe,
    )
