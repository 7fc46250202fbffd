"""Routes that people add from Slack: typed or filled in, checked against FreeScout, kept, listed, changed."""
