"""freescout-slack: a mirror between FreeScout and Slack."""
