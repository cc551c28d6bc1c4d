"""The server: for this machine alone, with its headers on every answer."""

import http.client
import threading

import pytest

from keras_madd.support.errors import UserError
from keras_madd.web.server import POLICY, address_of, open_server


@pytest.fixture
def server(tmp_path):
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "app.js").write_text("script")
    (tmp_path / "code.wasm").write_bytes(b"\0asm")
    (tmp_path / "model").mkdir()
    with open_server(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, method="GET", host=None):
    connection = http.client.HTTPConnection(*server.server_address)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/app.js", "text/javascript"), ("/code.wasm", "application/wasm")],
)
def test_files_with_kind_and_headers(server, path, kind):
    answer, _ = ask(server, path)
    assert answer.status == 200
    assert answer.getheader("Content-Type") == kind
    assert answer.getheader("Content-Security-Policy") == POLICY
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_the_address_is_this_machines(server):
    assert address_of(server) == f"http://127.0.0.1:{server.server_address[1]}/"
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/model/", "/missing", "/../etc/passwd", "/%2e%2e/etc/passwd"])
def test_no_listing_and_nothing_else(server, path):
    answer, content = ask(server, path)
    assert answer.status == 404
    assert b"root:" not in content
    assert answer.getheader("Content-Security-Policy") == POLICY


def test_a_name_that_points_here_is_not_answered(server):
    port = server.server_address[1]
    assert ask(server, "/", host=f"localhost:{port}")[0].status == 200
    answer, content = ask(server, "/", host=f"elsewhere.example:{port}")
    assert answer.status == 403
    assert content != b"page"


def test_nothing_is_written(server):
    assert ask(server, "/index.html", "POST")[0].status == 501
    assert ask(server, "/index.html", "PUT")[0].status == 501


def test_a_port_that_is_taken(server, tmp_path):
    with pytest.raises(UserError, match=r"Port \d+ cannot be used: .*--port 0"):
        open_server(tmp_path, server.server_address[1])


def test_a_page_that_leaves_in_the_middle_of_a_file_is_no_error(server, capsys):
    for error, told in ((ConnectionResetError, False), (BrokenPipeError, False), (OSError, True)):
        try:
            raise error
        except OSError:
            server.handle_error(None, ("127.0.0.1", 1))
        assert bool(capsys.readouterr().err) == told
