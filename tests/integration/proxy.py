"""A TCP connection that can be slow, be cut in the middle of a frame, or go silent: stands before a server."""
import asyncio
import contextlib
import socket
import struct
import threading

CHUNK_BYTES = 65536
LATE_CHUNKS_MAX = 1024  # of one direction, where each comes a moment later
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close answers with a reset, and forgets what was not sent


class Link:
    """One connection through the proxy, both directions."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.ends = (client, server)
        self.bytes_left = None  # None: as many as come

    def allowed(self, count):
        """How many of these bytes may pass; one that may not pass all of them is over."""
        if self.bytes_left is None:
            return count
        passed = min(count, self.bytes_left)
        self.bytes_left -= passed
        return passed

    async def take(self, reader, under_way):
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await under_way.put((self.proxy.loop.time() + self.proxy.delay_s, data))
        await under_way.put(None)

    async def pump(self, reader, writer):
        under_way = asyncio.Queue(LATE_CHUNKS_MAX if self.proxy.delay_s else 1)
        taking = asyncio.ensure_future(self.take(reader, under_way))
        try:
            while (item := await under_way.get()) is not None:
                due, data = item
                await asyncio.sleep(max(0.0, due - self.proxy.loop.time()))
                await self.proxy.flowing.wait()
                passed = self.allowed(len(data))
                writer.write(data[:passed])
                await writer.drain()
                if passed < len(data):
                    return
        finally:
            taking.cancel()

    async def run(self):
        (client_reader, client_writer), (server_reader, server_writer) = self.ends
        pumps = [asyncio.ensure_future(self.pump(client_reader, server_writer)),
                 asyncio.ensure_future(self.pump(server_reader, client_writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.close()

    def close(self):
        for _, writer in self.ends:
            if self.bytes_left is not None:
                with contextlib.suppress(OSError):
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


class Proxy(threading.Thread):
    """Listens on `port` (0: any, then told by it), and connects to the port `target`, both of this machine. Each
    direction takes delay_s. Its methods may be called by any thread."""

    def __init__(self, port, target, delay_s=0.0):
        super().__init__(daemon=True)
        self.port, self.target, self.delay_s = port, target, delay_s
        self.links = set()
        self.cuts = 0
        self.loop = asyncio.new_event_loop()
        self.flowing = self.over = None
        self.is_listening = threading.Event()
        self.start()
        assert self.is_listening.wait(10), f"the proxy does not listen on port {port}"

    def run(self):
        asyncio.set_event_loop(self.loop)
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.listen())
        self.loop.close()

    async def listen(self):
        self.flowing = asyncio.Event()
        self.flowing.set()
        server = await asyncio.start_server(self.connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self.over = asyncio.Event()
        self.is_listening.set()
        await self.over.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def connected(self, reader, writer):
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, (reader, writer), server)
        self.links.add(link)
        try:
            with contextlib.suppress(OSError):
                await link.run()
        finally:
            self.links.discard(link)

    def call(self, work):
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (work(), done.set()))
        assert done.wait(10), "the proxy does not answer"

    def cut(self, random, bytes_max):
        """Every connection passes a random number of bytes more, and is then reset."""
        def work():
            for link in self.links:
                link.bytes_left = random.randrange(bytes_max)
                self.cuts += 1
        self.call(work)

    def stall(self):
        """Nothing passes any more, and nobody is told."""
        self.call(lambda: self.flowing.clear())  # pylint: disable=unnecessary-lambda

    def flow(self):
        """What was stalled is reset: each side has long given the other up, or finds out now."""
        def work():
            for link in list(self.links):
                link.bytes_left = 0
                link.close()
            self.flowing.set()
        self.call(work)

    def close(self):
        self.loop.call_soon_threadsafe(self.over.set)
        self.join(10)
