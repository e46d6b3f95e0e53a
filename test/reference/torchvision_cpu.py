"""Imports torchvision, whichever PyTorch it was built for: import this module before transformers.

A torchvision built for CUDA cannot load its compiled operators beside a CPU-only PyTorch, and then fails as it
registers shape functions for them. Image processing needs none of these operators, so their registration is skipped.
"""

import torch


def _import_torchvision():
    register_fake = torch.library.register_fake

    def register_known(op, *args, **kwargs):
        if isinstance(op, str) and op.startswith("torchvision::"):
            return lambda function: function
        return register_fake(op, *args, **kwargs)

    torch.library.register_fake = register_known
    try:
        import torchvision
    finally:
        torch.library.register_fake = register_fake
    return torchvision


torchvision = _import_torchvision()
