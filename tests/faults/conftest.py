"""How the fuzz tests of text damage a file."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # what these tests share with the scripts they start


def damage(data, random):
    """One to three faults: a byte changed, put in or lost, lines lost, doubled or swapped, the end lost."""
    for _ in range(random.integers(1, 4)):
        kind, place = random.integers(8), int(random.integers(max(len(data), 1)))
        if kind <= 1:
            data = data[:place] + bytes([random.integers(256)]) + data[place + 1 :]
        elif kind == 2:
            data = data[:place] + bytes([random.choice(list(b'\t,;. "\n\r#0159eE-NAnaI'))]) + data[place:]
        elif kind == 3:
            data = data[:place] + data[place + 1 + int(random.integers(4)) :]
        elif kind == 4:
            data = data[:place]
        else:
            rows = data.split(b"\n")
            one, other = random.integers(len(rows), size=2)
            if kind == 5:
                rows.insert(one, rows[other])
            elif kind == 6:
                rows[one], rows[other] = rows[other], rows[one]
            else:
                rows.pop(one)
            data = b"\n".join(rows)
    return data


@pytest.fixture
def damaged():
    return damage
