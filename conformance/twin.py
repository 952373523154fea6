"""The layer over all pairs of tokens in float64, written from docs/format.md with no thought of speed; and random inputs.

Rows of a bfloat16 model are bfloat16 after rotation too, as everywhere between its operations: there the twin rounds
them (`exact` False) and takes the rest as it is. Gradients pass the rounding as if it were not there.
"""
import math

import torch
from torch.utils.checkpoint import checkpoint

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
JOINT, SUM, NEAR = 0, 1, 2


def rotated(x, cos, sin):
    """x [.., T, d] by tables [T, d/2], pairs (i, i + d/2)."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def rounded(x):
    """x as bfloat16 holds it; gradients pass."""
    return x + (x.detach().bfloat16().double() - x.detach())


def phi(x, w):
    """x [B, H, T, d], w [H, d, F]."""
    z = torch.einsum("bhtd,hdf->bhtf", x, w)
    return torch.cat([z.softmax(-1), (-z).softmax(-1)], -1).clamp_min(1e-12)


def twin(p, best=None, rows=1024):
    """p: the inputs of `problem`; float64 outputs y [B, T, H, d], m and 1/den [B, H, T], argmax, S [B, H, f, d + 1].

    best [B, H, T] names the key that holds each row's maximum instead (-1: the sink). Works through blocks of rows, and
    computes them again for gradients.
    """
    d64 = lambda x: None if x is None else x.double()
    q, k, v = (d64(p[n]).transpose(1, 2) for n in "qkv")
    b, h, t, d = q.shape
    past, w, mode = k.shape[2] - t, p["window"], p["mode"]
    lag = w if mode == JOINT else 0
    k, v = (x.repeat_interleave(h // x.shape[1], 1) for x in (k, v))
    cos, sin = d64(p["cos"]), d64(p["sin"])
    qr, kr = rotated(q, cos[past:], sin[past:]), rotated(k, cos, sin)
    if not p["exact"]:
        qr, kr = rounded(qr), rounded(kr)
    fq, fk = phi(q, d64(p["map_q"])), phi(k, d64(p["map_k"]))
    v1 = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    g = d64(p["gate"]).clamp_min(-30).cumsum(-1)  # [B, H, T]
    # time l = j + lag at which key j is written; the sum of gates up to there
    key = torch.arange(-past, t, device=q.device)
    written = key + lag
    at = torch.where((written >= 0) & (written < t), written, 0)
    gk = g[..., at]  # [B, H, P + T]
    share = d64(p["share"]).view(1, h, 1, 1)
    sink = None if p["sink"] is None else d64(p["sink"]).view(1, h, 1, 1)
    doc, state = p.get("documents"), d64(p.get("state"))

    def block(i):
        """y, m, 1/den and argmax of rows i."""
        near = (key <= i[:, None]) & (key > i[:, None] - w)  # [T, P + T]
        far = (key <= i[:, None] - lag) & (written >= 0)
        if doc is not None:
            same = doc[:, i][:, None, :, None] == doc[:, None, None, :]
            near, far = near & same, far & same
        s = (qr[:, :, i] @ kr.transpose(-1, -2) / math.sqrt(d)).masked_fill(~near, -math.inf)
        if best is None:
            m, where = s.max(-1, keepdim=True)
            if sink is not None:
                where = torch.where(sink >= m, -1, where)
                m = torch.maximum(m, sink)
        else:
            where = best[:, :, i, None].long()
            m = s.gather(-1, where.clamp(min=0))
            if sink is not None:
                m = torch.where(where < 0, sink, m)
        e = (s - m).exp()
        nw = e @ v1
        dw = nw[..., -1:] + (0 if sink is None else (sink - m).exp())
        decay = (g[:, :, i, None] - gk[:, :, None]).masked_fill(~far, -math.inf).exp()
        nl = ((fq[:, :, i] @ fk.transpose(-1, -2)) * decay) @ v1
        if state is not None:
            nl = nl + (fq[:, :, i] * g[:, :, i, None].exp()) @ state
        dl = nl[..., -1:]
        if mode == JOINT:
            den = dl + share * dw
            y = (nl + share * nw)[..., :-1] / den
        elif mode == SUM:
            den = dw
            y = share * nl[..., :-1] / dl + (1 - share) * nw[..., :-1] / dw
        else:
            den = dw
            y = nw[..., :-1] / dw
        return y, m[..., 0], 1 / den[..., 0], where[..., 0]

    blocks = [checkpoint(block, i, use_reentrant=False) for i in torch.arange(t, device=q.device).split(rows)]
    result = dict(zip(("y", "max", "inverse", "argmax"), (torch.cat(x, 2) for x in zip(*blocks))))
    result["y"] = result["y"].transpose(1, 2)
    weight = (g[..., -1:] - gk).exp() * ((written >= 0) & (written < t))
    result["final"] = (fk * weight[..., None]).transpose(-1, -2) @ v1
    if state is not None:
        result["final"] = result["final"] + state * g[..., -1].exp()[..., None, None]
    return result


def ratio(x, reference):
    """||x - reference|| / ||reference||"""
    x, reference = x.double(), reference.double()
    return float((x - reference).norm() / reference.norm().clamp_min(1e-30))


def short(x):
    """Three digits of it."""
    return float(f"{x:.3g}")


def problem(b=2, h=6, g=2, t=512, d=64, f=64, w=128, past=0, mode=JOINT, gamma=None, sink=True, loud=1.0, io=torch.bfloat16,
            maps=torch.bfloat16, state=False, documents=False, seed=1):
    """Random inputs. gamma: one gate for all, or None for gates spread over heads and tokens."""
    r = torch.Generator(device=DEVICE).manual_seed(seed)
    randn = lambda *shape: torch.randn(*shape, device=DEVICE, generator=r)
    position = torch.arange(past + t, device=DEVICE, dtype=torch.float64)
    angle = position[:, None] * 10000.0 ** (-torch.arange(d // 2, device=DEVICE, dtype=torch.float64) / (d // 2))
    p = {
        "q": (randn(b, t, h, d) * loud).to(io),
        "k": (randn(b, past + t, g, d) * loud).to(io),
        "v": randn(b, past + t, g, d).to(io),
        "cos": angle.cos().float(),
        "sin": angle.sin().float(),
        "sink": randn(h) * 2 if sink else None,
        "share": torch.rand(h, device=DEVICE, generator=r) * 0.8 + 0.1,
        "map_q": (randn(h, d, f) / math.sqrt(d) * 2).to(maps),
        "map_k": (randn(h, d, f) / math.sqrt(d) * 2).to(maps),
        "window": w,
        "mode": mode,
        "exact": io == torch.float32,
        "state": randn(b, h, 2 * f, d + 1).abs() if state else None,
    }
    if gamma is None:
        p["gate"] = torch.nn.functional.logsigmoid(randn(b, h, t) + torch.linspace(2, 8, h, device=DEVICE).view(1, h, 1))
    else:
        p["gate"] = torch.full((b, h, t), math.log(gamma) if gamma > 0 else -math.inf, device=DEVICE)
    if documents:
        p["documents"] = (torch.rand(b, t, device=DEVICE, generator=r) < 0.01).cumsum(-1).int()
    return p
