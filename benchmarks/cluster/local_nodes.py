"""A Ray cluster of several nodes on this machine, for tests and benchmarks: nodes are processes, and can be killed.

    python benchmarks/cluster/local_nodes.py NODES

It prints the head's address and ends with its standard input; the line ``kill-head`` ends the head's processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from types import TracebackType

_STORE_BYTES = 80_000_000  # the least that Ray takes


class LocalNodes:
    """Such a cluster in a process of its own.

    Attributes:
        address: HOST:PORT of its head.
    """

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address, "the cluster has not started"

    def __enter__(self) -> LocalNodes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def kill_head(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("kill-head\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.communicate(timeout=120)


def main() -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    of_each = {"num_cpus": 16, "object_store_memory": _STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={**of_each, "include_dashboard": False})
    for _ in range(int(sys.argv[1]) - 1):
        cluster.add_node(**of_each, wait=False)
    cluster.wait_for_nodes()
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line == "kill-head\n":
            cluster.head_node.kill_gcs_server()
            cluster.head_node.kill_raylet()
    for node in cluster.list_all_nodes():
        node.kill_all_processes(check_alive=False, allow_graceful=False)


if __name__ == "__main__":
    main()
