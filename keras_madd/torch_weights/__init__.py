"""PyTorch checkpoints: read without PyTorch, named and filled into Keras layers by rule."""
