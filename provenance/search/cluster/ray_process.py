"""The process that is a driver of Ray, beside a service: it passes questions on to actors and their answers back.

Ray ends a driver's process when the head of its cluster has been gone for a minute, takes over its signals and starts
dozens of threads: so it is not in the service's process. Answers come through a driver in a third of the time that a
client of Ray (``ray://``, through its proxy on the head) needs. It ends when the service closes its end of the pipe.

    python -m provenance.search.cluster.ray_process FD
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from .layout import Layout

CALL = struct.Struct("<QHH")  # number of a call, shard, replica; then what is sent
RETURN = struct.Struct("<Q?")  # number of the call, whether it returned; then what, or why not
EVERY_ACTOR = (0xFFFF, 0xFFFF)  # in place of a shard and a replica: end all
READY = b"ready"
_LAST_SECONDS = 3  # that Ray gets to end
_THREADS = 8  # questions that an actor works on at once
_MAX_WHY = 300


@dataclass(frozen=True, slots=True)
class Job:
    """What such a process is told first.

    Attributes:
        address: HOST:PORT of the cluster's head.
        shard_class: dotted name of the class whose objects are the shards, and what is given to it after the layout
            and the number of the shard.
    """

    address: str
    layout: Layout
    shard_class: str
    arguments: tuple[Any, ...]


class _Actors:
    """The actors of one layout. Each is found or started when it is first asked, and anew when it has ended."""

    def __init__(self, job: Job, pipe: Connection) -> None:
        import ray

        self._job, self._pipe = job, pipe
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._actors: dict[tuple[int, int], Any] = {}
        ray.init(
            address=job.address,
            namespace=job.layout.installation.namespace,
            log_to_driver=False,
            configure_logging=False,
        )
        for shard in range(job.layout.shards):
            for replica in range(job.layout.replicas):
                self._actors[shard, replica] = self._started(shard, replica)

    def pass_on(self, raw: bytes) -> None:
        number, shard, replica = CALL.unpack_from(raw)
        if (shard, replica) == EVERY_ACTOR:
            self._give_back(number, str(_end_all()).encode())
            return
        with self._lock:
            actor = self._actors.get((shard, replica))
        if actor is None:
            self._give_back(number, LookupError("it is being started"))
            return
        try:
            future = actor.ask.remote(raw[CALL.size :]).future()
        except Exception as error:  # whatever Ray says: the service asks another replica
            self._give_back(number, error)
            return
        future.add_done_callback(lambda done: self._returned(number, shard, replica, actor, done))

    def _returned(self, number: int, shard: int, replica: int, actor: Any, done: Any) -> None:
        from ray.exceptions import ActorDiedError

        error = done.exception()
        if isinstance(error, ActorDiedError):  # for good: one that Ray restarts is only unavailable
            threading.Thread(target=self._start_again, args=(shard, replica, actor), daemon=True).start()
        self._give_back(number, error or done.result())

    def _start_again(self, shard: int, replica: int, ended: Any) -> None:
        with self._lock:
            if self._actors.get((shard, replica)) is not ended:
                return  # another question has found that out
            del self._actors[shard, replica]
        started = self._started(shard, replica)  # waits for the head as long as it takes
        with self._lock:
            self._actors[shard, replica] = started

    def _give_back(self, number: int, what: bytes | BaseException) -> None:
        if isinstance(what, BaseException):
            why = " ".join(str(what).split())[:_MAX_WHY] or type(what).__name__
            raw = RETURN.pack(number, False) + why.encode()
        else:
            raw = RETURN.pack(number, True) + what
        with self._sending:
            self._pipe.send_bytes(raw)

    def _started(self, shard: int, replica: int) -> Any:
        """The actor of that name in the installation's namespace, started if there is none."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        layout = self._job.layout
        module, _, name = self._job.shard_class.rpartition(".")
        shard_class = getattr(__import__(module, fromlist=[name]), name)
        nodes = sorted(each["NodeID"] for each in ray.nodes() if each["Alive"] and each["Resources"].get("CPU", 0) >= 1)
        where = "SPREAD"
        if nodes:  # replicas on neighbours; soft: when its machine is gone, on any other
            where = NodeAffinitySchedulingStrategy(nodes[(shard + replica) % len(nodes)], soft=True)
        actor = ray.remote(num_cpus=1, max_restarts=-1, max_concurrency=_THREADS)(shard_class)
        return actor.options(
            name=layout.name(shard, replica),
            lifetime="detached",
            get_if_exists=True,
            scheduling_strategy=where,
        ).remote(layout, shard, *self._job.arguments)


def _end_all() -> int:
    """End every actor of the namespace, and say how many there were."""
    import ray
    from ray.util import list_named_actors

    names = list_named_actors()
    for name in names:
        ray.kill(ray.get_actor(name))
    return len(names)


def main() -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    pipe = Connection(int(sys.argv[1]))
    try:
        actors = _Actors(pickle.loads(pipe.recv_bytes()), pipe)  # noqa: S301  # from the process that started this one
    except Exception as error:
        pipe.send_bytes(" ".join(str(error).split())[:_MAX_WHY].encode())
        return
    pipe.send_bytes(READY)
    try:
        while True:
            actors.pass_on(pipe.recv_bytes())
    except EOFError:
        # Actors are detached and stay. Ray's own end waits for a head that may be gone.
        last = threading.Timer(_LAST_SECONDS, os._exit, [0])
        last.daemon = True
        last.start()


if __name__ == "__main__":
    main()
