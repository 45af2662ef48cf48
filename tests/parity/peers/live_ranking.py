"""What GSEApy and networkx print."""

from __future__ import annotations

from peer_ranking import PAIRS, PROFILE, RING
from peer_scores import SETS


def _prerank() -> dict[str, float]:
    import gseapy

    found = gseapy.prerank(
        PROFILE, SETS, outdir=None, min_size=1, max_size=5000, permutation_num=10, threads=1, no_plot=True, seed=0
    ).res2d.set_index("Term")["ES"]
    return {name: float(found[name]) for name in SETS}


def _closest() -> dict[str, float]:
    import networkx as nx

    graph = nx.Graph([tuple(edge.split("-")) for edge in RING])
    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    return {
        name: sum(min(lengths[a][b] for b in end) for a in start) / len(start) for name, (start, end) in PAIRS.items()
    }


LIVE = {"gseapy prerank": _prerank, "networkx closest": _closest}
