"""The operators of the services in Python: a function from a record's text to what goes on, or None."""

import json


def celsius_to_fahrenheit(text):
    return str(float(text) * 9 / 5 + 32)


def of_field(text):
    value = json.loads(text)
    value["celsius"] = value["celsius"] * 9 / 5 + 32
    return json.dumps(value, separators=(",", ":"))


def threshold(text):
    return text if float(text) > 50 else None


def ewma():
    state = None

    def step(text):
        nonlocal state
        seeded = state is not None
        state = 0.5 * float(text) + 0.5 * state if seeded else float(text)
        return str(state) if seeded else None

    return step


def moving_average():
    window = []

    def step(text):
        window.append(float(text))
        del window[:-3]
        return str(sum(window) / 3) if len(window) == 3 else None

    return step


def operator(name):
    return {
        "celsius-to-fahrenheit": lambda: celsius_to_fahrenheit,
        "celsius-to-fahrenheit(celsius)": lambda: of_field,
        "threshold": lambda: threshold,
        "ewma": ewma,
        "moving-average": moving_average,
    }[name]()
