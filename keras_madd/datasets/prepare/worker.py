"""A worker process: `python -m keras_madd.datasets.prepare.worker FD`.

It is told what to do through the socket with that number, in JSON, and says there what it has
done. It is a fresh interpreter, since MediaPipe does not survive a fork, and it never loads
TensorFlow or Keras.
"""

import json
import os
import queue
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import cv2

from keras_madd.datasets.prepare.group import Group, prepare_group
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.prepare.video_crops import VideoCropper
from keras_madd.support.errors import UserError
from keras_madd.support.memory import peak_memory
from keras_madd.support.remote import RemoteError

HEAVY = ("tensorflow", "keras", "jax", "torch")


def main() -> None:
    """Work until the other side of the socket closes."""
    cv2.setNumThreads(1)
    connection = Connection(int(sys.argv[1]))
    tasks: queue.SimpleQueue = queue.SimpleQueue()

    def send(message: dict) -> None:
        connection.send_bytes(json.dumps(message).encode())

    first = json.loads(connection.recv_bytes())
    folder = Path(first["folder"])
    origin = Origin(**first["origin"]) if first["origin"] else None
    # A thread of its own sees at once that the parent is gone, however it ended.
    threading.Thread(target=_listen, args=(connection, tasks), daemon=True).start()
    with VideoCropper(PrepareSettings.from_json(first["settings"])) as cropper:
        while True:
            task = tasks.get()
            crashed = {int(number): how for number, how in task["crashed"].items()}
            try:
                group = Group.from_json(task["group"])
                prepare_group(group, cropper, folder, send, crashed, origin)
            except (OSError, UserError) as error:
                send({"stopped": str(error), "reading": isinstance(error, RemoteError)})
                continue
            heavy = [name for name in HEAVY if name in sys.modules]
            send({"done": True, "peak_bytes": peak_memory(), "heavy_modules": heavy})


def _listen(connection: Connection, tasks: queue.SimpleQueue) -> None:
    try:
        while True:
            tasks.put(json.loads(connection.recv_bytes()))
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
