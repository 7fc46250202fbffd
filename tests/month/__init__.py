"""A month of a help desk with five mailboxes, played in seconds: every ping is held to an oracle of its own."""
