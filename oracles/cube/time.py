"""Goldens of CF times: instants, values and units by cftime.

Needs: cftime. Run: python oracles/cube/time.py (writes oracles/cube/time.json).
Years are written astronomically (cftime counts the years of `standard` and `julian` without a year 0).
"""

import json
import pathlib
import random
import warnings

import cftime

warnings.simplefilter("ignore")
CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]
UNITS = [
    "days since 1970-01-01",
    "days since 1-1-1 00:00:0.0",
    "hours since 1900-01-01 00:00:0.0",
    "minutes since 2000-02-28 12:30",
    "seconds since 1970-01-01T00:00:00Z",
    "s since 1850-1-1",
    "secs since 1992-10-8 15:15:42.5 -06:00",
    "hrs since 1992-10-8 15:15:42.5 +0530",
    "milliseconds since 1858-11-17 00:00:00",
    "microsec since 1999-12-31 23:59:59.999999",
    "Days Since 1582-10-15 06:00",
    "d since -4713-01-01",
    "days since -1-03-01",
]


def label(date):
    year = date.year + 1 if date.year < 0 and not date.has_year_zero else date.year
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    fraction = f".{date.microsecond:06d}".rstrip("0") if date.microsecond else ""
    return (
        f"{sign}{abs(year):04d}-{date.month:02d}-{date.day:02d}"
        f"T{date.hour:02d}:{date.minute:02d}:{date.second:02d}{fraction}Z"
    )


def cases():
    draw = random.Random(4)
    spans = {"d": 1e6, "h": 1e7, "m": 1e8, "s": 1e10, "milli": 1e12, "micro": 1e14}
    for calendar in CALENDARS:
        for units in UNITS:
            if calendar == "360_day" and "-31 " in units:
                continue
            word = units.split()[0].lower()
            span = spans["milli" if word.startswith("milli") else "micro" if word.startswith("micro") else word[0]]
            if word.startswith("min"):
                span = spans["m"]
            values = [0.0, 1.0, -1.0, 0.5, 0.25, 59.0, 60.0, 365.0, 146097.0]
            values += [float(draw.randrange(int(-span / 4), int(span))) for _ in range(12)]
            if word in ("d", "days"):
                values += [draw.randrange(0, 200000) + draw.randrange(0, 1440) / 1440 for _ in range(6)]
            dates = cftime.num2date(values, units, calendar=calendar)
            yield {
                "calendar": calendar,
                "units": units,
                "values": values,
                "labels": [label(date) for date in dates],
            }
    for units, calendar in [("months since 2000-01-15", "360_day"), ("common_years since 2000-01-01", "noleap")]:
        values = [0.0, 1.0, 13.0, -25.0]
        dates = cftime.num2date(values, units, calendar=calendar)
        yield {"calendar": calendar, "units": units, "values": values, "labels": [label(d) for d in dates]}


if __name__ == "__main__":
    out = pathlib.Path(__file__).with_name("time.json")
    out.write_text(json.dumps({"cftime": cftime.__version__, "cases": list(cases())}, indent=1) + "\n")
