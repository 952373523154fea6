"""Kernels that take one struct by value, through CUDA's driver: their code, its constants, launches."""
import ctypes

import torch

from gpu_kernels import compiled

THREADS = 128
ORDINARY_SHARED = 48 * 1024
DYNAMIC_SHARED = 8  # the attribute's number
_loaded = {}


def call(name, *arguments):
    code = getattr(ctypes.CDLL("libcuda.so.1"), name)(*arguments)
    if code:
        raise RuntimeError(f"{name}: error {code}")


def loaded(source, constants, count, **defines):
    """The module of a source, and the `count` numbers that it tells the host by the name `constants`."""
    key = source, tuple(sorted(defines.items()))
    if key not in _loaded:
        torch.zeros(1, device="cuda")  # torch's context is the current one from here on
        handle, address, size, numbers = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t(), (ctypes.c_int * count)()
        call("cuModuleLoadData", ctypes.byref(handle), compiled(source, **defines))
        call("cuModuleGetGlobal_v2", ctypes.byref(address), ctypes.byref(size), handle, constants.encode())
        call("cuMemcpyDtoH_v2", numbers, address, ctypes.c_size_t(ctypes.sizeof(numbers)))
        _loaded[key] = handle, list(numbers)
    return _loaded[key]


class Function:
    """A kernel of a module with its dynamic shared memory."""

    def __init__(self, module, name, shared):
        self.handle, self.shared = ctypes.c_void_p(), shared
        call("cuModuleGetFunction", ctypes.byref(self.handle), module, name.encode())
        if shared > ORDINARY_SHARED:
            call("cuFuncSetAttribute", self.handle, DYNAMIC_SHARED, shared)

    def launch(self, grid, struct):
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        arguments = (ctypes.c_void_p * 1)(ctypes.addressof(struct))
        call("cuLaunchKernel", self.handle, *grid, THREADS, 1, 1, self.shared, stream, arguments, None)
