"""Load points of page-rerank into Qdrant and rank there; say where its order is another than page-rerank's.

python rank.py FOLDER [client|edge]

FOLDER has what export.js wrote. "client" is qdrant-client's own local mode, "edge" Qdrant's engine in this process.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

BATCH = 64

Ranking = list[tuple[int, float]]
"""Documents and their scores, best first."""


def lines(path: Path) -> Iterator[dict]:
    with path.open() as file:
        for line in file:
            yield json.loads(line)


def batches(path: Path) -> Iterator[list[tuple[int, dict]]]:
    batch: list[tuple[int, dict]] = []
    for number, point in enumerate(lines(path)):
        batch.append((number, point))
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def in_client(points: Path, dimensions: int, documents: int) -> Callable[[list], Ranking]:
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")  # A server's address here, and nothing else changes.
    client.create_collection(
        "texts",
        vectors_config=models.VectorParams(
            size=dimensions,
            distance=models.Distance.DOT,
            multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
            hnsw_config=models.HnswConfigDiff(m=0),  # Looks at all points, or at those that a filter or a prefetch leaves.
        ),
    )
    for batch in batches(points):
        client.upsert(
            "texts",
            [models.PointStruct(id=i, vector=one["vectors"], payload={"document": one["document"]}) for i, one in batch],
        )

    def rank(query: list) -> Ranking:
        # A document's score is that of its best point.
        answer = client.query_points_groups("texts", query=query, group_by="document", group_size=1, limit=documents)
        return [(int(group.id), group.hits[0].score) for group in answer.groups]

    return rank


def in_edge(points: Path, dimensions: int, documents: int) -> Callable[[list], Ranking]:
    import qdrant_edge as qdrant

    config = qdrant.EdgeConfig(
        vectors={
            "": qdrant.EdgeVectorParams(
                size=dimensions,
                distance=qdrant.Distance.Dot,
                multivector_config=qdrant.MultiVectorConfig(qdrant.MultiVectorComparator.MaxSim),
            )
        }
    )
    shard = qdrant.EdgeShard.create(tempfile.mkdtemp(prefix="qdrant-edge-"), config)
    count = 0
    for batch in batches(points):
        count += len(batch)
        shard.update(
            qdrant.UpdateOperation.upsert_points(
                [qdrant.Point(id=i, vector=one["vectors"], payload={"document": one["document"]}) for i, one in batch]
            )
        )

    def rank(query: list) -> Ranking:
        hits = shard.query(
            qdrant.QueryRequest(query=qdrant.Query.Nearest(query), limit=count, with_payload=True, params=qdrant.SearchParams(exact=True))
        )
        best: dict[int, float] = {}
        for hit in hits:
            best.setdefault(hit.payload["document"], hit.score)
        assert len(best) == documents
        return list(best.items())

    return rank


def main(folder: str, engine: str = "client") -> None:
    points = Path(folder) / "points.jsonl"
    queries = list(lines(Path(folder) / "queries.jsonl"))
    dimensions = len(queries[0]["vectors"][0])
    documents = len(queries[0]["order"])
    rank = (in_edge if engine == "edge" else in_client)(points, dimensions, documents)
    same = 0
    same_first = 0
    first_ten = 0
    farthest = 0.0
    swapped = 0.0
    for one in queries:
        ranking = rank(one["vectors"])
        order = [document for document, _ in ranking]
        logits = dict(zip(one["order"], one["logits"], strict=True))
        farthest = max(farthest, *(abs(score - logits[document]) for document, score in ranking))
        same += order == one["order"]
        same_first += order[0] == one["order"][0]
        first_ten += len(set(order[:10]) & set(one["order"][:10]))
        # How far apart, in our logits, the documents are that stand the other way round.
        highest_below = float("-inf")
        for document in reversed(order):
            swapped = max(swapped, highest_below - logits[document])
            highest_below = max(highest_below, logits[document])
    count = len(queries)
    print(f"{engine}: {count} queries, {documents} documents")
    print(f"orders that are the same, to the last document: {same}")
    print(f"the same first document: {same_first}; of the first ten in common: {first_ten / count / 10:.1%}")
    print(f"largest difference of a score: {farthest:.2g}; of the logits of two that changed places: {max(0, swapped):.2g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
