"""What agents do in the help desk's pages, as verbs that tests drive."""

from collections.abc import Sequence

from sandbox.freescout.desk import UNDO_SECONDS, Desk
from sandbox.freescout.records import Actor, Conversation
from sandbox.freescout.world import World


class Agents:
    """A part of `FreeScout`. `user` is the id of whoever does it."""

    world: World
    desk: Desk

    def agent_replies(self, conversation: int, user: int, body: str, *, status: str = "pending") -> int:
        """Reply to the customer. The event comes after the undo window."""
        one, by = self._of(conversation, user)
        return self.desk.write(
            one, "message", by, body, status=status, cc=one.cc, bcc=one.bcc, late=UNDO_SECONDS
        ).id

    def agent_undoes(self, thread: int) -> None:
        """Take a reply back: its event still comes, without a new thread."""
        one = self.world.conversations[self.world.conversation_of_thread[thread]]
        self.desk.undo(one, next(each for each in one.threads if each.id == thread))

    def agent_begins_reply(self, conversation: int, user: int, body: str) -> int:
        """Begin a reply and leave it a draft: nobody gets it yet, and no webhook tells of it."""
        one, by = self._of(conversation, user)
        return self.desk.write(
            one, "message", by, body, status=one.status, cc=one.cc, bcc=one.bcc, state="draft"
        ).id

    def agent_sends_draft(self, thread: int) -> None:
        """Send such a reply: it keeps its id, however much was said since."""
        one = self.world.conversations[self.world.conversation_of_thread[thread]]
        self.desk.send_draft(one, next(each for each in one.threads if each.id == thread))

    def agent_notes(self, conversation: int, user: int, body: str) -> int:
        one, by = self._of(conversation, user)
        return self.desk.write(one, "note", by, body, cc=one.cc, bcc=one.bcc).id

    def agent_drafts(self, user: int, email: str, subject: str, body: str, *, mailbox: int) -> int:
        """Begin a conversation and leave it a draft."""
        by = Actor("user", user)
        customer = self.desk.customer(email).id
        one = self.desk.open(
            mailbox=mailbox, customer=customer, subject=subject, by=by, source="web", state="draft"
        )
        self.desk.write(one, "message", by, body, state="draft")
        return one.id

    def agent_sets_status(self, conversation: int, user: int, status: str) -> None:
        one, by = self._of(conversation, user)
        self.desk.set_status(one, status, by)

    def agent_assigns(self, conversation: int, user: int, assignee: int | None) -> None:
        one, by = self._of(conversation, user)
        self.desk.assign(one, assignee, by)

    def agent_moves(self, conversation: int, user: int, mailbox: int) -> None:
        one, by = self._of(conversation, user)
        self.desk.move(one, mailbox, by)

    def agent_edits_subject(self, conversation: int, user: int, subject: str) -> None:
        """No webhook tells of it."""
        one, by = self._of(conversation, user)
        self.desk.retitle(one, subject, by)

    def agent_changes_customer(self, conversation: int, user: int, customer: int) -> None:
        """Give it to another customer, by id. No webhook tells of it."""
        one, by = self._of(conversation, user)
        self.desk.change_customer(one, customer, by)

    def agent_merges(self, into: int, other: int, by: int, *, rings: bool = False) -> None:
        """Merge `other` into `into`: `other` stays among the deleted, empty but for line items.

        No webhook tells of it, unless `rings`: see `Desk.merge`.
        """
        one, actor = self._of(into, by)
        self.desk.merge(one, self.world.conversations[other], actor, rings=rings)

    def agent_tags(self, conversation: int, tags: Sequence[str]) -> None:
        """Replace the set of tags. No webhook tells of it."""
        self.desk.tag(self.world.conversations[conversation], tags)

    def agent_sets_field(self, conversation: int, field: int, value: object) -> None:
        """Fill in a custom field; a dropdown takes the number of an option. No webhook tells of it."""
        self.world.set_field(self.world.conversations[conversation], field, str(value))

    def agent_logs_time(
        self, conversation: int, user: int, seconds: int, *, paused: bool = False, finished: bool = True
    ) -> int:
        """Note working time. No webhook tells of it."""
        one = self.world.conversations[conversation]
        return self.world.add_timelog(one, user, seconds, paused=paused, finished=finished).id

    def agent_deletes(self, conversation: int, user: int = 1) -> None:
        """Put it into the folder of the deleted."""
        one, by = self._of(conversation, user)
        self.desk.delete(one, by)

    def agent_restores(self, conversation: int, user: int = 1) -> None:
        one, by = self._of(conversation, user)
        self.desk.restore(one, by)

    def agent_deletes_forever(self, conversation: int) -> None:
        self.desk.delete_forever(self.world.conversations[conversation])

    def workflow_sends(self, conversation: int, event: str) -> None:
        """Send an event under a name of somebody's own, as the Workflows module can."""
        self.desk.tell(event, self.world.conversations[conversation])

    def _of(self, conversation: int, user: int) -> tuple[Conversation, Actor]:
        return self.world.conversations[conversation], Actor("user", user)
