"""Makes readings.json: what pandas computes for 60 readings. Run with pandas 3.1.1: python make.py > readings.json"""

import json
import random

import pandas as pd

random.seed(2026)
times, now = [], 0
for _ in range(60):
    now += random.choice([200, 700, 1000, 1300, 2500, 12000])
    times.append(now)
values = [round(20 + random.gauss(0, 3), 2) for _ in times]

readings = pd.Series(values, index=pd.to_datetime(times, unit="ms"))
functions = ["count", "sum", "min", "max", "mean", "var"]


def windows(size_ms, advance_ms):
    """Hopping windows are tumbling ones, once for each offset."""
    rows = []
    for offset in range(0, size_ms, advance_ms):
        resampled = readings.resample(f"{size_ms}ms", offset=f"{offset}ms", origin="epoch").agg(functions)
        for start, row in resampled[resampled["count"] > 0].iterrows():
            start_ms = int(start.value // 10**6) if start.unit == "ns" else int(start.timestamp() * 1000)
            if start_ms >= 0:
                rows.append([start_ms, *[None if pd.isna(x) else float(x) for x in row]])
    return sorted(rows)


def sessions(gap_ms):
    number = (readings.index.to_series().diff() > pd.Timedelta(milliseconds=gap_ms)).cumsum()
    grouped = readings.groupby(number.to_numpy()).agg(functions)
    return [[None if pd.isna(x) else float(x) for x in row] for _, row in grouped.iterrows()]


print(
    json.dumps(
        {
            "pandas": pd.__version__,
            "times": times,
            "values": values,
            "ewma": {"alpha": 0.3, "values": readings.ewm(alpha=0.3, adjust=False).mean().tolist()},
            "movingAverage": {"over": 5, "values": readings.rolling(5).mean().dropna().tolist()},
            "timeWindows": [
                {"size": 10000, "advance": 10000, "rows": windows(10000, 10000)},
                {"size": 10000, "advance": 2500, "rows": windows(10000, 2500)},
            ],
            "sessionWindows": [{"gap": 2000, "rows": sessions(2000)}],
        },
        indent=1,
    )
)
