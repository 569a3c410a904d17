"""A llama.cpp server with a reranker, until it is ended: python llama_server.py MODEL.gguf [PORT, 8089]"""

import sys
import threading

import xllamacpp


def main(model: str, port: str = "8089") -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.embedding = True
    parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    parameters.port = int(port)
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
