"""Runs under the Python of the published SDK: calls every typed method of five services, each with all its parameters.

Reads {"url", "client", "values"} from the first argument and prints {service: {method: {"sent": [..], "value" or "error"}}}.
`values` says what is plausible for a parameter: {service: {method or "": {name: value}}}; null leaves it out.
"""
import asyncio
import inspect
import json
import os
import sys
import types
import typing

SETUP = json.loads(sys.argv[1])
os.environ["SDK_DEV_ADP_API_HOST"] = SETUP["url"]
os.environ["AIRBYTE_TELEMETRY_MODE"] = "disabled"

import airbyte_agent_sdk as sdk  # noqa: E402

from steps import failure, plain  # noqa: E402

CLIENT = {name: SETUP["client"][name] for name in ("client_id", "client_secret", "organization_id")}


def made_up(kind):
    """A value of a type."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return inner[0]
    if origin in (typing.Union, types.UnionType):
        return made_up(next(one for one in inner if one is not type(None)))
    if origin is list or kind is list:
        return [made_up(inner[0])] if inner else []
    if origin is dict or kind is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, dict):
        return {name: made_up(one) for name, one in typing.get_type_hints(kind).items()}
    return {int: 7, bool: True, float: 1.5}.get(kind, "text")


def arguments(function, values):
    hints = typing.get_type_hints(function)
    given = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        value = values.get(parameter.name, made_up(hints.get(parameter.name, str)))
        if value is not None:
            given[parameter.name] = value
    return given


async def call(function, given):
    try:
        answer = await function(**given)
        return {"value": type(answer).__name__, "data": plain(getattr(answer, "data", answer))}
    except Exception as error:  # every class of the SDK's is of interest
        return failure(error)


async def every_method(service, values):
    connector = sdk.connect(service, **CLIENT, workspace_name="default")
    outcomes = {}
    for entity in dir(connector):
        if entity.startswith("_") or callable(getattr(connector, entity)) or isinstance(getattr(connector, entity), (str, type(None))):
            continue
        for action in dir(getattr(connector, entity)):
            function = getattr(getattr(connector, entity), action)
            if action.startswith(("_", "context_store")) or not callable(function):
                continue
            name = f"{entity}.{action}"
            given = arguments(function, {**values.get("", {}), **values.get(name, {})})
            outcomes[name] = {"given": sorted(given), **await call(function, given)}
    await connector.close()
    return outcomes


async def run():
    print(json.dumps({service: await every_method(service, values) for service, values in SETUP["values"].items()}))


asyncio.run(run())
