"""A stand-in for the Hugging Face hub on this machine: one repository, files by name."""

import base64
import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """What the server holds, and what it was asked.

    Attributes:
        files: Content by name.
        sizes: Sizes that it claims in place of the true ones.
        requests: Method and path of each request.
    """

    def __init__(self, repository="someone/detector"):
        self.repository = repository
        self.files: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.requests: list[tuple[str, str]] = []
        self.address = ""


@contextlib.contextmanager
def serving(hub: Hub):
    """Serve on 127.0.0.1 as long as the block lasts; yields the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        hub.address = f"http://127.0.0.1:{server.server_port}"
        yield hub.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: Hub):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.file(body=False)

        def do_GET(self):
            self.file(body=True)

        def file(self, body):
            path = urllib.parse.unquote(self.path)
            hub.requests.append((self.command, path))
            if path.startswith(f"/api/models/{hub.repository}/tree/"):
                told = [
                    {"type": "file", "path": name, "size": len(content), "oid": "0"}
                    for name, content in hub.files.items()
                ]
                return self.reply(told)
            prefix = f"/{hub.repository}/resolve/"
            if not path.startswith(prefix):
                return self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            revision, name = path.removeprefix(prefix).split("/", 1)
            if revision not in ("main", "v1", COMMIT):
                return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            facts = {"X-Repo-Commit": COMMIT}
            if name not in hub.files:
                return self.answer(404, b"", {"X-Error-Code": "EntryNotFound", **facts})
            content = hub.files[name]
            facts["ETag"] = f'"{hashlib.sha1(content).hexdigest()}"'
            size = hub.sizes.get(name, len(content))
            return self.answer(200, content if body else b"", facts, size)

        def do_POST(self):
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hub.requests.append((self.command, self.path))
            if self.headers.get("Authorization") != "Bearer hf_right":
                return self.answer(401, b'{"error": "wrong token"}', {})
            if self.path == "/api/repos/create":
                return self.reply({"url": f"{hub.address}/{hub.repository}", "id": "1"})
            if "/preupload/" in self.path:
                names = [each["path"] for each in json.loads(content)["files"]]
                kinds = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
                return self.reply({"files": [{"path": name, **kinds} for name in names]})
            if self.path == "/api/validate-yaml":
                return self.reply({"errors": [], "warnings": []})
            for line in content.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    value = entry["value"]
                    hub.files[value["path"]] = base64.b64decode(value["content"])
                if entry["key"] == "deletedFile":
                    del hub.files[entry["value"]["path"]]
            url = f"{hub.address}/{hub.repository}/commit/{COMMIT}"
            return self.reply({"commitUrl": url, "commitOid": COMMIT, "success": True})

        def reply(self, value):
            return self.answer(200, json.dumps(value).encode(), {})

        def answer(self, status, content, headers, size=None):
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content) if size is None else size))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    return Handler
