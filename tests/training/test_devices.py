"""The devices of a run: what is refused, what is said, and what workers tell each other."""

import json

import keras
import pytest
from backends import tensorflow_only

from keras_madd.support.errors import UserError
from keras_madd.training.devices import ONE_DEVICE, Devices, WorkerLostError
from keras_madd.training.settings import TrainSettings

TWO = Devices(2, 1, 2)


def settings(**fields):
    return TrainSettings(output="run", data=("shards",), **fields)


def test_one_device_needs_nothing():
    assert Devices.of(settings()) == ONE_DEVICE
    assert ONE_DEVICE.is_writer
    assert ONE_DEVICE.shard is None
    assert ONE_DEVICE.exchange(b"own") == [b"own"]
    assert ONE_DEVICE.words(settings(), False) == ""


@tensorflow_only
def test_more_devices_than_there_are():
    with pytest.raises(UserError, match=r"There are \d+ devices .*Received: devices=4096"):
        Devices.of(settings(devices=4096, batch_size=4096))


@pytest.mark.parametrize("devices", [0, "many", 2.0, True])
def test_no_number_of_devices(devices):
    with pytest.raises(
        UserError, match=r"`devices` must be all, or 1 or more\. Received: devices="
    ):
        settings(devices=devices)


@pytest.mark.parametrize(
    ("devices", "fields", "message"),
    [
        (Devices(3), {"batch_size": 8}, "multiple of their number. Received: batch_size=8"),
        (Devices(2, 0, 2), {"batch_size": 6}, "2 workers the same number of whole pairs"),
        (Devices(2, 0, 2), {"batch_size": 8, "faces": "f", "data": ()}, "prepare, and give --data"),
    ],
)
def test_batches_that_cannot_be_shared(devices, fields, message):
    values = {"data": ("shards",), **fields}
    with pytest.raises(UserError, match=message):
        devices._check(TrainSettings(output="run", **values))
    Devices(2, 0, 2)._check(settings(batch_size=6, sampling="natural"))


def test_tensorflow_cannot_accumulate_on_several_devices():
    chosen = settings(batch_size=8, gradient_accumulation=2)
    with pytest.raises(UserError, match=r"or JAX .*Received: gradient_accumulation=2"):
        Devices(2)._check(chosen)
    mesh = keras.distribution.DeviceMesh((1,), ["batch"], ["cpu:0"])
    Devices(2, distribution=keras.distribution.DataParallel(device_mesh=mesh))._check(chosen)


def test_what_the_user_is_told_of_shared_batches():
    chosen = settings(batch_size=32, learning_rate=0.01)
    assert Devices(4).words(chosen, True) == (
        "4 devices share each batch of 32 faces, 8 each; the learning rate stays 0.01"
    )
    assert "synchronized_batch_norm=true makes it that of" in Devices(4).words(chosen, False)


def test_workers_that_differ_are_named(monkeypatch):
    other = {"seed": 1, "epochs": 2, "version of keras": "3.0"}
    monkeypatch.setattr(
        Devices, "exchange", lambda self, own: [json.dumps(other).encode(), own, own]
    )
    Devices(3, 1, 3).agree(other)
    with pytest.raises(UserError, match="All workers must begin with") as caught:
        Devices(3, 1, 3).agree({"seed": 1, "epochs": 3, "more": []})
    told = str(caught.value)
    assert (
        "worker 1: epochs 3, worker 0: 2; worker 1: version of keras None, worker 0: '3.0'" in told
    )
    assert "worker 2: more [], worker 0: None" in told
    assert "seed" not in told


def test_a_broken_connection_is_named():
    def broken():
        try:
            raise ValueError("UNKNOWN: Gloo all-reduce failed: Connection reset by peer")
        except ValueError as error:
            raise RuntimeError("array has been deleted") from error

    lost = pytest.raises(WorkerLostError, match=r"Worker 1 of 2 has lost another one.*--resume")
    with lost, TWO.loss_is_named():
        broken()
    with pytest.raises(RuntimeError, match="deleted"), ONE_DEVICE.loss_is_named():
        broken()
    with pytest.raises(KeyError), TWO.loss_is_named():
        raise KeyError("x")
    with pytest.raises(UserError, match="Gloo"), TWO.loss_is_named():
        raise UserError("a disk named Gloo is full")


def test_the_distribution_is_put_back(monkeypatch):
    monkeypatch.setattr(Devices, "_is_keras", property(lambda self: True))
    devices = Devices(1, distribution=keras.distribution.distribution())
    with devices.alone():
        assert keras.distribution.distribution() is None
