"""Whom a connection trusts: the certificates are read once, and not again for each file that is fetched."""

import ssl
from functools import cache

import httpx


@cache
def trust() -> ssl.SSLContext:
    """The context of all connections that are opened with httpx: to make one keeps the loop for 30 ms."""
    return httpx.create_ssl_context()
