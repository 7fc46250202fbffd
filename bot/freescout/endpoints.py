"""Every endpoint of FreeScout's API, the client's method for it, and where manual and server differ."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `methods` are the client's; `manual` says whether the manual has it at all."""

    verb: str
    path: str
    methods: tuple[str, ...]
    differs: str = ""
    manual: bool = True


ENDPOINTS = (
    Endpoint(
        "GET",
        "conversations",
        ("conversations", "page", "numbered"),
        "answers 200 where the manual prints 201; without `state` and `status` it lists everything, drafts "
        "and deleted ones too; also knows `state`, `pageSize`, `createdSince`, `tag`, `type`, `subject`",
    ),
    Endpoint(
        "POST",
        "conversations",
        ("create_conversation",),
        "the whole conversation is in the answer's body",
    ),
    Endpoint("GET", "conversations/{id}", ("conversation",), "also embeds `tags`"),
    Endpoint(
        "PUT",
        "conversations/{id}",
        ("set_status", "assign", "move", "set_subject", "set_customer"),
        "several keys are no transaction; an unknown status becomes active; any `assignTo` is believed",
        manual=False,
    ),
    Endpoint("DELETE", "conversations/{id}", ("delete_conversation",)),
    Endpoint(
        "POST",
        "conversations/{id}/threads",
        ("add_thread",),
        "`user` is required for notes too; without `cc` the conversation's list is wiped; another `customer` "
        "takes the ticket over; an unknown `type` becomes a customer's message; bad files are left out "
        "without a word",
    ),
    Endpoint(
        "PUT",
        "conversations/{id}/tags",
        ("set_tags",),
        "replaces the set; 400 without the Tags module",
        manual=False,
    ),
    Endpoint("PUT", "conversations/{id}/custom_fields", ("set_fields",)),
    Endpoint("GET", "conversations/{id}/timelogs", ("timelogs",), "the manual's times are misprinted"),
    Endpoint("GET", "tags", ("tags",), manual=False),
    Endpoint("GET", "customers", ("customers",)),
    Endpoint("POST", "customers", ("create_customer",)),
    Endpoint("GET", "customers/{id}", ("customer",)),
    Endpoint("PUT", "customers/{id}", ("update_customer",), manual=False),
    Endpoint(
        "GET", "mailboxes", ("mailboxes",), "an unknown `userId` lists every mailbox; no route gets one alone"
    ),
    Endpoint("GET", "mailboxes/{id}/custom_fields", ("custom_fields",)),
    Endpoint("GET", "mailboxes/{id}/folders", ("folders",), manual=False),
    Endpoint(
        "GET",
        "users",
        ("users", "user_by_email"),
        "deleted (`…_deleted…`), disabled and robot users are among them",
    ),
    Endpoint("POST", "users", ("create_user",)),
    Endpoint("GET", "users/{id}", ("user",)),
    Endpoint("DELETE", "users/{id}", ("delete_user",), manual=False),
    Endpoint("GET", "webhooks", ("webhooks",), "405 on some versions, a list on later ones", manual=False),
    Endpoint(
        "POST",
        "webhooks",
        ("create_webhook",),
        "unknown events are dropped without a word; none left is a 400",
    ),
    Endpoint("DELETE", "webhooks/{id}", ("delete_webhook",)),
)
