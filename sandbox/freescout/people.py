"""What the API takes for users and customers: required fields, addresses that are taken, lengths."""

from collections.abc import Iterator

from sandbox.freescout.answers import Refused
from sandbox.freescout.desk import Desk
from sandbox.freescout.records import Customer, Entry, User
from sandbox.freescout.shapes import ADDRESS, Json
from sandbox.freescout.world import World

_USER_DETAILS = ("alternateEmails", "jobTitle", "phone", "timezone", "photoUrl")
_DETAILS = {"jobTitle": 60, "company": 60, "photoType": None, "photoUrl": 200, "notes": None}
"""With their greatest length, as the manual has it. What is longer is cut."""
_LISTS = {"phones": "phones", "socialProfiles": "social_profiles", "websites": "websites"}
_NAME = 40


def _text(value: object, most: int | None = None) -> str | None:
    return str(value).strip()[:most] or None if value is not None else None


# Users


def new_user(world: World, body: Json) -> User:
    """POST a user: never an admin, and without any mailbox."""
    first, last, email = (_required(body, name) for name in ("firstName", "lastName", "email"))
    if not _is_address(email):
        raise Refused("email", "is not a valid email address")
    if any(one.email.lower() == email.lower() for one in world.users.values()):
        raise Refused("email", "is already taken")
    user = world.add_user(first, last, email)
    user.details = {name: _text(body[name]) for name in _USER_DETAILS if body.get(name)}
    return user


def delete_user(world: World, user: User) -> None:
    """Mark the address, and take the mailboxes away. The user stays in the list."""
    if user.is_deleted:
        return
    user.email = f"{user.email}_deleted{user.id}"
    user.mailboxes.clear()
    user.updated_at = world.now()
    world.version += 1


def _required(body: Json, name: str) -> str:
    value = _text(body.get(name))
    if value is None:
        raise Refused(name, "may not be empty")
    return value


def _is_address(text: str) -> bool:
    before, at, after = text.partition("@")
    return bool(before and at and after) and " " not in text


# Customers


def new_customer(desk: Desk, body: Json) -> Customer:
    """POST a customer. Addresses of others are passed over; where all are, nobody is made."""
    addresses = list(_addresses(body))
    _refuse_taken(desk.world, addresses, None)
    customer = desk.world.add_customer("")
    _describe(desk.world, customer, body, addresses)
    customer.first, customer.last = _names(customer, body)
    desk.tell("customer.created", customer)
    return customer


def change_customer(desk: Desk, customer: Customer, body: Json) -> None:
    """PUT a customer: what the body names is replaced, all else stays."""
    addresses = list(_addresses(body))
    _refuse_taken(desk.world, addresses, customer)
    _describe(desk.world, customer, body, addresses)
    desk.update_customer(customer, *_names(customer, body))


def _addresses(body: Json) -> Iterator[tuple[str, str]]:
    for entry in _entries(body.get("emails")):
        if not _is_address(entry.value):
            raise Refused("emails", "is not a valid email address")
        yield entry.value, entry.type


def _refuse_taken(world: World, addresses: list[tuple[str, str]], owner: Customer | None) -> None:
    holders = [world.customer_with(value) for value, _ in addresses]
    if holders and all(holder not in (None, owner) for holder in holders):
        raise Refused("emails", "is already taken")


def _describe(world: World, customer: Customer, body: Json, addresses: list[tuple[str, str]]) -> None:
    if addresses:
        world.set_emails(customer, addresses)
    for name, most in _DETAILS.items():
        if name in body:
            customer.details[name] = _text(body[name], most)
    for name, kept in _LISTS.items():
        if name in body:
            customer.lists[kept] = list(_entries(body[name]))
    if phone := _text(body.get("phone")):
        phones = customer.lists.setdefault("phones", [])
        if phone not in [entry.value for entry in phones]:
            phones.append(Entry(0, phone, "work"))
    if isinstance(address := body.get("address"), dict):
        customer.address.update({key: _text(address[key]) for key in ADDRESS if key in address})


def _names(customer: Customer, body: Json) -> tuple[str | None, str | None]:
    first, last = body.get("firstName", customer.first), body.get("lastName", customer.last)
    return _text(first, _NAME), _text(last, _NAME)


def _entries(given: object) -> Iterator[Entry]:
    for each in given if isinstance(given, list) else []:
        value = _text(each.get("value")) if isinstance(each, dict) else None
        if value:
            yield Entry(0, value, _text(each.get("type")) or "work")
