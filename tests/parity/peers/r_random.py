"""The normal numbers that R draws after ``set.seed``: inputs that a peer's own tests make, without a file of theirs."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

_BIG = 134_217_728  # R puts two uniform numbers together before it inverts the normal distribution


def rnorm(seed: int, n: int) -> np.ndarray:
    """``set.seed(seed); rnorm(n)`` of R 3.0 and later (Mersenne Twister, inversion)."""
    word, words = seed, []
    for step in range(50 + 625):
        word = (69069 * word + 1) % 2**32
        if step >= 50:
            words.append(word)
    stream = np.random.RandomState()
    stream.set_state(("MT19937", np.array(words[1:], dtype=np.uint32), 624))
    uniform = stream.randint(0, 2**32, size=2 * n, dtype=np.uint32) * 2.3283064365386963e-10
    return ndtri((np.floor(_BIG * uniform[::2]) + uniform[1::2]) / _BIG)
