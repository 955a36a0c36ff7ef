"""An aiohttp server on loopback that says whose request it takes each one for.

It reads a form where the request says so, and JSON otherwise. It serves until standard input ends.

Standard output: {"port": N}, then one line for each body that the framework has read, which is also the answer:
                 {"case": X-CASE, "header": X-EEC-ID, "read": the `eecId` of the body}
"""

import asyncio
import json
import sys

from aiohttp import web


async def echo(request):
    form = request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")
    data = await (request.post() if form else request.json())
    read = data.get("eecId") if hasattr(data, "get") else None
    answer = {"case": request.headers.get("x-case"), "header": request.headers.get("x-eec-id"), "read": read}
    line = json.dumps(answer)
    print(line, flush=True)
    return web.Response(text=line, status=201, content_type="application/json")


async def main():
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
