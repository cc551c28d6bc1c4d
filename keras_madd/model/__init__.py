"""The detector as a Keras model: configuration, network, training step, presets, loading."""
