"""The arithmetic of a line in plain words: one sentence for where it stands, and one for the terms of its alert."""

from schemas.responses.lines import LineReport, LineTerms
from starter.http.console.words import Words


def standing(t: Words, line: LineReport, terms: LineTerms) -> str:
    """Where the line stands now, the first thing that decides about it."""
    if terms.paused_at is not None or terms.conversation_paused_at is not None:
        return t("lines.stands_paused")
    if line.gone:
        return t("lines.stands_gone")
    if not terms.by_units:
        return t("lines.stands_by_bound")
    if terms.opened_at is None:
        if not line.on_sale:
            return t("lines.stands_not_on_sale")
        if line.units and terms.quantity_threshold > 1:
            return t("lines.stands_too_few", units=line.units, least=terms.quantity_threshold)
        return t("lines.stands_sold_out")
    if terms.places is None:
        return t("lines.stands_everyone", units=terms.available)
    if terms.next_told:
        return t("lines.stands_calling", count=terms.next_told, units=terms.available)
    if terms.places:
        return t("lines.stands_places_left", count=terms.places, units=terms.available)
    return t("lines.stands_all_offered", units=terms.available, claimed=terms.claimed)


def said_terms(t: Words, terms: LineTerms) -> str:
    """How the alert shares units out, and until when."""
    if not terms.by_units:
        return t("lines.terms_bound")
    said = [
        t("lines.terms_everyone")
        if terms.contacts_per_unit is None
        else t("lines.terms_units_each", count=terms.units_per_contact)
        if terms.units_per_contact > 1
        else t("lines.terms_per_unit", count=terms.contacts_per_unit)
    ]
    if terms.quantity_threshold > 1:
        said.append(t("lines.terms_threshold", least=terms.quantity_threshold))
    if terms.offer_hours:
        said.append(t("lines.terms_lapses", count=terms.offer_hours))
    if terms.stay_until_bought:
        said.append(t("lines.terms_stays", count=terms.stay_until_bought))
    return " ".join(said)
