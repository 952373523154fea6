"""The product's CUDA sources through NVRTC, without a card."""
import pathlib

FOLDER = "tensor/src/main/resources/dev/lizard/tensor/cuda"
ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / FOLDER


def machine_code(name, architecture, folder=SOURCES, **defines):
    """The cubin of the source of that name and of the headers beside it; defines that are None are left out."""
    from cuda.bindings import nvrtc

    headers = sorted(folder.glob("*.cuh"))
    _, program = nvrtc.nvrtcCreateProgram((folder / name).read_bytes(), name.encode(), len(headers),
                                          [h.read_bytes() for h in headers], [h.name.encode() for h in headers])
    options = [f"-arch={architecture}", "-std=c++17", "--device-as-default-execution-space"]
    options = [x.encode() for x in options + [f"-D{k}={v}" for k, v in sorted(defines.items()) if v is not None]]
    code, = nvrtc.nvrtcCompileProgram(program, len(options), options)
    if code != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        log = b" " * nvrtc.nvrtcGetProgramLogSize(program)[1]
        nvrtc.nvrtcGetProgramLog(program, log)
        raise RuntimeError(log.decode()[:3000])
    image = b" " * nvrtc.nvrtcGetCUBINSize(program)[1]
    nvrtc.nvrtcGetCUBIN(program, image)
    nvrtc.nvrtcDestroyProgram(program)
    return image
