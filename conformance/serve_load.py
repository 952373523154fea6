"""Servers under load on one machine: this project's, with a student and with its teacher, beside llama.cpp's.

llama.cpp's server is built from the source package of llama-cpp-python on PyPI, which holds all of it; needs cmake, ninja
and a C++ compiler. All are loaded by `lizard bench serve` with the same prompts of token ids, one load after the other.

    python conformance/serve_load.py MODEL.gguf STUDENT [--peer-model FILE.gguf] [--work FOLDER] [--streams 1,8,32] \
      [--history FILE.jsonl]

STUDENT is a converted folder, or a student of MODEL without weights of its own. llama.cpp reads MODEL unless told another
file, such as one in 8 bits (made by its own llama-quantize).
"""
import argparse
import pathlib
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = "llama-cpp-python==0.3.34"
OFF = ["BUILD_SHARED_LIBS", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_UI", "LLAMA_OPENSSL"]


def built(work):
    """The server's program, built when it is not there."""
    program = work / "build" / "bin" / "llama-server"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", PACKAGE.split("==")[0],
                        PACKAGE, "-d", str(work)], check=True)
        with tarfile.open(next(work.glob("llama_cpp_python-*.tar.gz"))) as archive:
            archive.extractall(work, filter="data")
        source = next(work.glob("llama_cpp_python-*/vendor/llama.cpp"))
        options = [f"-D{name}=OFF" for name in OFF]
        subprocess.run(["cmake", "-G", "Ninja", "-S", str(source), "-B", str(work / "build"),
                        "-DCMAKE_BUILD_TYPE=Release", *options], check=True)
        subprocess.run(["cmake", "--build", str(work / "build"), "--target", "llama-server"], check=True)
    return program


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bench(arguments, options):
    subprocess.run([options.lizard, "bench", "serve", "--prompt-tokens", str(options.prompt_tokens), "--new-tokens",
                    str(options.new_tokens), "--requests", str(options.requests), "--history", options.history,
                    "--threads", str(options.threads), *arguments], check=True)


def peer(program, streams, options):
    """llama.cpp's server with a lane a stream, anew for each load as ours is."""
    port = free_port()
    context = streams * (options.prompt_tokens + options.new_tokens + 16)
    server = subprocess.Popen([str(program), "-m", options.peer_model, "--port", str(port), "-t", str(options.threads),
                               "-np", str(streams), "-c", str(context), "--no-cache-prompt"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url + "/health").close()
                break
            except (urllib.error.URLError, OSError):
                if server.poll() is not None:
                    sys.exit("llama-server ended before it served")
                time.sleep(0.1)
        bench(["--url", url, "--pid", str(server.pid), "--vocabulary", str(options.vocabulary), "--name",
               "llama.cpp " + pathlib.Path(options.peer_model).stem, "--streams", str(streams)], options)
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("student")
    parser.add_argument("--peer-model")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("llama-cpp"))
    parser.add_argument("--streams", default="1,8,32")
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--requests", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--vocabulary", type=int, default=49152)
    parser.add_argument("--history", default="load.jsonl")
    parser.add_argument("--lizard", default=str(ROOT / "lizard"))
    options = parser.parse_args()
    options.peer_model = options.peer_model or options.model
    whole = (pathlib.Path(options.student) / "config.json").exists()
    student = ["--model", options.student] if whole else ["--model", options.model, "--student", options.student]
    options.work.mkdir(parents=True, exist_ok=True)
    program = built(options.work)
    for streams in map(int, options.streams.split(",")):
        bench([*student, "--name", "student", "--streams", str(streams)], options)
        bench(["--model", options.model, "--name", "teacher", "--streams", str(streams)], options)
        peer(program, streams, options)


if __name__ == "__main__":
    main()
