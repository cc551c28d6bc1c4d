"""`keras-madd web` from its start to Ctrl-C."""

import signal
import subprocess
import sys
import urllib.request

import pytest
from ctrl_c import INTERRUPTIBLE
from exported_model import exported

from keras_madd.cli.main import main

COMMAND = [sys.executable, "-m", "keras_madd.cli.main", "web"]


def test_serves_until_ctrl_c(tmp_path):
    command = [*INTERRUPTIBLE, *COMMAND, "--no-browser", "--model", str(exported(tmp_path))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[0]
            with urllib.request.urlopen(address) as answer:
                assert b"<title>Is this face real?</title>" in answer.read()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_opens_the_browser_without_keras(tmp_path):
    code = (
        "import sys, threading, urllib.request, webbrowser\n"
        "from http.server import ThreadingHTTPServer\n"
        "opened = threading.Event()\n"
        "def one_in_the_terminal(address):\n"
        "    page = urllib.request.urlopen(address, timeout=100).read()\n"
        "    print('opened', address, b'</html>' in page)\n"
        "    opened.set()\n"
        "webbrowser.open = one_in_the_terminal\n"
        "def serve(self):\n"
        "    self.handle_request()\n"
        "    opened.wait(100)\n"
        "ThreadingHTTPServer.serve_forever = serve\n"
        "from keras_madd.cli.main import main\n"
        "status = main(sys.argv[1:])\n"
        "print([name for name in ('keras', 'tensorflow', 'mediapipe') if name in sys.modules])\n"
        "sys.exit(status)\n"
    )
    command = [sys.executable, "-c", code, "web", "--model", str(exported(tmp_path))]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    address = lines[0].split()[0]
    assert lines[1:] == [f"opened {address} True", "[]"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "missing.tflite"], "no model file missing.tflite"),
        (["--port", "70000"], "must be a whole number from 0 to 65535. Received: 70000"),
    ],
)
def test_mistakes(arguments, message, capsys):
    assert main(["web", "--no-browser", *arguments]) == 2
    assert message in capsys.readouterr().err
