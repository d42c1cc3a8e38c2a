"""
The canonical record kinds: what a plug-in may yield and what the store keeps.

A class here has only a kind's own fields; `regard.records.rows` adds the store's. Every
field may be None, which means "cannot tell". Times are aware, days are dates, numbers are
Decimal; money has its ISO 4217 currency beside it. Names follow schema.org in snake_case.

To read about a kind's place in the whole, see the reference; to add a field, add it here
and write a migration: a new nullable column changes no content hash.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints
from sqlmodel import SQLModel

from regard.records.types import count, day, flag, instant, number, string

__all__ = [
    "Answer",
    "Customer",
    "Fact",
    "Indicator",
    "Offer",
    "Product",
    "Purchase",
    "Review",
    "Touchpoint",
    "Visit",
    "VisitScore",
]

Currency = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$")]
"""An ISO 4217 code, upper-cased; the code itself is not looked up in the standard's list."""

Price = Annotated[Decimal, Field(gt=0)]
"""What somebody asks: never nothing, which shops write where they have no price."""

Charge = Annotated[Decimal, Field(ge=0)]
"""What else stands beside a price; it may be nothing, as free shipping is, and never less."""


class Customer(SQLModel):
    """
    A person or organisation as one source knows it.

    The same human being may have several of these, one in each source.

    Attributes:
        account_key: The organisation that a person belongs to, as a key of the same source.
        age_band: Such as ``25-34``, where neither day nor year of birth is known.
        region: State, province or autonomous community.
        country: ISO 3166-1 alpha-2 where the source has it, else as written.
        consent: Whether marketing messages are allowed; None where the source does not say.
        created_at: When the customer became known to the source.
    """

    type: Literal["person", "organisation"] | None = string()
    account_key: str | None = string("pseudonym")
    name: str | None = string("personal")
    given_name: str | None = string("personal")
    family_name: str | None = string("personal")
    company: str | None = string()
    email: str | None = string("personal")
    phone: str | None = string("personal")
    birth_on: date | None = day("personal")
    birth_year: int | None = count("personal")
    age_band: str | None = string()
    sex: str | None = string("sensitive")
    language: str | None = string()
    country: str | None = string()
    region: str | None = string()
    city: str | None = string()
    postal_code: str | None = string("personal")
    segment: str | None = string()
    acquisition_source: str | None = string()
    consent: bool | None = flag()
    created_at: AwareDatetime | None = instant()


class Product(SQLModel):
    """
    One of our own products.

    Attributes:
        gtin: The number under the bar code, 8 to 14 digits.
        mpn: The manufacturer's part number.
    """

    sku: str | None = string()
    gtin: str | None = string()
    mpn: str | None = string()
    brand: str | None = string()
    name: str | None = string()
    category: str | None = string()
    list_price: Decimal | None = number()
    currency: Currency | None = string()
    tax_included: bool | None = flag()


class Purchase(SQLModel):
    """
    One line bought, or not bought.

    Attributes:
        basis: What stands behind it: a sale (orders, tills), a payment (card charges) or the
            pipeline (deals). Revenue counts sales only.
        status: ``quoted`` is still open; ``lost``, ``cancelled`` and ``abandoned`` are
            purchases not made.
        reason: Why it was lost, refunded or cancelled.
        stage: Where in the sales process it stands or stood.
        competitor: To whom it was lost.
        quantity: How many units, at most six decimals.
        unit_price: Of one unit before discount.
        discount: On the whole line, not negative.
        amount: The line's total after discount; a refund is negative.
    """

    basis: Literal["sale", "payment", "pipeline"] | None = string(default="sale")
    order_key: str | None = string()
    customer_key: str | None = string("pseudonym")
    email: str | None = string("personal")
    ordered_at: AwareDatetime | None = instant()
    status: Literal["completed", "refunded", "cancelled", "abandoned", "quoted", "lost"] | None = (
        string()
    )
    reason: str | None = string()
    stage: str | None = string()
    competitor: str | None = string()
    channel: str | None = string()
    sku: str | None = string()
    product_name: str | None = string()
    quantity: Decimal | None = number()
    unit_price: Decimal | None = number()
    discount: Decimal | None = number()
    amount: Decimal | None = number()
    currency: Currency | None = string()
    tax_included: bool | None = flag()
    place: str | None = string()
    campaign: str | None = string()


class Touchpoint(SQLModel):
    """
    One contact: call, e-mail, chat, ticket, page view, campaign, visit, mention, suggestion.

    Attributes:
        channel: Such as ``call``, ``email``, ``web``, ``store``, ``box``.
        type: What happened on it, such as ``open``, ``click``, ``complaint``, ``suggestion``.
        direction: Who began: ``inbound`` is the customer.
        thread_key: What belongs together, such as a ticket's number.
        duration_s: In seconds.
    """

    customer_key: str | None = string("pseudonym")
    email: str | None = string("personal")
    happened_at: AwareDatetime | None = instant()
    channel: str | None = string()
    type: str | None = string()
    direction: Literal["inbound", "outbound"] | None = string()
    thread_key: str | None = string("pseudonym")
    agent: str | None = string("personal")
    place: str | None = string()
    stage: str | None = string()
    duration_s: int | None = count()
    outcome: str | None = string()
    subject: str | None = string("personal")
    text: str | None = string("personal")
    language: str | None = string()
    sku: str | None = string()
    url: str | None = string()
    campaign: str | None = string()


class Answer(SQLModel):
    """
    One answer to one survey question.

    Attributes:
        response_key: What belongs to one filled-in survey.
        metric: What the question measures.
        score: On the scale from ``scale_min`` to ``scale_max``.
        choice: The chosen option's stable name.
        complete: Whether the whole survey was answered.
    """

    response_key: str | None = string("pseudonym")
    customer_key: str | None = string("pseudonym")
    email: str | None = string("personal")
    survey: str | None = string()
    question: str | None = string()
    metric: Literal["nps", "csat", "ces", "rating", "choice", "text"] | None = string()
    score: Decimal | None = number()
    scale_min: Decimal | None = number()
    scale_max: Decimal | None = number()
    choice: str | None = string()
    text: str | None = string("personal")
    language: str | None = string()
    place: str | None = string()
    order_key: str | None = string()
    complete: bool | None = flag()
    answered_at: AwareDatetime | None = instant()
    channel: str | None = string()


class Visit(SQLModel):
    """
    One mystery-shopping visit.

    Attributes:
        subject: Us or a competitor.
        score: 0 to 100, recomputable from the visit's items.
        stated_score: What the agency wrote.
    """

    form: str | None = string()
    form_version: str | None = string()
    wave: str | None = string()
    state: Literal["draft", "submitted", "approved", "rejected"] | None = string()
    subject: str | None = string()
    place: str | None = string()
    evaluator: str | None = string("personal")
    visited_at: AwareDatetime | None = instant()
    score: Decimal | None = number()
    stated_score: Decimal | None = number()
    passed: bool | None = flag()


class VisitScore(SQLModel):
    """
    One scored item of a visit.

    Attributes:
        points: What the answer earned, of ``max_points``.
        weight: The item's share within its section; of a bonus item, what it may add to the
            visit's score.
        section: The sections around it, outermost first, with `` / `` between them.
        section_weights: Their weights in the same form; ``-`` for a section that is only a
            heading.
        critical: Earning nothing fails the visit.
        cap: Of a critical item, the highest score of a visit that fails it; of a bonus item,
            the most that all of them add.
    """

    visit_key: str | None = string("pseudonym")
    section: str | None = string()
    item: str | None = string()
    answer: str | None = string("personal")
    points: Decimal | None = number()
    max_points: Decimal | None = number()
    weight: Decimal | None = number()
    not_applicable: bool | None = flag()
    critical: bool | None = flag()
    bonus: bool | None = flag()
    comment: str | None = string("personal")
    section_weights: str | None = string()
    cap: Decimal | None = number()


class Review(SQLModel):
    """
    One public review.

    Attributes:
        rating: Between ``worst_rating`` and ``best_rating``.
        rating_norm: The same from 0 (worst) to 1 (best).
        author_hash: A keyed hash; the author's name is not kept.
        status: Whether it is public: ``live``; ``pending``, ``flagged``, ``removed`` and the
            like are not, and count in no measure. None: nobody says that it is not.
    """

    subject: str | None = string()
    competitor: str | None = string()
    provider: str | None = string()
    place: str | None = string()
    product_name: str | None = string()
    sku: str | None = string()
    gtin: str | None = string()
    rating: Decimal | None = number()
    best_rating: Decimal | None = number()
    worst_rating: Decimal | None = number()
    rating_norm: Decimal | None = number()
    title: str | None = string("personal")
    text: str | None = string("personal")
    language: str | None = string()
    author_hash: str | None = string("pseudonym")
    published_at: AwareDatetime | None = instant()
    verified: bool | None = flag()
    reply_text: str | None = string("personal")
    replied_at: AwareDatetime | None = instant()
    url: str | None = string()
    status: str | None = string()


class Offer(SQLModel):
    """
    An offer, a competitor's or our own, over a period in which it did not change.

    Attributes:
        competitor: Whose offer it is; None for our own.
        seller: Who sells it there.
        price: More than 0; None: there is none, as of what is out of stock.
        unit_price: Per reference quantity, such as per kilogram.
        observed_at: When it was seen; never part of the content hash.
    """

    competitor: str | None = string()
    product_name: str | None = string()
    sku: str | None = string()
    gtin: str | None = string()
    mpn: str | None = string()
    brand: str | None = string()
    seller: str | None = string()
    price: Price | None = number()
    list_price: Charge | None = number()
    currency: Currency | None = string()
    tax_included: bool | None = flag()
    shipping: Charge | None = number()
    unit_price: Charge | None = number()
    availability: str | None = string()
    condition: str | None = string()
    url: str | None = string()
    observed_at: AwareDatetime | None = instant()


class Indicator(SQLModel):
    """
    One value of an outside series: inflation, a category index, footfall.

    Attributes:
        period_on: The first day of the period it speaks of.
        published_on: The day from which it was known.
    """

    series: str | None = string()
    region: str | None = string()
    place: str | None = string()
    period_on: date | None = day()
    value: Decimal | None = number()
    unit: str | None = string()
    published_on: date | None = day()


class Fact(SQLModel):
    """Anything else, without a migration."""

    subject: str | None = string("pseudonym")
    name: str | None = string()
    value: Decimal | None = number()
    unit: str | None = string()
    text: str | None = string("personal")
    happened_at: AwareDatetime | None = instant()
