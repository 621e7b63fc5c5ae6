"""The application of this process behind a browser, so that a test may change what it speaks."""

from __future__ import annotations

from flask.testing import FlaskClient
from playwright.sync_api import Page, Route

BASE = "http://localhost"


def serve_inside(page: Page, client: FlaskClient) -> None:
    """Answer all requests of the page by the client, as whom it is signed in."""

    def answer(route: Route) -> None:
        request = route.request
        sent = {name: value for name, value in request.headers.items() if name not in ("host", "cookie")}
        answered = client.open(
            request.url.removeprefix(BASE),
            method=request.method,
            headers=sent,
            data=request.post_data_buffer,
            follow_redirects=True,  # the browser would ask the network for the next page
        )
        headers = {name.lower(): value for name, value in answered.headers.items() if name.lower() != "set-cookie"}
        route.fulfill(status=answered.status_code, headers=headers, body=answered.get_data())

    page.route("**/*", answer)
