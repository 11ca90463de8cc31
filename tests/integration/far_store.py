"""A MongoDB that is some milliseconds away: a proxy on loopback that passes each byte on a moment later."""
import asyncio
import contextlib
import threading
import urllib.parse

CHUNK_BYTES = 65536
IN_FLIGHT_MAX = 1024  # chunks of one direction


class FarStore(threading.Thread):
    """with FarStore(url, delay_s) as store: store.url leads through it; each direction takes delay_s."""

    def __init__(self, url, delay_s):
        super().__init__(daemon=True)
        server = urllib.parse.urlsplit(url)
        self.target, self.delay_s = (server.hostname, server.port), delay_s
        self.is_listening = threading.Event()
        self.loop = self.is_over = self.url = None

    def __enter__(self):
        self.start()
        self.is_listening.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.is_over.set)
        self.join()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        self.loop, self.is_over = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        # Direct: what the replica set says of its members' addresses would lead past the proxy.
        self.url = f"mongodb://127.0.0.1:{listener.sockets[0].getsockname()[1]}/?directConnection=true"
        self.is_listening.set()
        await self.is_over.wait()
        listener.close()

    async def connect(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        ways = [asyncio.ensure_future(self.carry(reader, far_writer)), asyncio.ensure_future(self.carry(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, far_writer):
                end.close()

    async def carry(self, reader, writer):
        under_way = asyncio.Queue(IN_FLIGHT_MAX)
        sender = asyncio.ensure_future(self.deliver(under_way, writer))
        try:
            while data := await reader.read(CHUNK_BYTES):
                await under_way.put((self.loop.time() + self.delay_s, data))
            await under_way.put(None)
            await sender
        finally:
            sender.cancel()

    async def deliver(self, under_way, writer):
        with contextlib.suppress(OSError):
            while (item := await under_way.get()) is not None:
                await asyncio.sleep(max(0.0, item[0] - self.loop.time()))
                writer.write(item[1])
                await writer.drain()
