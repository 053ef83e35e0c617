"""SunSpec devices by other hands, for tests/sunspec.rs: laid out by pysunspec2, the SunSpec Alliance's own library, from
its own description of the models, and served by pymodbus.

    sunspec_devices.py '<devices>' [<port>]     prints "ready <port>"

The devices are JSON: {"<unit>": {"base": 40000, "models": [[103, {"W_SF": -1, "W": 123.4, "module.2.DCW": 5}], …]}}.
Values are as a person reads them. Points that are not given, or null, are not implemented. A model that is a list of numbers is taken as it is; without a base there is no marker.
"""

import asyncio
import json
import struct
import sys

import sunspec2.device
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]


def fill(model_id, values):
    """An empty model, with as many inputs as are given where it has such."""
    inputs = [int(name.split(".")[1]) for name in values if name.startswith("module.")]
    if not inputs:
        return sunspec2.device.Model(model_id=model_id)
    length = 8 + 20 * max(inputs)
    head = struct.pack(">HH12xHH", model_id, length, max(inputs), 0)
    data = head + bytes(2 * (length + 2) - len(head))
    model = sunspec2.device.Model(model_id=model_id, model_len=length, data=data)
    for group in [model, *model.module]:
        for name, point in group.points.items():
            if name not in ("ID", "L", "N") or group is not model:
                point.value = None
    return model


def registers(model_id, values):
    model = fill(model_id, values)
    # What scales comes before what is scaled.
    for name in sorted(values, key=lambda name: not name.endswith("_SF")):
        _, number, point = name.split(".") if "." in name else ("", 0, name)
        point = (model.module[int(number) - 1] if number else model).points[point]
        if point.sf is not None and values[name] is not None:
            point.cvalue = values[name]
        else:
            point.value = values[name]
    if model.error_info:
        raise ValueError(model.error_info)
    data = model.get_mb()
    return list(struct.unpack(f">{len(data) // 2}H", data))


def device(unit, base, models):
    words = MARKER if base is not None else []
    for model in models:
        words = words + (registers(*model) if isinstance(model[-1], dict) else model)
    words = words + END
    # The library wants something in each table.
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    holding = [SimData(base or 0, values=words, datatype=DataType.REGISTERS)]
    return SimDevice(unit, simdata=(bits, bits, holding, [SimData(0, values=[0], datatype=DataType.REGISTERS)]))


def devices(text):
    return [device(int(unit), which["base"], which["models"]) for unit, which in json.loads(text).items()]


async def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ModbusTcpServer(devices(sys.argv[1]), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print("ready", server.transport.sockets[0].getsockname()[1], flush=True)
    # The test closes our input when it is over, however it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
