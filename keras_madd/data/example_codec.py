"""`tf.train.Example` messages without TensorFlow."""

import functools
from collections.abc import Mapping

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

_LISTS = {"bytes_list": "BytesList", "float_list": "FloatList", "int64_list": "Int64List"}


def encode_example(features: Mapping[str, list[bytes] | list[float] | list[int]]) -> bytes:
    """Serializes named lists, in alphabetical order: equal features give equal bytes.

    Args:
        features: Lists of bytes, of floats (stored in 32 bits) or of integers; an empty list is
            stored as an empty list of floats.
    """
    example = _example_class()()
    for name, values in features.items():
        feature = example.features.feature[name]
        if values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values and isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.float_list.SetInParent()
            feature.float_list.value.extend(values)
    return example.SerializeToString(deterministic=True)


def decode_example(serialized: bytes) -> dict[str, list]:
    """Reads a message back as named lists.

    Raises:
        ValueError: The bytes are no `tf.train.Example`.
    """
    try:
        example = _example_class().FromString(serialized)
    except message.DecodeError:
        raise ValueError("`serialized` must be a tf.train.Example.") from None
    features = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        features[name] = list(getattr(feature, kind).value) if kind else []
    return features


@functools.cache
def _example_class() -> type[message.Message]:
    """The message class, from a description of its format in a pool of its own.

    TensorFlow, where it is loaded too, keeps its class of that name in the common pool.
    """
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="keras_madd/example.proto", package="tensorflow", syntax="proto3"
    )

    def add_field(owner, name, number, kind, label=kinds.LABEL_OPTIONAL, type_name=None):
        field = owner.field.add(name=name, number=number, type=kind, label=label)
        if type_name:
            field.type_name = f".tensorflow.{type_name}"
        return field

    for name, kind in (
        ("BytesList", kinds.TYPE_BYTES),
        ("FloatList", kinds.TYPE_FLOAT),
        ("Int64List", kinds.TYPE_INT64),
    ):
        add_field(file.message_type.add(name=name), "value", 1, kind, kinds.LABEL_REPEATED)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, type_name) in enumerate(_LISTS.items(), start=1):
        field = add_field(feature, name, number, kinds.TYPE_MESSAGE, type_name=type_name)
        field.oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    add_field(entry, "key", 1, kinds.TYPE_STRING)
    add_field(entry, "value", 2, kinds.TYPE_MESSAGE, type_name="Feature")
    add_field(
        features, "feature", 1, kinds.TYPE_MESSAGE, kinds.LABEL_REPEATED, "Features.FeatureEntry"
    )
    example = file.message_type.add(name="Example")
    add_field(example, "features", 1, kinds.TYPE_MESSAGE, type_name="Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))
