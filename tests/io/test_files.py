"""Unpacking: members, padding and damage of gzip files, and a second thread that leaves nothing behind."""

import bz2
import gzip
import itertools
import lzma
import threading
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.errors import IntegrityError
from omics_rx.io import unpacking
from omics_rx.io.files import opened

# more than the thread reads ahead, so that it has to wait for its reader
LARGE = np.random.default_rng(0).integers(48, 58, size=14_000_000, dtype=np.uint8).tobytes()


def put(tmp_path, data):
    file = tmp_path / "packed"
    file.write_bytes(data)
    return file


def unpackers():
    return [one for one in threading.enumerate() if one.name == "omics_rx-unpack"]


@pytest.mark.parametrize(
    "pack",
    [
        lambda d: gzip.compress(d, 1),
        lambda d: gzip.compress(d[:100], 1) + gzip.compress(d[100:], 1),
        lambda d: gzip.compress(d, 1) + b"\0" * 700,
        lambda d: gzip.compress(d[:9], 1) + b"\0" * 8 + gzip.compress(d[9:], 1) + gzip.compress(b""),
        lambda d: bz2.compress(d, 1),
        lambda d: lzma.compress(d, preset=0),
    ],
    ids=["gzip", "members", "padded", "padded members", "bz2", "xz"],
)
def test_every_byte_comes_out_once_and_the_thread_ends(tmp_path, pack):
    with opened(put(tmp_path, pack(LARGE[:6_000_000]))) as stream:
        assert stream.read() == LARGE[:6_000_000]
    assert not unpackers()


def test_zlib_unpacks_the_same_where_its_quicker_kin_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_inflater", zlib)
    packed = gzip.compress(LARGE[:9], 1) + b"\0" * 8 + gzip.compress(LARGE[9:3_000_000], 1)
    with opened(put(tmp_path, packed)) as stream:
        assert stream.read() == LARGE[:3_000_000]
    with pytest.raises(IntegrityError, match="truncated or damaged"), opened(put(tmp_path, packed[:-900])) as stream:
        stream.read()


def test_well_packed_bytes_come_in_bounded_blocks(tmp_path):
    with opened(put(tmp_path, gzip.compress(b"0" * 50_000_000))) as stream:
        assert sum(len(block) for block in iter(lambda: stream.read(1 << 20), b"")) == 50_000_000


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999999])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, share):
    packed = gzip.compress(LARGE, 1)
    file = put(tmp_path, packed[: int(len(packed) * share)])
    with pytest.raises(IntegrityError, match="truncated or damaged"), opened(file) as stream:
        stream.read()
    assert not unpackers()


@pytest.mark.parametrize("place", [-3, -7])
def test_a_wrong_length_or_checksum_is_refused(tmp_path, place):
    packed = bytearray(gzip.compress(LARGE, 1))
    packed[place] ^= 1
    with pytest.raises(IntegrityError, match="truncated or damaged"), opened(put(tmp_path, packed)) as stream:
        stream.read()


def test_what_is_no_member_behind_a_member_is_refused(tmp_path):
    file = put(tmp_path, gzip.compress(b"a\tb\n") + b"rubbish")
    with pytest.raises(IntegrityError, match="truncated or damaged"), opened(file) as stream:
        stream.read()


def test_leaving_early_ends_the_thread(tmp_path):
    with opened(put(tmp_path, gzip.compress(LARGE, 1))) as stream:
        stream.read(3_000_000)
        assert unpackers()
    assert not unpackers()


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(0, 3000), max_size=4), st.binary(max_size=3))
def test_members_cut_anywhere_join_as_gzip_joins_them(tmp_path_factory, data, cuts, end):
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    packed = b"".join(gzip.compress(data[a:b]) for a, b in itertools.pairwise(places)) + end
    file = put(tmp_path_factory.mktemp("m"), packed)
    try:
        expected = gzip.decompress(packed)
    except (EOFError, OSError):
        expected = None
    try:
        with opened(file) as stream:
            found = stream.read()
    except IntegrityError:
        found = None
    assert found == expected
