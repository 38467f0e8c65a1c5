"""Entering the waiting list: by sign-up, by what a contact did, by import. One way in for all, in one transaction."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic_core import PydanticCustomError

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownVariant
from activities.waitlist.alerts import AlertInForce, alerts_in_force, sign_up_alert
from activities.waitlist.devices import know_device
from activities.waitlist.entry import Entered, NotEntered, enter
from activities.waitlist.interest import Interest
from activities.waitlist.place_shown import count_and_place
from activities.waitlist.sign_up_counts import count_of_network
from activities.waitlist.unfulfilled_sign_ups import UnfulfilledSignUp, keep_unfulfilled_sign_up
from schemas.addresses import phone_number
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import ContactId, StoreId, new_contact_id

SQL = load_queries("activities.waitlist", "entrances.sql")

CONFIRMED_WITHIN = timedelta(days=7)
"""How long a place waits for its owner's yes: a holiday, and no longer, for the address may be anybody's."""
MOST_PROOFS = 20
"""Words and pages that are kept of one contact's consent to one channel."""
TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody was shown when they agreed, for the record.

    Attributes:
        source: where they agreed, in a few words.
        purpose: what for.
        text: the words that were shown.
        page: the address of the page that they stood on.
        network: whose it was that the consent came from; only a keyed digest of it is kept.
        device: the token of the browser that signs up (devices.py).
        language: that they read, by its BCP 47 tag.
    """

    source: str
    purpose: str = "alerts"
    text: str | None = None
    page: str | None = None
    network: str | None = None
    language: str | None = None
    device: str | None = None

    def proof(self) -> dict[str, object]:
        """As parameters of the queries."""
        return {
            "source": self.source,
            "purpose": self.purpose,
            "text": self.text,
            "page": self.page,
            "network": self.network,
        }


class Declined(DomainError):
    """A contact could not be entered; for those who asked to be told why."""

    code = "not_enlisted"
    kind = ErrorKind.CONFLICT

    def __init__(self, declined: NotEntered) -> None:
        super().__init__(f"Alert '{declined.alert_id}' does not enter them: {declined.reason.sentence}")


class NotANumber(DomainError):
    """What was given as a phone number is none that a text message can be sent to."""

    code = "not_a_number"
    kind = ErrorKind.INVALID
    advice = "Write it with + and the country's code, or name the country in the list's settings: `country: US`."

    def __init__(self, why: str, field: str = "phone") -> None:
        super().__init__(why, public=why, fields=(FieldError(f"$.{field}", why),))


class NumberOfAnother(DomainError):
    """A phone number cannot be given to a contact, for another has it, or they have another."""

    code = "number_of_another"
    kind = ErrorKind.CONFLICT
    advice = "`shelftalk contact set PERSON --phone NUMBER` replaces the number of who has another."

    def __init__(self) -> None:
        super().__init__("This number is another contact's, or this contact has another number.")


class Entrances:
    """The way into the waiting list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def sign_up(
        self,
        email: str | None,
        store_id: StoreId,
        variant_id: str,
        source: str | Shown,
        at: datetime | None = None,
        list_code: str | None = None,
        most_of_mailbox: int | None = None,
        most_of_network: int | None = None,
        by: str | None = None,
        phone: str | None = None,
        texts: bool = False,
        quantity: int | None = None,
    ) -> Entered | NotEntered:
        """Put a contact in line for a variant (or its product); one who is in line already keeps their place.

        A sign-up that could not be entered is kept with the reason (P7), for back-population (P4). With double opt-in
        they are asked first, but for who has said yes before; until then their place counts for nobody's stock.

        Args:
            email: a valid address, in any letter case; None: a number alone.
            source, by: where consent was given, and for what; who does it for them, for the audit (None: they did).
            at: when they asked; now, if not given. Their place in line and their window count from then.
            most_of_mailbox, most_of_network: places of one mailbox, sign-ups of one network in a day; None: any number.
            list_code: for this list; needed where several could be meant. `quantity`: units; None: one, or as before.
            phone: their number, as they write it; another's is passed over. `texts`: they agree to text messages.

        Raises:
            UnknownVariant, NoAlert, ListNotNamed, ListTakesNoSignUps, NotANumber, NetworkFull and others: as they say.
        """
        shown = source if isinstance(source, Shown) else Shown(source)
        async with transaction(self._pool) as connection:
            product_id = await _product(connection, store_id, variant_id)
            alert = await sign_up_alert(connection, store_id, list_code)
            number = None if phone is None else read_number(phone, alert.country)
            await count_of_network(connection, shown.network, store_id, variant_id, most_of_network)
            contact_id = await contact(connection, email, number, joins=by is not None)
            texts = await _has_number(connection, contact_id, number, by) and texts
            asks = await _agree(connection, alert, contact_id, shown, by_email=email is not None, texts=texts)
            if most_of_mailbox is not None:
                await SQL.hold_mailbox.run(connection, contact_id=contact_id)
            interest = Interest(store_id, product_id, variant_id, at or datetime.now(UTC), quantity)
            result = await enter(connection, alert, contact_id, interest, most_of_mailbox=most_of_mailbox)
            if asks and isinstance(result, Entered) and result.entered:
                await _ask_first(connection, result, shown)
            await _record(connection, contact_id, interest, alert, result, by)
            await know_device(connection, shown.device, contact_id, store_id)
            noted = await count_and_place(connection, alert, interest, result)
        return replace(result, asks_first=alert.double_opt_in, **asdict(noted))

    @staticmethod
    async def interested(
        connection: Connection, action: Action, contact_id: ContactId, interest: Interest
    ) -> list[Entered | NotEntered]:
        """A contact browsed or carted a known product: enter them wherever an alert of this store is fed by that.

        Where no variant was named and the product has only one, it is that one.
        """
        if interest.variant_id is None:
            only: str | None = await SQL.only_variant.value(
                connection, store_id=interest.store_id, product_id=interest.product_id
            )
            interest = replace(interest, variant_id=only)
        return [
            await enter(connection, alert, contact_id, interest)
            for alert in await alerts_in_force(connection, action=action, store_id=interest.store_id)
        ]


async def _agree(
    connection: Connection, alert: AlertInForce, contact_id: ContactId, shown: Shown, *, by_email: bool, texts: bool
) -> bool:
    """Record what a sign-up agrees to, on each channel that it names an address for; whether they are asked first.

    Who is to be asked whether it was them has not agreed to mails yet. To text messages they have, by a box of its own.
    """
    if shown.language is not None:
        await SQL.set_language.run(connection, contact_id=contact_id, language=shown.language)
    by_mail = {"contact_id": contact_id, "channel": Channel.EMAIL}
    asks = by_email and alert.double_opt_in and not await SQL.has_confirmed.value(connection, **by_mail)
    for channel, agreed in ((Channel.EMAIL, by_email and not asks), (Channel.SMS, texts)):
        if agreed:
            await SQL.consent.run(connection, most=MOST_PROOFS, contact_id=contact_id, channel=channel, **shown.proof())
    return asks


async def _has_number(connection: Connection, contact_id: ContactId, number: str | None, by: str | None) -> bool:
    """Whether the number of a sign-up is the contact's own.

    Raises:
        NumberOfAnother: as it says, where `by` is named.
    """
    if number is None:
        return False
    theirs: bool | None = await SQL.has_phone.value(connection, contact_id=contact_id, phone=number)
    if not theirs and by is not None:
        raise NumberOfAnother
    return bool(theirs)


async def _record(
    connection: Connection,
    contact_id: ContactId,
    interest: Interest,
    alert: AlertInForce,
    result: Entered | NotEntered,
    by: str | None,
) -> None:
    """Keep who did it for them, and the sign-up itself where it could not be entered."""
    if by is not None:
        details = {"contact": contact_id, "store": interest.store_id, "variant": interest.variant_id}
        await write_audit(connection, by, "sign up", details | {"list": alert.list_code})
    if isinstance(result, NotEntered):
        await keep_unfulfilled_sign_up(connection, _unfulfilled(contact_id, interest, alert, result))


async def _ask_first(connection: Connection, entered: Entered, shown: Shown) -> None:
    await SQL.ask_first.run(
        connection,
        journey_id=entered.journey_id,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        within=CONFIRMED_WITHIN,
        **shown.proof(),
    )


async def _product(connection: Connection, store_id: StoreId, variant_id: str) -> str:
    found: str | None = await SQL.product_of_variant.value(connection, store_id=store_id, variant_id=variant_id)
    if found is None:
        raise UnknownVariant(f"{store_id}/variant/{variant_id}")
    return found


def _unfulfilled(
    contact_id: ContactId, interest: Interest, alert: AlertInForce, result: NotEntered
) -> UnfulfilledSignUp:
    return UnfulfilledSignUp(
        interest=interest,
        contact_id=contact_id,
        list_code=alert.list_code,
        alert_id=result.alert_id,
        reason=result.reason,
    )


def read_number(phone: str, country: str | None = None, field: str = "phone") -> str:
    """A number as people give it, in E.164.

    Args:
        country: whose numbers may be written as people there write them.

    Raises:
        NotANumber: as it says.
    """
    try:
        return phone_number(phone, country)
    except PydanticCustomError as error:
        raise NotANumber(error.message(), field) from None


async def contact(
    connection: Connection, email: str | None, phone: str | None = None, *, joins: bool = True
) -> ContactId:
    """The contact of this address, or of both, made if there is none. A number in E.164.

    Where two people have them, or the one has another number, it is who has the e-mail address.

    Args:
        joins: whoever says that both are one person's knows it; else nothing is added to who is known already.
    """
    if email is not None and phone is not None:
        of_both = SQL.contact_of_both if joins else SQL.contact_of_form
        return await of_both.value(connection, contact_id=new_contact_id(), email=email.lower(), phone=phone)
    address = phone if email is None else email.lower()
    assert address is not None, "somebody is known by an address"
    return await SQL.contact.value(connection, contact_id=new_contact_id(), address=address)


async def contact_then(
    connection: Connection, address: str, at: datetime | None, store_id: StoreId, order_id: str | None = None
) -> ContactId | None:
    """The contact of this address, of whom somebody tells something; None: it was forgotten, and brings nobody back.

    Args:
        at: when it happened, by the teller; before the person was erased, it is forgotten. None: now.
        order_id: of an order, the storefront's own id; one that was erased stays forgotten, whenever it was placed.
    """
    return await SQL.contact_then.value(
        connection, contact_id=new_contact_id(), address=address.lower(), at=at, store_id=store_id, order_id=order_id
    )
