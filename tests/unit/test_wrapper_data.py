"""The small classes that a wrapper receives and returns."""

from __future__ import annotations

import pytest

import aiges_native.wrapper
from aiges_native._modes import MODE_BITS, mode_bits, mode_names
from aiges_native.wrapper import (
    DataListCls,
    DataListNode,
    Response,
    ResponseData,
    WrapperBase,
)


def test_the_lists_of_the_sdk() -> None:
    node = DataListNode("k", bytearray(b"value"), 1, 2)
    assert (node.len, node.get_data(), node.desc) == (5, b"value", {})
    nodes = DataListCls([node, DataListNode("k", b"second")])
    assert nodes.get("k") is node
    assert nodes.get("x") is None
    data = ResponseData()
    data.setData("Grüße")
    data.setDataType(0)
    data.len = 99
    assert (data.len, data.type) == (7, 0)
    failed = Response([data]).response_err(5)
    assert (failed.list, failed.error_code) == ([], 5)
    assert "'k'" in repr(node)


def test_the_base_class_does_nothing_and_says_so() -> None:
    base = WrapperBase()
    assert (base.wrapperInit({}), base.wrapperFini(), base.wrapperDestroy("")) == (0, 0, 0)
    assert (base.wrapperError(5), base.wrapperVersion()) == ("", "")
    assert aiges_native.wrapper.Once == aiges_native.wrapper.DataOnce == 3


def test_names_and_bits_of_modes() -> None:
    assert mode_bits(None) == 0
    assert mode_bits("once") == 1
    assert mode_bits(MODE_BITS) == 15
    assert mode_names(5) == {"once", "stream"}
    for bad in (["twice"], [], ""):
        with pytest.raises(ValueError, match="once"):
            mode_bits(bad)
