"""What a model needs over time: simulates it, reads the Parquet table of the run, and prints a histogram.

    python examples/occupancy.py smollm2-135m edge-2x128 64

Needs `trapti` on the search path (or its path in $TRAPTI) and `pip install pyarrow`; nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile

import pyarrow.compute as compute
import pyarrow.parquet as parquet

CLASSES = ["weight", "activation", "kv", "score"]
STEPS = 10


def simulate(model, accelerator, tokens, directory):
    """Runs `trapti simulate` and returns its answer."""
    trapti = os.environ.get("TRAPTI", "trapti")
    command = [trapti, "simulate", model, "-a", accelerator, "--prefill", tokens, "-o", directory]
    answer = subprocess.run([*command, "--format", "json"], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def needed_bytes(table):
    """Bytes needed after each change, all classes together."""
    total = table.column(f"needed_{CLASSES[0]}_bytes")
    for name in CLASSES[1:]:
        total = compute.add(total, table.column(f"needed_{name}_bytes"))
    return total.to_pylist()


def histogram(cycles, needed, end):
    """Share of the run during which at least a tenth, two tenths, … of the peak is needed."""
    peak = max(needed)
    lengths = [after - before for before, after in zip(cycles, [*cycles[1:], end])]
    for step in range(1, STEPS + 1):
        level = peak * step / STEPS
        time = sum(length for length, bytes in zip(lengths, needed) if bytes >= level)
        yield step / STEPS, level, time / end


def main(model, accelerator, tokens):
    """Prints the histogram of every memory and checks its peak against trapti's own."""
    with tempfile.TemporaryDirectory() as folder:
        answer = simulate(model, accelerator, tokens, f"{folder}/run")
        for memory in answer["memories"]:
            table = parquet.read_table(f"{folder}/run/occupancy-{memory['name']}.parquet")
            cycles, needed = table.column("cycle").to_pylist(), needed_bytes(table)
            assert max(needed) == memory["peak_needed_bytes"], "the table has the peak that trapti prints"
            print(f"{answer['workload']} in {memory['name']}: peak {max(needed):,} bytes")
            for share, level, time in histogram(cycles, needed, answer["cycles"]):
                print(f"{share:5.0%} of the peak, {level / 1024:10.1f} KiB: {time:6.1%} of the time {'#' * round(40 * time)}")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["smollm2-135m", "edge-2x128", "64"]))
