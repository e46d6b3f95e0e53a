"""Gives every parameter of a model a value away from its default, from a seed and its name alone."""

import zlib

import torch


def _value(name, parameter, generator):
    noise = torch.randn(parameter.shape, generator=generator)
    if name.endswith("activation.weight"):  # PReLU's slope
        return 0.2 + 0.1 * noise
    if name.endswith(("alpha_p", "alpha_n")):  # xIELU
        return 0.3 + 0.5 * noise
    if parameter.ndim == 4:
        # A mean per output channel, and a scale far from 1, both of which weight standardisation has to remove.
        mean = torch.randn((parameter.shape[0], 1, 1, 1), generator=generator)
        return 0.4 * noise + 0.5 * mean
    if parameter.ndim == 2:
        return 0.2 * noise
    if name.endswith("weight"):  # of a norm; about one in 40 is negative
        return 1.0 + 0.5 * noise
    return 0.4 * noise


@torch.no_grad()
def randomise(model, seed, norm_scale=1, branch_scale=0.5):
    """Sets all parameters, and xIELU's two buffers, in place; returns the model in evaluation mode.

    `norm_scale` multiplies the norms' weights. A small `branch_scale`, upon the last norm of each branch, keeps
    deep random networks from magnifying every rounding error, as training does.
    """
    tensors = dict(model.named_parameters())
    for name, parameter in tensors.items():
        generator = torch.Generator().manual_seed(seed * 2**32 + zlib.crc32(name.encode()))
        value = _value(name, parameter, generator)
        norm, kind = name.split(".")[-2:]
        if "norm" in norm and kind == "weight":
            value *= norm_scale
        if norm == "norm3":
            value *= branch_scale
        parameter.copy_(value)
    for name, buffer in model.named_buffers():
        generator = torch.Generator().manual_seed(seed * 2**32 + zlib.crc32(name.encode()))
        scale = {"beta": 0.4, "eps": -0.01}[name.rsplit(".", 1)[1]]
        buffer.copy_(scale * (1 + 0.3 * torch.rand((), generator=generator)))
    return model.eval()


@torch.no_grad()
def season(model, seed):
    """Sets all parameters to what training makes of them, roughly; returns the model in evaluation mode.

    Kernels have heavy tails, means off zero and a scale of their own in each channel; norms have weights from a tenth
    to several, some negative, and biases of their size.
    """
    for name, parameter in model.named_parameters():
        generator = torch.Generator().manual_seed(seed * 2**32 + zlib.crc32(name.encode()))

        def draw(*shape):
            return torch.randn(shape, generator=generator)

        if parameter.ndim == 4:
            channel = (parameter.shape[0], 1, 1, 1)
            chi = sum(draw(*parameter.shape) ** 2 for _ in range(4)) / 4
            value = 0.02 * torch.exp(0.5 * draw(*channel)) * (draw(*parameter.shape) / chi.sqrt() + 0.3 * draw(*channel))
        elif parameter.ndim == 2:
            value = 0.02 * draw(*parameter.shape)
        elif name.endswith("weight"):
            sign = torch.where(torch.rand(parameter.shape, generator=generator) < 0.05, -1.0, 1.0)
            value = sign * torch.exp(0.6 * draw(*parameter.shape) - 0.7)
        else:
            value = 0.4 * draw(*parameter.shape) - 0.15
        parameter.copy_(value)
    return model.eval()


def random_pixels(shape, seed):
    """Values like those of normalised images: random patches of 3 by 3 with noise upon them."""
    batch, channels, height, width = shape
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn((batch, channels, -(-height // 3), -(-width // 3)), generator=generator)
    patches = coarse.repeat_interleave(3, 2).repeat_interleave(3, 3)[..., :height, :width]
    return (patches + 0.3 * torch.randn(shape, generator=generator)).contiguous()
