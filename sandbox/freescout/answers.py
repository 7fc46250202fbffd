"""How the API answers: JSON as PHP writes it, error bodies, and HTML pages for what it does not know."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.freescout.shapes import Json, encode


class Refused(Exception):
    """Answered with 400 and one error, however many there are."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class NotFound(Exception):
    """Answered with 404."""


class Broken(Exception):
    """Answered with 500 and a page."""


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(body), status, headers, "application/json")


def created(resource: int, body: Json) -> Response:
    """201 with the new id in a header and the whole object in the body."""
    return json_answer(body, 201, {"Resource-ID": str(resource)})


def nothing() -> Response:
    return Response(status_code=204)


def _html(status: int, title: str) -> Response:
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return HTMLResponse(page, status)


async def refused(_request: Request, error: Exception) -> Response:
    errors = []
    if isinstance(error, Refused):
        errors = [{"path": error.path, "message": error.message, "source": "JSON"}]
    return json_answer({"message": "Bad Request", "_embedded": {"errors": errors}}, 400)


async def not_found(_request: Request, _error: Exception) -> Response:
    return json_answer({"message": "Not Found", "_embedded": {"errors": []}}, 404)


async def broken(_request: Request, _error: Exception) -> Response:
    return _html(500, "Whoops, looks like something went wrong.")


async def unknown(request: Request, error: Exception) -> Response:
    """Unknown routes and methods of the API are both 405 with a page; elsewhere the status is what it is."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if request.url.path.startswith("/api"):
        return _html(405, "Method Not Allowed")
    return _html(status, "Page Not Found" if status == 404 else "This Did Not Work")


def unauthorized() -> Response:
    return json_answer({"message": "Not authorized"}, 401)
