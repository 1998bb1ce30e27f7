"""Check: bitsandbytes works in 4 bits, and its 8-bit optimizer steps.

It quantises, gives the numbers back and multiplies with them.
"""

import importlib.util
import os
import sys
from typing import Any

sys.path.insert(
    0, os.path.dirname(os.path.abspath(__file__))
)  # python -I leaves the script's folder out

import telling


def four_bits(torch: Any, functional: Any, device: Any, dtype: Any) -> tuple[float, float]:
    """Relative error of NF4 itself (9 to 10 % on normal data, seen 9.2 %) and of a product with the
    packed weight.
    """
    bnb = telling.need("bitsandbytes")
    chance = torch.Generator().manual_seed(3)
    weight = torch.randn(1024, 1024, generator=chance).to(device, dtype)
    packed, state = functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    back = functional.dequantize_4bit(packed, state)
    x = torch.randn(64, 1024, generator=chance).to(device, dtype)
    product = bnb.matmul_4bit(x, packed.t(), quant_state=state)
    exact = x.double().cpu() @ back.double().cpu().t()
    return telling.relative_error(torch, back, weight), telling.relative_error(
        torch, product, exact
    )


def one_step(torch: Any, device: Any) -> float:
    """Mean change of a weight after one AdamW step at rate 0.01: the first step moves each by about
    the rate.
    """
    bnb = telling.need("bitsandbytes")
    torch.manual_seed(4)
    weight = torch.nn.Parameter(torch.randn(64, 64, device=device))
    before = weight.detach().clone()
    optimizer = bnb.optim.AdamW8bit([weight], lr=1e-2, min_8bit_size=1)
    (weight**2).sum().backward()
    optimizer.step()
    return float((weight.detach() - before).abs().mean())


def check() -> None:
    """Only where there is a card and the package."""
    torch = telling.need("torch")
    device = telling.pick_device(torch)
    if importlib.util.find_spec("bitsandbytes") is None:
        telling.skipped("bitsandbytes.works", "bitsandbytes is not part of this profile")
        return
    if device.type == "cpu":
        telling.skipped("bitsandbytes.works", "4-bit training needs a CUDA card")
        return
    functional = telling.need("bitsandbytes.functional")
    telling.measured("bitsandbytes.version", telling.version("bitsandbytes"))
    lossy, product = four_bits(torch, functional, device, telling.half_type(torch, device))
    moved = one_step(torch, device)
    good = 0.05 < lossy < 0.15 and product < 2e-2 and 0.005 < moved < 0.02
    telling.measured(
        "bitsandbytes.works", good, nf4_error=lossy, product_error=product, adamw8bit_step=moved
    )
    if not good:
        raise telling.CheckFailed(
            "wrong-result",
            telling.Message(
                "bitsandbytes computes wrongly on this card: NF4 error {error:.3g} (0.05 "
                "to 0.15 is right), product error {product:.2g} (below 0.02), optimizer "
                "step {moved:.3g} (0.005 to 0.02).",
                error=lossy,
                product=product,
                moved=moved,
            ),
        )


if __name__ == "__main__":
    telling.run(check)
