"""Stands in for `datadivr.core.tasks`, which release 0.3 of the package imports and does not contain. Written for these tests: as much of
it as the package's own client and server use."""

import asyncio


class BackgroundTasks:
    running = []
    wanted = []

    @staticmethod
    def task(name=None):  # pylint: disable=unused-argument
        return lambda function: function

    @classmethod
    def periodic(cls, interval, name=None):  # pylint: disable=unused-argument
        def remember(function):
            cls.wanted.append((function, interval))
            return function

        return remember

    @classmethod
    async def start_all(cls):
        async def repeat(function, interval):
            while True:
                await function()
                await asyncio.sleep(interval)

        cls.running = [asyncio.create_task(repeat(*one)) for one in cls.wanted]

    @classmethod
    async def stop_all(cls):
        for one in cls.running:
            one.cancel()
        await asyncio.gather(*cls.running, return_exceptions=True)
