"""Import this before serve where torch is all that is needed: it stands in for a torchvision that is not installed."""

import importlib.util
import sys
import types

if importlib.util.find_spec("torchvision") is None:
    sys.modules["torchvision_cpu"] = types.ModuleType("torchvision_cpu")
