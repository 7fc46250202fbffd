"""The torture: everything that can go wrong does, the process dies again and again, and Slack must come out right."""
