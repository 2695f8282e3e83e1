"""Plays Zendesk to the sidebar app: the page around it, the proxy that signs its requests, and the place its files are on.

The page is ``host.html?ticket=4242`` under ``application``; it takes any ticket of the stand-in Zendesk, and can be framed
by another page. The app's files are served as they are, from an origin of their own, as Zendesk does. Only the
address of Zendesk's SDK is answered from here, by a service worker on that origin.
"""

import html
import mimetypes
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any, Self

from flask import Flask, Response, abort, jsonify, request
from werkzeug.security import safe_join

from sandbox.console import zaf_sdk
from sandbox.console.signing_proxy import forward
from sandbox.vendors import Zendesk
from sandbox.web import WebServer

HERE = Path(__file__).parent
APP = HERE.parent.parent / "zendesk_app"
SIGNED_IN = 77
"""The agent who looks at the ticket, unless the page's address names another one."""


class ZendeskHost:
    """Serves the app's origin from start() to stop(); ``application`` is for the caller to serve.

    ``api_url`` and ``secret`` are what an admin would set as the app's settings; the secret is asked for at each call,
    because it can be rotated.
    """

    def __init__(self, zendesk: Zendesk, account: str, api_url: str, secret: Callable[[], str]) -> None:
        self._zendesk = zendesk
        self._account = account
        self._api_url = api_url
        self._secret = secret
        self._app_server = WebServer(_app_origin())
        self.application = self._host()

    def __enter__(self) -> Self:
        self._app_server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._app_server.stop()

    def _host(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.after_request(_not_kept)
        app.add_url_rule("/tickets/<int:ticket_id>", view_func=self._show_ticket)
        app.add_url_rule("/tickets/<int:ticket_id>/reply", view_func=self._reply, methods=["POST"])
        app.add_url_rule("/tickets/<int:ticket_id>/status", view_func=self._set_status, methods=["POST"])
        app.add_url_rule("/attachments/<int:ticket_id>/<path:name>", view_func=self._show_picture)
        app.add_url_rule("/<path:name>", view_func=lambda name: _file(HERE / "host", name))
        app.add_url_rule("/proxy", view_func=self._proxy, methods=["POST"])
        return app

    def _show_ticket(self, ticket_id: int) -> Response:
        """All that the page needs to play this ticket."""
        agent_id = request.args.get("agent", SIGNED_IN, type=int)
        try:
            ticket, agent = self._zendesk.ticket(ticket_id), self._zendesk.user(agent_id)
        except KeyError:
            abort(404)
        return jsonify(
            ticket=ticket,
            agent=agent,
            account=self._account,
            settings={"api_url": self._api_url},
            app_url=self._app_server.url,
        )

    def _reply(self, ticket_id: int) -> Response:
        """The customer answers: ``{"body", "screenshots": [file name, …]}``."""
        said: dict[str, Any] = request.get_json()
        self._zendesk.reply(ticket_id, said["body"], said.get("screenshots", []))
        return jsonify({})

    def _set_status(self, ticket_id: int) -> Response:
        self._zendesk.set_status(ticket_id, request.get_json()["status"])
        return jsonify({})

    def _show_picture(self, ticket_id: int, name: str) -> Response:
        """A drawing of what the customer's screenshot would show, by its file's name."""
        drawing = "license.svg" if "license" in name else "dashboard.svg"
        organization = self._zendesk.ticket(ticket_id)["organization"] or {"organization_fields": {}}
        fields = organization["organization_fields"]
        users = int(float(fields.get("seats_decimal") or 250))
        known = {
            "users": str(users),
            "billable": str(users * 9 // 10),
            "expired_on": str(fields.get("expiration_date", "")),
        }
        drawn = Template((HERE / "pictures" / drawing).read_text()).substitute(
            {key: html.escape(value) for key, value in known.items()}
        )
        return Response(drawn, content_type="image/svg+xml")

    def _proxy(self) -> Response:
        settings = {"api_url": self._api_url, "shared_secret": self._secret()}
        return jsonify(forward(request.get_json(), settings))


def _app_origin() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.after_request(_not_kept)

    @app.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return _file(APP / "assets", name)

    @app.get("/zaf_sdk.js")
    def sdk() -> Response:
        return Response(zaf_sdk.bundle(), content_type="text/javascript")

    @app.get("/<any('start.html','start.js','service_worker.js'):name>")
    def start(name: str) -> Response:
        return _file(HERE / "app_origin", name)

    return app


def _file(folder: Path, name: str) -> Response:
    """Read as a whole: a browser that goes away in the middle leaves no file open."""
    path = safe_join(str(folder), name)
    if path is None or not Path(path).is_file():
        abort(404)
    kind, _ = mimetypes.guess_type(name)
    return Response(Path(path).read_bytes(), content_type=kind)


def _not_kept(response: Response) -> Response:
    """A change to a file is seen at the next load."""
    response.headers["Cache-Control"] = "no-store"
    return response
