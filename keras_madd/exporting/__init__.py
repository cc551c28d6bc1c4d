"""From a trained model to a file that runs without it.

`litert` and `onnx` convert, `verify` compares the result with the model. Only the converters
need TensorFlow; they are imported on demand.
"""
