"""Whom a connection trusts: the certificates are read once, and not again for each file that is fetched."""

import ssl
from functools import cache

import httpx

from bot.errors import ConfigError


@cache
def trust() -> ssl.SSLContext:
    """The context of all connections that are opened with httpx: to make one keeps the loop for 30 ms.

    Raises ConfigError where the file that SSL_CERT_FILE names cannot be used.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        why = f"what it names cannot be used ({error.strerror or error})"
        raise ConfigError([f"SSL_CERT_FILE: {why}: name a file of certificates, or none."]) from error
