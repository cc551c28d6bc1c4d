from exported_model import exported

from keras_madd.exporting.delegation import delegation
from keras_madd.exporting.litert_file import read_graph


def test_every_operation_is_inside_or_outside(tmp_path):
    path = exported(tmp_path)
    found = delegation(path)
    assert sum(found.partitions) + len(found.left) == len(read_graph(path).operations)
    # The whole network in one piece; the last reshape is no work.
    assert len(found.partitions) == 1
    assert found.left == ("RESHAPE",)
    assert found.transposes == 0
    (outside,) = found.to_json()["not_delegated"]
    assert outside["operation"] == "RESHAPE"
    assert outside["reason"]
