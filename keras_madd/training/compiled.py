"""What JAX has compiled, kept for the next run."""

import keras

from keras_madd.support.remote import user_cache


def keep_compiled() -> None:
    """Let JAX keep what it compiles in the user's cache folder, unless JAX is told another place.

    Compiling is most of the time until JAX's first step; `--resume` and the next run of the same
    settings then begin at once. Small pieces are kept too: initial weights are drawn by one for
    each shape, together half a minute of EfficientNet-B0. JAX names the files by what is compiled
    and by its own version.
    """
    if keras.backend.backend() != "jax":
        return
    import jax

    if jax.config.values["jax_compilation_cache_dir"] is None:
        jax.config.update("jax_compilation_cache_dir", str(user_cache() / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
