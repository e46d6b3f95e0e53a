"""Makes tensorboard.json: the bytes of event files as TensorBoard's own writer has them.

Run it as `python test/reference/make_tensorboard.py`; it needs tensorboard. Each case says what is written, and when;
`bytes` is the whole file in base64.
"""

import base64
import io
import json
from pathlib import Path

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

FOLDER = Path(__file__).parent
VERSION = "brain.Event:2"
CASES = {
    "a run": {
        "seconds": 1796000000.125,
        "after": None,
        "rows": [
            [0, {"loss": 6.9077554}],
            [1, {"train/loss": 6.5, "train/learning_rate": 0.003}],
            [500, {"validation/accuracy": 0.0, "Übersicht/損失 1": -1e-30}],
            [10**12, {"big": 1e300, "negative": float("-inf"), "none": float("nan")}],
            [128, {f"value {number}": number / 7 for number in range(40)}],
        ],
    },
    "a run that goes on": {"seconds": 1796000001.5, "after": 500, "rows": [[501, {"loss": 0.25}]]},
    "a run that goes on from its beginning": {"seconds": 1796000002, "after": 0, "rows": []},
}


def events(after, rows):
    yield Event(file_version=VERSION)
    if after is not None:
        yield Event(step=after + 1, session_log=SessionLog(status=SessionLog.START))
    for step, scalars in rows:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        yield Event(step=step, summary=Summary(value=values))


class Kept(io.BytesIO):
    """The writer closes what it is given."""

    def close(self):
        pass


def file_of(case):
    kept = Kept()
    writer = RecordWriter(kept)
    for event in events(case["after"], case["rows"]):
        event.wall_time = case["seconds"]
        writer.write(event.SerializeToString(deterministic=True))
    writer.flush()
    return base64.b64encode(kept.getvalue()).decode()


def main():
    cases = [{"name": name, **case, "bytes": file_of(case)} for name, case in CASES.items()]
    lines = ",\n".join(json.dumps(case) for case in cases)
    # JSON has no such numbers; the tests know these words.
    for word in ("-Infinity", "NaN"):
        lines = lines.replace(f": {word}", f': "{word}"')
    (FOLDER / "tensorboard.json").write_text(f'{{"tensorboard": "{tensorboard.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
