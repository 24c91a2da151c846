"""Calls and loads with the published Python package, as a stranger to it; CPU time as JSON. Run by bench/reference.

usage: reference_client.py call DEFINITION ENTITY ACTION PARAMS COUNT CALLERS
       reference_client.py load DEFINITION
       reference_client.py files
"""
import asyncio
import json
import os
import pathlib
import sys
import time

os.environ.setdefault("AIRBYTE_TELEMETRY_MODE", "disabled")


def executor(path):
    from airbyte_agent_sdk.executor import LocalExecutor
    from pydantic import SecretStr

    return LocalExecutor(config_path=path, auth_config={"token": SecretStr("bench-token-0123456789")})


async def run(local, entity, action, params, count, callers):
    left = iter(range(count))

    async def caller():
        size = 0
        for _ in left:
            result = await local.execute(entity, action, params=params)
            assert result.success, result.error
            size = len(result.data)
        return size
    return max(await asyncio.gather(*[caller() for _ in range(callers)]))


async def calls(path, entity, action, params, count, callers):
    local = executor(path)
    await run(local, entity, action, params, count // 10 + callers, callers)
    before = time.process_time()
    records = await run(local, entity, action, params, count, callers)
    taken = time.process_time() - before
    print(json.dumps({"us_per_call": taken * 1e6 / count, "records": records}))


def files():
    """The definitions that the package ships, by size. Only names and sizes are looked at."""
    import airbyte_agent_sdk

    root = pathlib.Path(airbyte_agent_sdk.__path__[0])
    print(json.dumps(sorted(((path.stat().st_size, str(path)) for path in root.rglob("connector.yaml")), reverse=True)))


what, *rest = sys.argv[1:]
if what == "files":
    files()
elif what == "load":
    from airbyte_agent_sdk.connector_model_loader import load_connector_model

    before = time.process_time()
    load_connector_model(rest[0])
    print(json.dumps({"ms": (time.process_time() - before) * 1e3}))
else:
    asyncio.run(calls(rest[0], rest[1], rest[2], json.loads(rest[3]), int(rest[4]), int(rest[5])))
