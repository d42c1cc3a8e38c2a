"""The report's labels and sentences, each in all of its languages."""

from __future__ import annotations

from typing import Final

from regard.render.phrases import Phrases, Texts

__all__ = ["PHRASES", "WORDS"]

WORDS: Final[Texts] = {
    "title": ("Voice of the customer", "La voz del cliente", "La voix du client"),
    "said": ("What they say", "Qué dicen", "Ce qu’ils disent"),
    "nothing": (
        (
            "Nobody answered in this period. The newest answer is of {day}: "
            "`regard report voice --since {since}` reads back to it."
        ),
        (
            "Nadie respondió en este periodo. La respuesta más reciente es del {day}: "
            "`regard report voice --since {since}` llega hasta ella."
        ),
        (
            "Personne n’a répondu pendant cette période. "
            "La réponse la plus récente est du {day} : "
            "`regard report voice --since {since}` remonte jusque-là."
        ),
    ),
    "nothing_ever": (
        (
            "There are no answers yet. `regard run --all` reads the configured sources; "
            "survey-export and survey-mailbox bring answers."
        ),
        (
            "Todavía no hay respuestas. `regard run --all` lee las fuentes configuradas; "
            "survey-export y survey-mailbox traen respuestas."
        ),
        (
            "Il n’y a encore aucune réponse. `regard run --all` lit les sources configurées ; "
            "survey-export et survey-mailbox apportent des réponses."
        ),
    ),
    "nps": ("NPS", "NPS", "NPS"),
    "csat": ("Satisfaction", "Satisfacción", "Satisfaction"),
    "ces": ("Effort", "Esfuerzo", "Effort"),
    "rating": ("Rating", "Valoración", "Note"),
    "ces_on": ("Effort, {low} to {high}", "Esfuerzo, de {low} a {high}", "Effort, {low} à {high}"),
    "rating_on": (
        "Rating, {low} to {high}",
        "Valoración, de {low} a {high}",
        "Note, {low} à {high}",
    ),
    "before": ("{label}, period before", "{label}, periodo anterior", "{label}, période d’avant"),
    "nps_note": (
        (
            "{promoters} {promoters:promoter|promoters}, {passives} {passives:passive|passives}, "
            "{detractors} {detractors:detractor|detractors}."
        ),
        (
            "{promoters} {promoters:promotor|promotores}, {passives} {passives:pasivo|pasivos}, "
            "{detractors} {detractors:detractor|detractores}."
        ),
        (
            "{promoters} {promoters:promoteur|promoteurs}, {passives} {passives:passif|passifs}, "
            "{detractors} {detractors:détracteur|détracteurs}."
        ),
    ),
    "responses": ("Responses", "Respuestas", "Réponses"),
    "partial_note": (
        "{n} of them {n:is|are} incomplete.",
        "{n} {n:está incompleta|están incompletas}.",
        "Dont {n} {n:incomplète|incomplètes}.",
    ),
    "off_scale": (
        "{n} {n:score is|scores are} left out: without a scale, or beyond it.",
        "Se {n:omite|omiten} {n} {n:puntuación|puntuaciones}: sin escala o fuera de ella.",
        "{n} {n:note est laissée|notes sont laissées} de côté : sans échelle, ou hors d’elle.",
    ),
    "undated": (
        "{n} {n:score has no date and belongs|scores have no date and belong} to no period.",
        (
            "{n} {n:puntuación no tiene|puntuaciones no tienen} fecha "
            "y no {n:pertenece|pertenecen} a ningún periodo."
        ),
        (
            "{n} {n:note n’a pas de date et n’appartient|notes n’ont pas de date et "
            "n’appartiennent} à aucune période."
        ),
    ),
    "answered_twice": (
        (
            "{n} {n:response has|responses have} two answers of NPS that both count: to “{one}” "
            "and to “{other}”. If this is one question in two wordings, name the other one in "
            "its `aliases`."
        ),
        (
            "{n} {n:cuestionario tiene|cuestionarios tienen} dos respuestas de NPS y ambas "
            "cuentan: a «{one}» y a «{other}». Si es la misma pregunta con otras palabras, "
            "ponga la otra en sus `aliases`."
        ),
        (
            "{n} {n:questionnaire a|questionnaires ont} deux réponses de NPS qui comptent "
            "toutes deux : à « {one} » et à « {other} ». Si c’est une seule question "
            "reformulée, nommez l’autre dans ses `aliases`."
        ),
    ),
    "by_month": ("{label} by month", "{label} por mes", "{label} par mois"),
    "finding_fell": (
        "{label} fell by {change} points to {now}; before, it was {before} of {n} answers.",
        "{label}: bajó {change} puntos, hasta {now}; antes era {before}, de {n} respuestas.",
        "{label} : en baisse de {change} points, à {now} ; avant, {before} sur {n} réponses.",
    ),
    "finding_rose": (
        "{label} rose by {change} points to {now}; before, it was {before} of {n} answers.",
        "{label}: subió {change} puntos, hasta {now}; antes era {before}, de {n} respuestas.",
        "{label} : en hausse de {change} points, à {now} ; avant, {before} sur {n} réponses.",
    ),
    "why_change": (
        "The 95 % interval of the difference does not contain 0.",
        "El intervalo del 95 % de la diferencia no contiene 0.",
        "L’intervalle à 95 % de la différence ne contient pas 0.",
    ),
    "parts": ("Where and from whom", "Dónde y de quién", "Où et de qui"),
    "by_part": (
        "{label} by {part}, lowest first",
        "{label} por {part}, de menor a mayor",
        "{label} par {part}, du plus bas au plus haut",
    ),
    "best_part": (
        "{label} by {part}, the best",
        "{label} por {part}, los mejores",
        "{label} par {part}, les meilleurs",
    ),
    "part_place": ("place", "lugar", "lieu"),
    "part_channel": ("channel", "canal", "canal"),
    "part_segment": ("segment", "segmento", "segment"),
    "part_survey": ("survey", "encuesta", "enquête"),
    "part_question": ("question", "pregunta", "question"),
    "part_language": ("language", "idioma", "langue"),
    "column_place": ("Place", "Lugar", "Lieu"),
    "column_channel": ("Channel", "Canal", "Canal"),
    "column_segment": ("Segment", "Segmento", "Segment"),
    "column_survey": ("Survey", "Encuesta", "Enquête"),
    "column_question": ("Question", "Pregunta", "Question"),
    "column_language": ("Language", "Idioma", "Langue"),
    "column_low": ("95 % from", "95 % desde", "95 % de"),
    "column_high": ("to", "hasta", "à"),
    "column_answers": ("n", "n", "n"),
    "small_rows": (
        "{n} {n:row rests|rows rest} on fewer than {least} answers.",
        "{n} {n:fila se apoya|filas se apoyan} en menos de {least} respuestas.",
        "{n} {n:ligne repose|lignes reposent} sur moins de {least} réponses.",
    ),
    "not_placed": ("Not placed: {n}.", "Sin lugar conocido: {n}.", "Sans lieu connu : {n}."),
    "not_known": ("Unknown: {n}.", "Desconocido: {n}.", "Inconnu : {n}."),
    "others": ("{n} {n:other|others}", "{n:otro|otros} {n}", "{n} {n:autre|autres}"),
    "finding_worst": (
        "{part}: {label} is {value}; that of all others together is {rest}, of {n} answers.",
        "{part}: {label} es {value}; la de todos los demás juntos es {rest}, de {n} respuestas.",
        "{part} : {label} est de {value} ; les autres ensemble sont à {rest} sur {n} réponses.",
    ),
    "answered": ("How many answered", "Cuántos respondieron", "Combien ont répondu"),
    "rates": ("Response rate", "Tasa de respuesta", "Taux de réponse"),
    "column_asked": ("Asked", "Preguntados", "Interrogés"),
    "column_responses": ("Answered", "Respondieron", "Ont répondu"),
    "column_rate": ("Rate", "Tasa", "Taux"),
    "rates_invited": (
        "Where the configuration says how many were asked, all responses ever count.",
        "Donde la configuración dice a cuántos se preguntó, cuentan todas las respuestas.",
        (
            "Là où la configuration dit combien ont été interrogés, toutes les réponses comptent, "
            "quelle que soit leur date."
        ),
    ),
    "rates_unknown": (
        "How many were asked: `invited` in [surveys.NAME], or the mails that were sent.",
        "A cuántos se preguntó: `invited` en [surveys.NAME], o los correos enviados.",
        "Combien ont été interrogés : `invited` dans [surveys.NAME], ou les courriels envoyés.",
    ),
    "rates_more": (
        "Where more answered than were asked, no rate can be told.",
        "Donde respondieron más de los preguntados no se puede dar una tasa.",
        "Là où plus ont répondu qu’interrogés, aucun taux ne peut être donné.",
    ),
    "finding_rate": (
        "{survey}: only {value} % answered ({n}).",
        "{survey}: solo respondió el {value} % ({n}).",
        "{survey} : seuls {value} % ont répondu ({n}).",
    ),
    "why_rate": (
        "Those who did not answer may think otherwise.",
        "Quienes no respondieron pueden pensar de otro modo.",
        "Ceux qui n’ont pas répondu pensent peut-être autrement.",
    ),
    "words": ("In their own words", "En sus propias palabras", "Avec leurs propres mots"),
    "words_note": (
        "The newest of {n} {n:text|texts}; addresses, numbers and known names are masked.",
        (
            "Los más recientes de {n} {n:texto|textos}; direcciones, números y nombres "
            "conocidos van tapados."
        ),
        (
            "Les plus récents de {n} {n:texte|textes} ; adresses, numéros et noms connus "
            "sont masqués."
        ),
    ),
    "mood_unhappy": (
        "Unhappy ({shown} of {n})",
        "Descontentos ({shown} de {n})",
        "Mécontents ({shown} sur {n})",
    ),
    "mood_between": (
        "Between ({shown} of {n})",
        "Ni lo uno ni lo otro ({shown} de {n})",
        "Entre les deux ({shown} sur {n})",
    ),
    "mood_happy": (
        "Happy ({shown} of {n})",
        "Contentos ({shown} de {n})",
        "Contents ({shown} sur {n})",
    ),
    "mood_unscored": (
        "Without a score ({shown} of {n})",
        "Sin puntuación ({shown} de {n})",
        "Sans note ({shown} sur {n})",
    ),
    "column_day": ("Day", "Día", "Jour"),
    "column_score": ("Score", "Nota", "Note"),
    "column_best": ("of", "de", "sur"),
    "column_text": ("Text", "Texto", "Texte"),
}

PHRASES: Final = Phrases(WORDS)
