"""Runs under the Python of a published client: named steps, and what each came to."""
import asyncio
import dataclasses
import inspect
import json

STEPS = {}


def step(function):
    """Decorator: a step of the program, plain or async, under its own name."""
    STEPS[function.__name__] = function
    return function


def plain(value):
    """As JSON has it."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def failure(error):
    """Class, ancestors, text and what the class of the client's own adds."""
    return {"error": type(error).__name__, "classes": [one.__name__ for one in type(error).__mro__], "text": str(error),
            "status": getattr(error, "status_code", None), "retry_after": getattr(error, "retry_after", None)}


async def _run():
    outcomes = {}
    for name, function in STEPS.items():
        try:
            value = function()
            outcomes[name] = {"value": plain(await value if inspect.isawaitable(value) else value)}
        except Exception as error:  # every class of the client's is of interest
            outcomes[name] = failure(error)
    return outcomes


def run_steps():
    """Runs them one after the other and prints {step: outcome}: {"value": ..}, or what went wrong."""
    print(json.dumps(asyncio.run(_run())))
