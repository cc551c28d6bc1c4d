"""Scaling on paper: when do more devices stop paying?

    python benchmarks/scaling.py --step-seconds 0.5 --batch 32 --gradient-megabytes 70.4

No network is touched: the table is computed from what is given. A step on N devices takes

    fixed + compute(N) + exposed part of sums(N)
    sums(N) = 2 (N - 1) / N * bytes / slowest link + messages * 2 log2(N) * latency

where the step measured on one device is `fixed + compute(1)`. With a batch that stays, compute
shrinks as 1 / N and no further than the share of a device's time that does not depend on its faces
(`--fixed-share`); with a batch that grows, it stays. Bytes go round a ring, and a message waits as
in a tree, which libraries take for small ones. The slowest link is the host's own while all devices
are in one host, and the network's afterwards, through which the ring of all leaves a host once.
Messages are the gradient, in `--buckets`, and synchronised batch normalisation of `--norm-layers`
layers (0: not synchronised), forward and back in both of a step's passes, whose bytes do not count.
"""

import argparse
import math

DEVICES = (1, 2, 4, 8, 16, 32, 64)
WORTH = 0.5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step-seconds", type=float, required=True, help="on one device")
    parser.add_argument("--batch", type=int, required=True, help="faces in that step")
    parser.add_argument("--gradient-megabytes", type=float, required=True)
    parser.add_argument("--per-host", type=int, default=8, help="devices in a host")
    parser.add_argument("--host-gigabytes", type=float, default=20.0, help="a second, inside")
    parser.add_argument("--network-gigabits", type=float, default=100.0, help="a second, outside")
    parser.add_argument("--host-microseconds", type=float, default=5.0, help="of a message inside")
    parser.add_argument("--network-microseconds", type=float, default=30.0)
    parser.add_argument("--norm-layers", type=int, default=0)
    parser.add_argument("--buckets", type=int, default=1)
    parser.add_argument("--overlap", type=float, default=0.0, help="part of the sums hidden")
    parser.add_argument("--fixed-share", type=float, default=0.05)
    args = parser.parse_args()

    print(
        "| devices | same batch: step | times one | of ideal | growing batch: faces/s | of ideal |"
    )
    print("|---|---|---|---|---|---|")
    for count in DEVICES:
        same, grown = step_seconds(count, args, False), step_seconds(count, args, True)
        speed = args.step_seconds / same
        faces = count * args.batch / grown
        worth = args.step_seconds / grown
        print(
            f"| {count} | {same:.3f} s | {speed:.1f} | {speed / count:.0%} | {faces:.0f} | "
            f"{worth:.0%} |"
        )
    paying = last_paying(args)
    print(f"\nWith the same batch a further doubling gains less than half from {paying} on.")


def step_seconds(count: int, args: argparse.Namespace, grows: bool) -> float:
    """Return the seconds of a step on `count` devices; the batch `grows` with them or stays."""
    fixed = args.fixed_share * args.step_seconds
    compute = (args.step_seconds - fixed) / (1 if grows else count)
    return fixed + compute + (1 - args.overlap) * sum_seconds(count, args)


def sum_seconds(count: int, args: argparse.Namespace) -> float:
    """Return the seconds of all sums over `count` devices in one step."""
    if count == 1:
        return 0.0
    inside = count <= args.per_host
    speed = args.host_gigabytes * 1e9 if inside else args.network_gigabits * 1e9 / 8
    latency = (args.host_microseconds if inside else args.network_microseconds) * 1e-6
    messages = args.buckets + 2 * 2 * args.norm_layers
    volume = 2 * (count - 1) / count * args.gradient_megabytes * 1e6
    return volume / speed + messages * 2 * math.ceil(math.log2(count)) * latency


def last_paying(args: argparse.Namespace) -> int:
    """Return the devices from which doubling them no longer saves half of what it could."""
    for count in DEVICES[:-1]:
        gain = step_seconds(count, args, False) / step_seconds(2 * count, args, False)
        if gain - 1 < WORTH:
            return count
    return DEVICES[-1]


if __name__ == "__main__":
    main()
