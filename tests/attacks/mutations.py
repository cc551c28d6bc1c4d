"""Seeded damage to bytes, to JSON and to words."""

import json
import random
from collections.abc import Callable


def damage_bytes(content: bytes, rng: random.Random) -> bytes:
    """Changes some bytes, as a bad disk, a cut-off download or an attacker does."""
    return rng.choice(_BYTES)(bytearray(content), rng)


def _flip(content: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 16)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _zero(content: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    count = min(rng.randint(1, 512), len(content) - at)
    content[at : at + count] = bytes(count)
    return bytes(content)


def _noise(content: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    count = min(rng.randint(1, 64), len(content) - at)
    content[at : at + count] = rng.randbytes(count)
    return bytes(content)


def _cut(content: bytearray, rng: random.Random) -> bytes:
    return bytes(content[: rng.randrange(len(content))])


def _insert(content: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return bytes(content[:at]) + rng.randbytes(rng.randint(1, 64)) + bytes(content[at:])


def _remove(content: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return bytes(content[:at] + content[at + rng.randint(1, 512) :])


def _repeat(content: bytearray, rng: random.Random) -> bytes:
    at, to = sorted(rng.randrange(len(content)) for _ in range(2))
    return bytes(content[:to] + content[at : min(to, at + 5000)] + content[to:])


def _head(content: bytearray, rng: random.Random) -> bytes:
    """Sizes and counts stand in the first bytes."""
    for _ in range(rng.randint(1, 4)):
        content[rng.randrange(min(200, len(content)))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(content)


_BYTES: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    *(_flip, _zero, _noise, _cut, _insert, _remove, _repeat, _head),
)

WORDS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "nan",
        "inf",
        "-inf",
        "1e308",
        "1e-308",
        "true",
        "null",
        "../..",
        "/",
    ),
    *("99999999999", "4294967296", "18446744073709551616", "9" * 401, "1.5", "-0", "0x10", "1_0"),
    *("\x1b[31mred", "\u202egnp.exe", "\ud800", "\x7f", "%s%n", "a\nb", "é", "a" * 5000, "-", "--"),
)
NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 1e-300, 1e300, 0.5, -0.0, 1e9, 1e-9)


def damage_json(content: str, rng: random.Random) -> str:
    """Changes values, keys or the text of a JSON object."""
    if rng.random() < 0.15:
        return rng.choice(
            (
                lambda: content[: rng.randrange(len(content))],
                lambda: "[" * rng.choice((40, 5000, 200_000)),
                lambda: content.replace(": ", ': {"a": ' * rng.choice((40, 5000)), 1),
                lambda: content.rstrip().rstrip("}") + ', "threshold": 0.1, "threshold": 0.2}',
                lambda: damage_bytes(content.encode(), rng).decode("latin-1"),
            )
        )()
    values = json.loads(content)
    for _ in range(rng.randint(1, 2)):
        _damage_value(values, rng)
    text = json.dumps(values)
    for name in ("NaN", "Infinity", "1" + "0" * 400, "1e999", "0." + "1" * 400):
        if rng.random() < 0.03:
            numbers = [each for each in values if isinstance(values.get(each), int | float)]
            if numbers:
                key = rng.choice(numbers)
                text = text.replace(f'"{key}": {json.dumps(values[key])}', f'"{key}": {name}', 1)
    return text


def _damage_value(values: dict, rng: random.Random) -> None:
    holder, key = values, rng.choice(list(values))
    while isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.7:
        holder = holder[key]
        key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    kind = rng.randrange(6)
    if kind == 0 and isinstance(holder, dict):
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice(WORDS)] = holder[key]
    elif kind == 2 and isinstance(holder[key], list):
        holder[key] = holder[key][::-1] * rng.choice((1, 2, 1000))
    elif kind == 3:
        holder[key] = rng.choice(WORDS)
    else:
        holder[key] = rng.choice(
            (*NUMBERS, None, True, False, [], {}, [1] * 3, {"a": {}}, "real", ["fake", "real"])
        )
