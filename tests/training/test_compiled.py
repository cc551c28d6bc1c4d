"""Where JAX keeps what it compiles."""

import jax
import keras
import pytest

from keras_madd.training.compiled import keep_compiled


@pytest.fixture
def place(monkeypatch, tmp_path):
    before = jax.config.jax_compilation_cache_dir
    slow = jax.config.jax_persistent_cache_min_compile_time_secs
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jax.config.update("jax_compilation_cache_dir", None)
    yield tmp_path / "keras-madd" / "jax"
    jax.config.update("jax_compilation_cache_dir", before)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", slow)


def test_jax_keeps_what_it_compiles_in_the_cache_folder(place, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(place)
    assert jax.config.jax_persistent_cache_min_compile_time_secs == 0


def test_a_place_that_jax_was_told_stays(place, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    jax.config.update("jax_compilation_cache_dir", "elsewhere")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == "elsewhere"
    assert jax.config.jax_persistent_cache_min_compile_time_secs != 0


def test_jax_is_left_alone_under_other_back_ends(place, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None
