"""From a trained model to a file that runs without it.

`litert` and `onnx` convert, `verify` compares the result with the model, `model_json` describes
it to those who run it. Only the converters need TensorFlow; they are imported on demand.
"""
