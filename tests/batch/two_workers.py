"""Keeps a Ray cluster of two workers on this machine until standard input ends, and prints its address."""

import sys

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    print(f"address {cluster.address}", flush=True)
    sys.stdin.read()
    cluster.shutdown()
