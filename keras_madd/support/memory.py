"""How much memory this process takes."""


def peak_memory() -> int:
    """The most memory this process has had at once, in bytes; 0 where that cannot be told."""
    try:
        # Not getrusage: after a fork that counts the parent's memory too.
        with open("/proc/self/status") as status:
            lines = [line for line in status if line.startswith("VmHWM:")]
        return int(lines[0].split()[1]) * 1024
    except (OSError, IndexError):
        return 0
