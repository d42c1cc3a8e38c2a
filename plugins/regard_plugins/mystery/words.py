"""The report's labels and sentences, each in all of its languages."""

from __future__ import annotations

from typing import Final

from regard.render.phrases import Phrases, Texts

__all__ = ["PHRASES", "WORDS"]

WORDS: Final[Texts] = {
    "title": ("Mystery shopping", "Compra misteriosa", "Visites mystère"),
    "card": ("Score card", "Resultados", "Résultats"),
    "nothing": (
        "No visit is stored for this period; mystery-shopping brings visits.",
        "No hay visitas guardadas en este periodo; mystery-shopping trae visitas.",
        "Aucune visite n’est enregistrée pour cette période ; mystery-shopping en apporte.",
    ),
    "score": ("Our score, of 100", "Nuestra nota, de 100", "Notre note, sur 100"),
    "passed": ("Visits that passed", "Visitas superadas", "Visites réussies"),
    "visits": ("Visits", "Visitas", "Visites"),
    "to_rivals": (
        "{n} of them to competitors.",
        "{n} de ellas a competidores.",
        "Parmi elles, {n} chez des concurrents.",
    ),
    "submitted": (
        "{n} {n:is|are} not approved yet.",
        "{n} aún sin aprobar.",
        "{n} pas encore {n:approuvée|approuvées}.",
    ),
    "by_place": ("By place, lowest first", "Por lugar, de menor a mayor", "Par lieu, du plus bas"),
    "best_places": ("The best places", "Los mejores lugares", "Les meilleurs lieux"),
    "by_section": (
        "By section, lowest first",
        "Por sección, de menor a mayor",
        "Par section, du plus bas",
    ),
    "by_item": ("By item, lowest first", "Por punto, de menor a mayor", "Par point, du plus bas"),
    "place_sections": (
        "Places by section, lowest place first",
        "Lugares por sección, el más bajo primero",
        "Lieux par section, du plus bas",
    ),
    "beside_sections": (
        "By section, beside competitors",
        "Por sección, junto a los competidores",
        "Par section, à côté des concurrents",
    ),
    "progress_place": (
        "Places, from the wave before to the last",
        "Lugares, de la oleada anterior a la última",
        "Lieux, de la vague précédente à la dernière",
    ),
    "progress_section": (
        "Sections, from the wave before to the last",
        "Secciones, de la oleada anterior a la última",
        "Sections, de la vague précédente à la dernière",
    ),
    "smallest": (
        "n: the smallest base in the row.",
        "n: la base más pequeña de la fila.",
        "n : la plus petite base de la ligne.",
    ),
    "column_change": ("Change", "Cambio", "Écart"),
    "by_wave": ("By wave", "Por oleada", "Par vague"),
    "not_placed": ("Not placed: {n}.", "Sin lugar conocido: {n}.", "Sans lieu connu : {n}."),
    "small_rows": (
        "{n} {n:row rests|rows rest} on fewer than {least} visits.",
        "{n} {n:fila se apoya|filas se apoyan} en menos de {least} visitas.",
        "{n} {n:ligne repose|lignes reposent} sur moins de {least} visites.",
    ),
    "others": ("{n} {n:other|others}", "{n:otro|otros} {n}", "{n} {n:autre|autres}"),
    "us": ("we", "nosotros", "nous"),
    "no_section": ("(no section)", "(sin sección)", "(sans section)"),
    "no_place": ("unknown place", "lugar desconocido", "lieu inconnu"),
    "column_place": ("Place", "Lugar", "Lieu"),
    "column_section": ("Section", "Sección", "Section"),
    "column_item": ("Item", "Punto", "Point"),
    "column_wave": ("Wave", "Oleada", "Vague"),
    "column_subject": ("Who", "Quién", "Qui"),
    "column_score": ("Score", "Nota", "Note"),
    "column_low": ("95 % from", "95 % desde", "95 % de"),
    "column_high": ("to", "hasta", "à"),
    "column_n": ("n", "n", "n"),
    "column_failed": ("Failed", "Fallos", "Échecs"),
    "column_share": ("Share", "Parte", "Part"),
    "column_lost": ("Points lost", "Puntos perdidos", "Points perdus"),
    "column_visit": ("Visit", "Visita", "Visite"),
    "column_day": ("Day", "Día", "Jour"),
    "column_stated": ("Stated", "Declarada", "Annoncée"),
    "column_difference": ("Differs by", "Difiere en", "Écart"),
    "column_cause": ("What explains it", "Qué lo explica", "Ce qui l’explique"),
    "critical": ("Critical items", "Puntos críticos", "Points critiques"),
    "failed_items": ("Failed by visits", "Fallados en visitas", "Échoués lors des visites"),
    "finding_critical": (
        "The critical item “{item}” was failed in {failed} {failed:visit|visits}.",
        "El punto crítico «{item}» falló en {failed} {failed:visita|visitas}.",
        "Le point critique « {item} » a échoué dans {failed} {failed:visite|visites}.",
    ),
    "rivals": ("We and competitors", "Nosotros y los competidores", "Nous et les concurrents"),
    "beside": ("Score, highest first", "Nota, de mayor a menor", "Note, du plus haut"),
    "finding_behind": (
        "We score {points} points less than {rival}.",
        "Sacamos {points} puntos menos que {rival}.",
        "Nous avons {points} points de moins que {rival}.",
    ),
    "waves": ("From wave to wave", "De oleada en oleada", "De vague en vague"),
    "finding_fell": (
        "The score fell by {points} points from {before} to {wave}.",
        "La nota bajó {points} puntos de {before} a {wave}.",
        "La note a baissé de {points} points de {before} à {wave}.",
    ),
    "finding_rose": (
        "The score rose by {points} points from {before} to {wave}.",
        "La nota subió {points} puntos de {before} a {wave}.",
        "La note a monté de {points} points de {before} à {wave}.",
    ),
    "why": (
        "Why the lowest visits are low",
        "Por qué son bajas las visitas más bajas",
        "Pourquoi les visites les plus basses le sont",
    ),
    "why_note": (
        "Points lost: how much higher the score were, had this item alone earned all.",
        "Puntos perdidos: cuánto subiría la nota si solo este punto lo ganara todo.",
        "Points perdus : de combien la note monterait si ce seul point gagnait tout.",
    ),
    "visit": (
        "{visit}, {place}: {score} of 100",
        "{visit}, {place}: {score} de 100",
        "{visit}, {place} : {score} sur 100",
    ),
    "failed_here": (
        "Failed critical items: {items}",
        "Puntos críticos fallados: {items}",
        "Points critiques échoués : {items}",
    ),
    "stated": (
        "Stated and worked out",
        "Nota declarada y calculada",
        "Note annoncée et calculée",
    ),
    "misstated": (
        "Visits whose stated score differs",
        "Visitas con otra nota declarada",
        "Visites dont la note annoncée diffère",
    ),
    "misstated_note": (
        "Differences up to half a point are rounding.",
        "Diferencias de hasta medio punto son redondeo.",
        "Les écarts jusqu’à un demi-point sont des arrondis.",
    ),
    "finding_misstated": (
        "{n} {n:visit states|visits state} another score than {n:its|their} items give.",
        "{n} {n:visita declara|visitas declaran} otra nota que la de sus puntos.",
        "{n} {n:visite annonce|visites annoncent} une autre note que celle de leurs points.",
    ),
    "cause_none": ("no single item", "ningún punto solo", "aucun point seul"),
    "cause_more": ("{n} more", "{n} más", "{n} de plus"),
    "cause_as-zero": ("{items} counted as 0", "{items} como 0", "{items} compté 0"),
    "cause_as-full": ("{items} counted in full", "{items} completo", "{items} compté plein"),
    "cause_left-out": ("{items} left out", "{items} omitido", "{items} omis"),
    "cause_na-as-zero": (
        "not applicable counted as 0: {items}",
        "lo no aplicable como 0: {items}",
        "le non applicable compté 0 : {items}",
    ),
    "cause_no-weights": (
        "points added up without weights",
        "puntos sumados sin pesos",
        "points additionnés sans poids",
    ),
    "cause_no-bonus": ("no bonus: {items}", "sin extra: {items}", "sans bonus : {items}"),
    "cause_no-critical": (
        "critical items not heeded: {items}",
        "sin atender a lo crítico: {items}",
        "points critiques ignorés : {items}",
    ),
}

PHRASES: Final = Phrases(WORDS)
