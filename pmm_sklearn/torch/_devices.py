"""Where networks are trained."""

import torch


def device_of(name):
    """Device of a name, or for "auto" the GPU where there is one, else the CPU.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if isinstance(name, str) and name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, TypeError, AssertionError) as error:
        raise ValueError(
            f"device={name!r} cannot be used ({str(error).splitlines()[0]}): set "
            f"device='auto', or 'cpu'."
        ) from error
    return device
