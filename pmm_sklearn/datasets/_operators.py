"""Matrices of spins: on the sites of a chain, and of one large spin."""

import numpy as np
from scipy import sparse

PAULI_X = np.array([[0.0, 1.0], [1.0, 0.0]])
PAULI_Y = np.array([[0.0, -1.0j], [1.0j, 0.0]])
PAULI_Z = np.diag([1.0, -1.0])


def on_sites(local, sites, n_sites):
    """Matrix that acts on some sites of a chain of spins 1/2, identity elsewhere.

    Parameters
    ----------
    local : ndarray of shape (2**k, 2**k)
        The matrix on the k sites, the first of them the most significant one.
    sites : sequence of int
        The k different sites, in any order.
    n_sites : int
        Length of the chain; site 0 is the first factor of the Kronecker product.

    Returns
    -------
    csr_array of shape (2**n_sites, 2**n_sites)
    """
    states = np.arange(2**n_sites)
    shifts = [n_sites - 1 - site for site in sites]
    # Kronecker products act on neighbouring sites only; bits of the state do not
    # mind where the sites are.
    local_states = sum(
        (states >> shift & 1) << k for k, shift in enumerate(reversed(shifts))
    )
    others = states & ~sum(1 << shift for shift in shifts)
    rows, values = [], []
    for target in range(len(local)):
        bits = sum(
            (target >> k & 1) << shift for k, shift in enumerate(reversed(shifts))
        )
        rows.append(others | bits)
        values.append(local[target, local_states])
    columns = np.tile(states, len(local))
    matrix = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), columns)),
        shape=(len(states), len(states)),
    )
    matrix.eliminate_zeros()
    return matrix


def sum_over_sites(local, n_sites):
    """Sum of one matrix of shape (2, 2) over all sites of a chain."""
    return sum(on_sites(local, [site], n_sites) for site in range(n_sites))


def large_spin(n_spins):
    """Sparse S_z and S_x of the total spin N / 2, m from N / 2 down to -N / 2.

    These are the states symmetric in N spins 1/2.
    """
    spin = n_spins / 2
    m = np.arange(spin, -spin - 1, -1)
    ladder = np.sqrt(spin * (spin + 1) - m[1:] * (m[1:] + 1)) / 2
    s_x = sparse.diags([ladder, ladder], [1, -1])
    return sparse.csr_array(sparse.diags(m)), sparse.csr_array(s_x)
