"""The method of Jacobi for many small Hermitian matrices at once."""

import torch

#: Side of the largest matrices for which the method is worth while.
LARGEST_SIDE = 16
# The convergence is quadratic: so many sweeps are enough for any matrix so small.
_MOST_SWEEPS = {torch.float64: 12, torch.float32: 9}


def jacobi_eigh(matrices):
    r"""Eigenvalues and eigenvectors by rotations of all disjoint pairs at once.

    A sweep has ``n - 1`` rounds, in each of which the rows and columns are paired
    anew, as players of a tournament are, and each pair is turned so that its element
    vanishes.  All matrices take the same steps, so that a round is a few operations
    on whole batches, which is what a GPU is good at.

    Parameters
    ----------
    matrices : Tensor of shape (n_samples, n, n)
        Hermitian or real symmetric.

    Returns
    -------
    values : Tensor of shape (n_samples, n)
        In ascending order.
    vectors : Tensor of shape (n_samples, n, n)
        In columns.

    References
    ----------
    R. P. Brent, F. T. Luk, "The solution of singular-value and symmetric eigenvalue
    problems on multiprocessor arrays", SIAM J. Sci. Stat. Comput. 6, 69 (1985).
    """
    n_samples, n, _ = matrices.shape
    if n == 1 or n_samples == 0:
        return matrices.real[:, :, 0].clone(), torch.ones_like(matrices)
    # In units in which no square overflows or vanishes.
    unit = matrices.abs().amax(dim=(1, 2))
    unit = unit.masked_fill(unit == 0, 1.0)
    # Samples last: what a round treats is then contiguous in memory.
    work = (
        _padded(matrices * unit.reciprocal()[:, None, None])
        .permute(1, 2, 0)
        .contiguous()
    )
    side = len(work)
    vectors = torch.eye(side, dtype=work.dtype, device=work.device)
    # Row k of the second matrix is the adjoint of eigenvector k.
    work = torch.cat([work, vectors[:, :, None].expand_as(work)], dim=1)
    order = _next_round(side, work.device)
    for _ in range(_MOST_SWEEPS[work.real.dtype]):
        for _ in range(side - 1):
            work = _round(work, order)
        if _is_diagonal(work[:, :side]):
            break
    values = work[:, :side].diagonal().real * unit[:, None]
    return _sorted(values, work[:, side:].conj().permute(2, 1, 0), n)


def _padded(matrices):
    """Matrices of even side; what is added is decoupled, and above all levels."""
    n = matrices.shape[1]
    if n % 2 == 0:
        return matrices
    padded = torch.nn.functional.pad(matrices, (0, 1, 0, 1))
    # In units of the largest element no level is above n.
    padded[:, n, n] = 2 * n
    return padded


def _next_round(side, device):
    """Where rows come from in the next round; those of a pair are side / 2 apart."""
    half = side // 2
    first, second = list(range(half)), list(range(half, side))
    players = [first[0], second[0], *first[1:-1], *second[1:], first[-1]]
    if half == 1:
        players = [0, 1]
    return torch.tensor(players, device=device)


def _round(work, order):
    """Turn all pairs, then pair anew."""
    side, half = len(work), len(work) // 2
    cosine, sine = _rotations(work)
    upper, lower = work[:half], work[half:]
    # The element that vanishes would else be a rounding error.
    work = torch.cat(
        [
            cosine[:, None] * upper - sine[:, None] * lower,
            sine.conj()[:, None] * upper + cosine[:, None] * lower,
        ]
    )[order]
    left, right = work[:, :half], work[:, half:side]
    turned = torch.cat(
        [
            cosine[None] * left - sine.conj()[None] * right,
            sine[None] * left + cosine[None] * right,
        ],
        dim=1,
    )[:, order]
    return torch.cat([turned, work[:, side:]], dim=1)


def _rotations(work):
    """Cosines and sines of the smallest angles that make the pairs diagonal."""
    half = len(work) // 2
    pairs = torch.arange(half, device=work.device)
    first, second = work[pairs, pairs].real, work[pairs + half, pairs + half].real
    coupling = work[pairs, pairs + half]
    magnitude = coupling.abs()
    # Of numbers that are smaller, squares are none, and phases not defined.
    smallest = torch.finfo(magnitude.dtype).tiny ** 0.5
    is_zero = magnitude < smallest
    coupling = coupling.masked_fill(is_zero, 0.0)
    magnitude = magnitude.masked_fill(is_zero, 0.0)
    twice = 2 * magnitude
    difference = second - first
    distance = torch.hypot(difference, twice)
    sign = torch.where(difference < 0, -1.0, 1.0).to(difference.dtype)
    denominator = difference.abs() + distance
    tangent = sign * twice / denominator.masked_fill(denominator == 0, 1.0)
    cosine = torch.rsqrt(1 + tangent.square())
    return cosine, tangent * cosine * coupling.sgn()


def _is_diagonal(work):
    """Whether what is beside the diagonals is as small as rounding errors."""
    squares = work.abs().square()
    scale = squares.sum(dim=(0, 1)) * torch.finfo(squares.dtype).eps ** 2
    squares.diagonal().zero_()
    return bool((squares.sum(dim=(0, 1)) <= scale).all())


def _sorted(values, vectors, n):
    """States by ascending value, without the one that was added."""
    values, places = values.sort(dim=1)
    places = places[:, :n]
    vectors = vectors.gather(2, places.unsqueeze(1).expand(-1, vectors.shape[1], -1))
    return values[:, :n].contiguous(), vectors[:, :n].contiguous()
