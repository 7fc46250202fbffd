"""A FreeScout and a Slack to try the bridge against: real HTTP servers on loopback, no account, no token."""
