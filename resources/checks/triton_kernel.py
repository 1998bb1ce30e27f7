"""Check: Triton compiles a kernel and the card runs it.

Where a compiler, header or PTX tool is missing, it shows here.
"""

import importlib.util
import os
import sys
import tempfile
import time

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling

SOURCE = """
import triton
import triton.language as tl


@triton.jit
def add(x, y, out, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    tl.store(out + at, tl.load(x + at, mask=inside) + tl.load(y + at, mask=inside), mask=inside)
"""
COUNT = 4099  # not a multiple of the block, so that the mask works too


def check() -> None:
    """Write the kernel to a file (Triton reads source files), compile it with an empty cache, run
    and compare.
    """
    torch = telling.need("torch")
    device = telling.pick_device(torch)
    if device.type == "cpu":
        telling.skipped("triton.kernel", "Triton needs a CUDA card")
        return
    if importlib.util.find_spec("triton") is None:
        raise telling.CheckFailed(
            "triton-missing",
            telling.Message("Triton is not installed, and Unsloth cannot be imported without it."),
        )
    triton = telling.need("triton")
    telling.measured("triton.version", str(triton.__version__))
    with tempfile.TemporaryDirectory(prefix="triton_check_", ignore_cleanup_errors=True) as folder:
        os.environ["TRITON_CACHE_DIR"] = os.path.join(folder, "cache")
        path = os.path.join(folder, "triton_check_kernel.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SOURCE)
        spec = importlib.util.spec_from_file_location("triton_check_kernel", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        x, y = torch.randn(COUNT, device=device), torch.randn(COUNT, device=device)
        out = torch.full_like(x, float("nan"))
        begin = time.perf_counter()
        module.add[(triton.cdiv(COUNT, 256),)](x, y, out, COUNT, BLOCK=256)
        torch.cuda.synchronize()
        seconds = time.perf_counter() - begin
    right = bool(torch.equal(out, x + y))
    telling.measured("triton.kernel", right, seconds=round(seconds, 3))
    if not right:
        raise telling.CheckFailed(
            "wrong-result", telling.Message("A compiled Triton kernel gave a wrong sum.")
        )


if __name__ == "__main__":
    telling.run(check)
