"""A stand-in Slack: the Web API, signed deliveries, Socket Mode, and a page to use it in a browser."""

from sandbox.slack.api import Call
from sandbox.slack.delivery import Answer
from sandbox.slack.faults import Fault, Faults
from sandbox.slack.model import Message, SlackFile, View
from sandbox.slack.person import Person
from sandbox.slack.server import Slack

__all__ = ["Answer", "Call", "Fault", "Faults", "Message", "Person", "Slack", "SlackFile", "View"]
