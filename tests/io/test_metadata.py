import json
from collections import OrderedDict

import numpy as np
import pytest

from equipoise.errors import DataError
from equipoise.io.metadata import freeze_metadata, thaw_metadata


def test_metadata_are_frozen_at_every_level():
    given = {"model": "m", "parameters": {"stop": ["a", None], "seed": np.int64(3), "t": 0.5}}
    frozen = freeze_metadata(given)
    given["parameters"]["stop"].append("b")
    with pytest.raises(TypeError):
        frozen["model"] = "n"
    with pytest.raises(TypeError):
        frozen["parameters"]["seed"] = 4
    assert frozen["parameters"]["stop"] == ("a", None)
    assert type(frozen["parameters"]["seed"]) is int
    assert freeze_metadata(frozen) == frozen
    plain = {"model": "m", "parameters": {"stop": ["a", None], "seed": 3, "t": 0.5}}
    assert thaw_metadata(frozen) == plain == json.loads(json.dumps(thaw_metadata(frozen)))
    assert freeze_metadata(None) == freeze_metadata(OrderedDict()) == {}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (["model"], "metadata must be a mapping, received 'list'"),
        ({"when": object()}, r"metadata\['when'\] is of type 'object', which JSON cannot hold"),
        ({"a": {"b": [1, {2}]}}, r"metadata\['a'\]\['b'\]\[1\] is of type 'set'"),
        ({"a": np.zeros(2)}, r"metadata\['a'\] is of type 'ndarray'"),
        ({"a": float("nan")}, r"metadata\['a'\] is nan"),
        ({"a": {1: 2}}, r"metadata\['a'\] has the key '1', which is no text"),
        ({"\x1b": object()}, r"metadata\['\\x1b'\] is of type"),
        ({"trials": "guessed"}, "is 'guessed'; write 'observed' or 'imputed'"),
    ],
)
def test_bad_metadata(metadata, message):
    with pytest.raises(DataError, match=message) as error:
        freeze_metadata(metadata)
    assert str(error.value).isprintable()


def test_metadata_that_hold_themselves():
    loop = []
    loop.append(loop)
    with pytest.raises(DataError, match="nested deeper than 50 levels") as error:
        freeze_metadata({"loop": loop})
    assert len(str(error.value)) < 200
