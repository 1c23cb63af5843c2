"""Eigensystems of many small Hermitian matrices, one in each lane of SIMD registers.

LAPACK works on one matrix after another, and registers are wider than the rows of
small matrices.  Here one variable holds an element of ``N_LANES`` matrices at a time
(:data:`LANES`), so the code of one matrix computes that many, without a branch that
could differ between them: :func:`select` decides element by element.

The algorithm is LAPACK's ``steqr``: Householder tridiagonalisation, implicit QL
with Wilkinson's shift until all off-diagonal elements are negligible, and
transformation back.  It needs half the rotations of a cyclic Jacobi method, on
vectors of half the length.

Needs numba, so nothing imports this folder but on demand, after :mod:`..compiled`.  All
compiled functions are in this one file, because numba recognises outdated machine
code in its cache by the time of the file of the function that is called.
"""

import operator

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

# Two registers of AVX-512, four of AVX2: independent instructions hide the latency
# of square roots and divisions, which follow one from another.
N_LANES = 16

# Matrices are scaled to largest elements between 1 and 2.  Off-diagonal elements
# count as zero below the rounding errors of their neighbours on the diagonal, or
# below the square of the rounding errors of the matrix.
_ROUNDING = 2.0**-53
# Squares below are not accurate, and their roots are negligible.
_TINY = 1e-280
_SMALLEST_SCALE, _LARGEST_SCALE = 1e-300, 1e300
_EXPONENT_BITS = 0x7FF0000000000000
# LAPACK gives up after as many per eigenvalue; two are usual, but the first one of a
# graded matrix may need all that the others save.
_MAX_ITERATIONS = 30

_DOUBLES = ir.VectorType(ir.DoubleType(), N_LANES)
_BITS = ir.VectorType(ir.IntType(1), N_LANES)


def _vector_type(name, llvm_type):
    """Type of numba that is a vector of LLVM."""

    class Vector(types.Type):
        def __init__(self):
            super().__init__(name=name)

    @register_model(Vector)
    class Model(models.PrimitiveModel):
        def __init__(self, manager, numba_type):
            super().__init__(manager, numba_type, llvm_type)

    return Vector()


LANES = _vector_type(f"Lanes{N_LANES}", _DOUBLES)
MASK = _vector_type(f"Mask{N_LANES}", _BITS)


def _broadcast(builder, value):
    """The value in all lanes, if it is one number."""
    if value.type == _DOUBLES:
        return value
    index = ir.Constant(ir.IntType(32), 0)
    first = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), value, index)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), N_LANES), None)
    return builder.shuffle_vector(first, first, zeros)


def _define_operator(function, operands, result, instruction):
    """Let compiled code apply an operator of Python to lanes, and to numbers."""

    @type_callable(function)
    def type_operator(context):
        return lambda *arguments: result if arguments in operands else None

    def generate(context, builder, signature, arguments):
        if LANES in signature.args:
            arguments = [_broadcast(builder, value) for value in arguments]
        return instruction(builder, *arguments)

    for types_of_operands in operands:
        lower_builtin(function, *types_of_operands)(generate)


def _arithmetic(name):
    # Products and sums may be fused, but no other freedom is given: not-a-number
    # must stay what it is.
    return lambda builder, *lanes: getattr(builder, name)(*lanes, flags=("contract",))


def _comparison(symbol):
    return lambda builder, *lanes: builder.fcmp_ordered(symbol, *lanes)


_PAIRS = ((LANES, LANES), (LANES, types.float64), (types.float64, LANES))
for _name in ("add", "sub", "mul", "truediv"):
    _instruction = _arithmetic("f" + _name.removeprefix("true"))
    _define_operator(getattr(operator, _name), _PAIRS, LANES, _instruction)
for _name, _symbol in (("lt", "<"), ("le", "<="), ("gt", ">"), ("eq", "==")):
    _define_operator(getattr(operator, _name), _PAIRS, MASK, _comparison(_symbol))
_define_operator(operator.neg, ((LANES,),), LANES, _arithmetic("fneg"))
_define_operator(operator.and_, ((MASK, MASK),), MASK, ir.IRBuilder.and_)


def _elementwise(name):
    """Function that LLVM knows for vectors."""

    @intrinsic
    def function(typing_context, lanes):
        def generate(context, builder, signature, arguments):
            llvm_type = ir.FunctionType(_DOUBLES, [_DOUBLES])
            callee = cgutils.get_or_insert_function(
                builder.module, llvm_type, f"llvm.{name}.v{N_LANES}f64"
            )
            return builder.call(callee, arguments)

        return LANES(LANES), generate

    return function


_sqrt = _elementwise("sqrt")
_absolute = _elementwise("fabs")


@intrinsic
def _everywhere(typing_context, number):
    """The same number in all lanes."""

    def generate(context, builder, signature, arguments):
        return _broadcast(builder, *arguments)

    return LANES(types.float64), generate


@intrinsic
def _select(typing_context, mask, yes, no):
    """``yes`` in the lanes of the mask and ``no`` in the others."""

    def generate(context, builder, signature, arguments):
        condition, *values = arguments
        values = [_broadcast(builder, value) for value in values]
        return builder.select(condition, *values)

    return LANES(MASK, yes, no), generate


@intrinsic
def _any(typing_context, mask):
    """Whether the mask has a lane."""

    def generate(context, builder, signature, arguments):
        bits = builder.bitcast(arguments[0], ir.IntType(N_LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(MASK), generate


def _pointer(context, builder, signature, array, index):
    data = context.make_array(signature.args[0])(context, builder, array).data
    offset = builder.mul(index, ir.Constant(index.type, N_LANES))
    return builder.bitcast(builder.gep(data, [offset]), _DOUBLES.as_pointer())


@intrinsic
def _load(typing_context, array, index):
    """Row ``index`` of an array of shape (..., N_LANES)."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, *arguments)
        return builder.load(pointer, align=8)

    return LANES(array, types.intp), generate


@intrinsic
def _store(typing_context, array, index, lanes):
    """Write row ``index`` of an array of shape (..., N_LANES)."""

    def generate(context, builder, signature, arguments):
        array, index, lanes = arguments
        pointer = _pointer(context, builder, signature, array, index)
        builder.store(lanes, pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


# Wrappers would let Python call these functions, and cost a third of the compilation.
_compiled = njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)


def _compiled_for_python(function):
    """Compile at the first call, once for all processes."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the folder of this file nor that of the user can be written to.
        return njit(**options)(function)


@_compiled
def _reduce_real(n, a, d, e, factors, p):
    r"""Tridiagonal ``d``, ``e`` of symmetric matrices whose lower triangle is ``a``.

    Reflectors are :math:`1 - f_k v_k v_k^T`, with ``v_k`` below the diagonal of
    column ``k`` of ``a``.
    """
    for k in range(n - 2):
        below = (k + 1) * n + k
        square = _everywhere(0.0)
        for i in range(k + 1, n):
            x = _load(a, i * n + k)
            square = square + x * x
        usable = square > _TINY
        norm = _select(usable, _sqrt(square), 0.0)
        x = _load(a, below)
        norm = _select(x > 0.0, norm, -norm)
        factor = _select(usable, 1.0 / (square + x * norm), 0.0)
        _store(a, below, x + norm)
        _store(d, k, _load(a, k * n + k))
        _store(e, k, -norm)
        _store(factors, k, factor)

        overlap = _everywhere(0.0)
        for i in range(k + 1, n):
            total = _everywhere(0.0)
            for j in range(k + 1, i):
                total = total + _load(a, i * n + j) * _load(a, j * n + k)
            for j in range(i, n):
                total = total + _load(a, j * n + i) * _load(a, j * n + k)
            _store(p, i, total)
            overlap = overlap + total * _load(a, i * n + k)
        overlap = 0.5 * factor * overlap
        for i in range(k + 1, n):
            v = _load(a, i * n + k)
            q = factor * (_load(p, i) - overlap * v)
            _store(p, i, q)
            for j in range(k + 1, i + 1):
                change = v * _load(p, j) + q * _load(a, j * n + k)
                _store(a, i * n + j, _load(a, i * n + j) - change)
    for k in range(n - 2, n):
        _store(d, k, _load(a, k * n + k))
    _store(e, n - 2, _load(a, (n - 1) * n + n - 2))


@_compiled
def _reduce_complex(n, a, b, d, e, factors, p, q, phases, turns):
    r"""Real tridiagonal ``d``, ``e`` of Hermitian matrices ``a + ib``.

    As :func:`_reduce_real`; ``phases + i turns`` are the elements of the diagonal
    matrix that makes the off-diagonal elements real and positive.
    """
    _store(phases, 0, _everywhere(1.0))
    _store(turns, 0, _everywhere(0.0))
    for k in range(n - 1):
        below = (k + 1) * n + k
        square = _everywhere(0.0)
        for i in range(k + 2, n):
            x = _load(a, i * n + k)
            y = _load(b, i * n + k)
            square = square + x * x + y * y
        x = _load(a, below)
        y = _load(b, below)
        first = x * x + y * y
        usable = first > _TINY
        x = _select(usable, x, 0.0)
        y = _select(usable, y, 0.0)
        first = _select(usable, first, 0.0)
        length = _sqrt(first)
        inverse = 1.0 / length
        c = _select(usable, x * inverse, 1.0)
        s = _select(usable, y * inverse, 0.0)

        square = square + first
        usable = square > _TINY
        norm = _select(usable, _sqrt(square), 0.0)
        factor = _select(usable, 1.0 / (square + length * norm), 0.0)
        _store(a, below, x + c * norm)
        _store(b, below, y + s * norm)
        _store(d, k, _load(a, k * n + k))
        _store(e, k, norm)
        _store(factors, k, factor)
        x = _load(phases, k)
        y = _load(turns, k)
        _store(phases, k + 1, s * y - c * x)
        _store(turns, k + 1, -(c * y + s * x))

        overlap = _everywhere(0.0)
        for i in range(k + 1, n):
            x = _load(a, i * n + i) * _load(a, i * n + k)
            y = _load(a, i * n + i) * _load(b, i * n + k)
            for j in range(k + 1, i):
                c = _load(a, i * n + j)
                s = _load(b, i * n + j)
                v = _load(a, j * n + k)
                w = _load(b, j * n + k)
                x = x + c * v - s * w
                y = y + c * w + s * v
            for j in range(i + 1, n):
                c = _load(a, j * n + i)
                s = _load(b, j * n + i)
                v = _load(a, j * n + k)
                w = _load(b, j * n + k)
                x = x + c * v + s * w
                y = y + c * w - s * v
            _store(p, i, x)
            _store(q, i, y)
            overlap = overlap + x * _load(a, i * n + k) + y * _load(b, i * n + k)
        overlap = 0.5 * factor * overlap
        for i in range(k + 1, n):
            v = _load(a, i * n + k)
            w = _load(b, i * n + k)
            x = factor * (_load(p, i) - overlap * v)
            y = factor * (_load(q, i) - overlap * w)
            _store(p, i, x)
            _store(q, i, y)
            for j in range(k + 1, i):
                c = _load(p, j)
                s = _load(q, j)
                f = _load(a, j * n + k)
                g = _load(b, j * n + k)
                change = v * c + w * s + x * f + y * g
                _store(a, i * n + j, _load(a, i * n + j) - change)
                change = w * c - v * s + y * f - x * g
                _store(b, i * n + j, _load(b, i * n + j) - change)
            change = 2.0 * (v * x + w * y)
            _store(a, i * n + i, _load(a, i * n + i) - change)
    _store(d, n - 1, _load(a, (n - 1) * n + n - 1))


@_compiled
def _ends_of_blocks(n, d, e, low):
    """Last index of the block without a negligible ``e`` that starts at ``low``."""
    end = _everywhere(float(n - 1))
    for i in range(n - 2, low - 1, -1):
        size = _absolute(_load(d, i)) + _absolute(_load(d, i + 1))
        limit = _ROUNDING * size + _ROUNDING * _ROUNDING
        end = _select(_absolute(_load(e, i)) <= limit, float(i), end)
    return end


@_compiled
def _ql_step(low, top, end, d, e, cosines, sines):
    """One implicit step of QL from ``end``, up to ``top``, down to ``low``.

    Lanes outside their block get the rotation by zero.
    """
    off = _load(e, low)
    half = 0.5 * (_load(d, low + 1) - _load(d, low))
    root = _sqrt(half * half + off * off)
    root = _select(half > 0.0, root, -root)
    # Not a number where off is zero: such a lane never starts.
    shift = _load(d, low) - off * off / (half + root)
    c = _everywhere(1.0)
    s = _everywhere(0.0)
    p = _everywhere(0.0)
    g = _everywhere(0.0)
    upper = _load(d, top)
    for i in range(top - 1, low - 1, -1):
        starts = end == float(i + 1)
        inside = end > float(i)
        g = _select(starts, upper - shift, g)
        s = _select(starts, 1.0, s)
        off = _load(e, i)
        lower = _load(d, i)
        f = s * off
        b = c * off
        square = f * f + g * g
        turns = inside & (square > _TINY)
        # Independent of each other, unlike the root and its inverse.
        root = _sqrt(square)
        inverse = root * (1.0 / square)
        s = _select(turns, f * inverse, 0.0)
        c = _select(turns, g * inverse, 1.0)
        root = _select(turns, root, 0.0)
        root = _select(starts, 0.0, root)
        _store(e, i + 1, _select(inside, root, _load(e, i + 1)))
        upper = upper - p
        r = (lower - upper) * s + 2.0 * c * b
        p = s * r
        _store(d, i + 1, upper + p)
        g = c * r - b
        upper = lower
        _store(cosines, i, c)
        _store(sines, i, s)
    _store(d, low, upper - p)
    _store(e, low, _select(end > float(low), g, _load(e, low)))


@_compiled
def _rotate(n, low, top, cosines, sines, z):
    """Apply the rotations of a step to the eigenvectors, columns of ``z``."""
    for row in range(n):
        carried = _load(z, row * n + top)
        for i in range(top - 1, low - 1, -1):
            c = _load(cosines, i)
            s = _load(sines, i)
            x = _load(z, row * n + i)
            _store(z, row * n + i + 1, s * x + c * carried)
            carried = c * x - s * carried
        _store(z, row * n + low, carried)


@_compiled
def _diagonalise(n, d, e, cosines, sines, z, scales):
    """Eigenvalues ``d`` and eigenvectors ``z`` of tridiagonal matrices.

    Scales become infinite where the iteration does not converge.
    """
    for i in range(n * n):
        _store(z, i, _everywhere(0.0))
    for i in range(n):
        _store(z, i * n + i, _everywhere(1.0))
    _store(e, n - 1, _everywhere(0.0))
    remaining = _MAX_ITERATIONS * n
    for low in range(n - 1):
        end = _ends_of_blocks(n, d, e, low)
        while _any(end > float(low)) and remaining > 0:
            top = n - 1
            while not _any(end == float(top)):
                top -= 1
            _ql_step(low, top, end, d, e, cosines, sines)
            _rotate(n, low, top, cosines, sines, z)
            end = _ends_of_blocks(n, d, e, low)
            remaining -= 1
        _store(scales, 0, _select(end > float(low), np.inf, _load(scales, 0)))


@_compiled
def _reflect_real(n, a, factors, z):
    """Eigenvectors of the matrices from those of the tridiagonal ones."""
    for k in range(n - 3, -1, -1):
        factor = _load(factors, k)
        for j in range(n):
            total = _everywhere(0.0)
            for i in range(k + 1, n):
                total = total + _load(a, i * n + k) * _load(z, i * n + j)
            total = total * factor
            for i in range(k + 1, n):
                change = _load(a, i * n + k) * total
                _store(z, i * n + j, _load(z, i * n + j) - change)


@_compiled
def _reflect_complex(n, a, b, factors, phases, turns, z, u):
    """Eigenvectors ``z + iu`` of the matrices from real ``z`` of the tridiagonal."""
    for i in range(n):
        c = _load(phases, i)
        s = _load(turns, i)
        for j in range(n):
            x = _load(z, i * n + j)
            _store(z, i * n + j, c * x)
            _store(u, i * n + j, s * x)
    for k in range(n - 2, -1, -1):
        factor = _load(factors, k)
        for j in range(n):
            x = _everywhere(0.0)
            y = _everywhere(0.0)
            for i in range(k + 1, n):
                v = _load(a, i * n + k)
                w = _load(b, i * n + k)
                c = _load(z, i * n + j)
                s = _load(u, i * n + j)
                x = x + v * c + w * s
                y = y + v * s - w * c
            x = x * factor
            y = y * factor
            for i in range(k + 1, n):
                v = _load(a, i * n + k)
                w = _load(b, i * n + k)
                _store(z, i * n + j, _load(z, i * n + j) - (v * x - w * y))
                _store(u, i * n + j, _load(u, i * n + j) - (v * y + w * x))


@_compiled
def _rank(n, d, ranks):
    """Places of the eigenvalues in ascending order."""
    for i in range(n):
        x = _load(d, i)
        rank = _everywhere(0.0)
        for j in range(i):
            rank = rank + _select(_load(d, j) <= x, 1.0, 0.0)
        for j in range(i + 1, n):
            rank = rank + _select(_load(d, j) < x, 1.0, 0.0)
        _store(ranks, i, rank)


@_compiled
def _aligned(n_rows):
    """Empty array of shape (n_rows, N_LANES) that starts at a line of the cache."""
    line = 8
    memory = np.empty(n_rows * N_LANES + line)
    start = -(memory.ctypes.data // memory.itemsize) % line
    return memory[start : start + n_rows * N_LANES].reshape(n_rows, N_LANES)


@_compiled
def _find_scales(matrices, first, scales):
    """Powers of two near the largest elements of matrices ``first``, ...

    They are infinite for matrices that have elements which are not finite.  After
    the last matrix follow repetitions of it.
    """
    n_samples, n, _ = matrices.shape
    for lane in range(N_LANES):
        sample = min(first + lane, n_samples - 1)
        largest, finite = _SMALLEST_SCALE, True
        for i in range(n):
            for j in range(i + 1):
                x = matrices[sample, i, j]
                # The imaginary part of the diagonal is not read.
                size = abs(x.real) if i == j else max(abs(x.real), abs(x.imag))
                largest = max(largest, size)
                finite &= size < np.inf
        scales[lane] = min(largest, _LARGEST_SCALE) if finite else np.inf
    bits = scales.view(np.int64)
    for lane in range(N_LANES):
        bits[lane] &= _EXPONENT_BITS


@_compiled
def _gather(parts, first, scales, a):
    """Scaled lower triangles, one in each lane; zeros where the scale is infinite."""
    n_samples, n, _ = parts.shape
    for lane in range(N_LANES):
        sample = min(first + lane, n_samples - 1)
        if scales[lane] < np.inf:
            inverse = 1.0 / scales[lane]
            for i in range(n):
                for j in range(i + 1):
                    a[i * n + j, lane] = parts[sample, i, j] * inverse
        else:
            for i in range(n):
                for j in range(i + 1):
                    a[i * n + j, lane] = 0.0


@_compiled
def _scatter_values(d, ranks, first, scales, values):
    n_samples, n = values.shape
    for lane in range(min(N_LANES, n_samples - first)):
        for j in range(n):
            value = d[j, lane] * scales[lane]
            values[first + lane, int(ranks[j, lane])] = value


@_compiled
def _scatter_vectors(z, ranks, first, parts):
    n_samples, n, _ = parts.shape
    for lane in range(min(N_LANES, n_samples - first)):
        for j in range(n):
            rank = int(ranks[j, lane])
            for i in range(n):
                parts[first + lane, i, rank] = z[i * n + j, lane]


@_compiled_for_python
def _eigh_real(matrices, values, vectors):
    n_samples, n, _ = matrices.shape
    a, z = _aligned(n * n), _aligned(n * n)
    d, e, ranks = _aligned(n), _aligned(n), _aligned(n)
    factors, x, y = _aligned(n), _aligned(n), _aligned(n)
    scales = np.empty(N_LANES)
    for first in range(0, n_samples, N_LANES):
        _find_scales(matrices, first, scales)
        _gather(matrices, first, scales, a)
        _reduce_real(n, a, d, e, factors, x)
        _diagonalise(n, d, e, x, y, z, scales)
        _reflect_real(n, a, factors, z)
        _rank(n, d, ranks)
        _scatter_values(d, ranks, first, scales, values)
        _scatter_vectors(z, ranks, first, vectors)


@_compiled_for_python
def _eigh_complex(matrices, values, vectors):
    n_samples, n, _ = matrices.shape
    a, b, z, u = _aligned(n * n), _aligned(n * n), _aligned(n * n), _aligned(n * n)
    d, e, ranks = _aligned(n), _aligned(n), _aligned(n)
    phases, turns = _aligned(n), _aligned(n)
    factors, x, y = _aligned(n), _aligned(n), _aligned(n)
    scales = np.empty(N_LANES)
    for first in range(0, n_samples, N_LANES):
        _find_scales(matrices, first, scales)
        _gather(matrices.real, first, scales, a)
        _gather(matrices.imag, first, scales, b)
        _reduce_complex(n, a, b, d, e, factors, x, y, phases, turns)
        _diagonalise(n, d, e, x, y, z, scales)
        _reflect_complex(n, a, b, factors, phases, turns, z, u)
        _rank(n, d, ranks)
        _scatter_values(d, ranks, first, scales, values)
        _scatter_vectors(z, ranks, first, vectors.real)
        _scatter_vectors(u, ranks, first, vectors.imag)


def _solver(dtype):
    return _eigh_complex if dtype == np.complex128 else _eigh_real


def prepare(dtype):
    """Compile for a type of elements, or load what an earlier process compiled.

    Parameters
    ----------
    dtype : dtype
        Type of the elements, float64 or complex128.

    Returns
    -------
    bool
        Whether it was compiled now.
    """
    eigh(np.zeros((1, 2, 2), dtype=dtype))
    return not _solver(dtype).stats.cache_hits


def cache_folder(dtype):
    """Where later processes find the code; None if there is no folder to write to.

    Parameters
    ----------
    dtype : dtype
        Type of the elements, float64 or complex128.

    Returns
    -------
    str or None
    """
    return _solver(dtype).stats.cache_path


def eigh(matrices):
    """Eigenvalues and eigenvectors, as :func:`numpy.linalg.eigh`.

    Parameters
    ----------
    matrices : ndarray of shape (n_samples, n, n), float64 or complex128
        Symmetric or Hermitian matrices; only the lower triangle is read.

    Returns
    -------
    values : ndarray of shape (n_samples, n)
        Eigenvalues in ascending order.
    vectors : ndarray of shape (n_samples, n, n)
        Eigenvectors in columns.

    Raises
    ------
    numpy.linalg.LinAlgError
        If an element of a matrix is not finite; as with NumPy, matrices with ``n <=
        2`` give values which are not finite instead.
    """
    n_samples, n, _ = matrices.shape
    if n == 1:
        return matrices[:, 0].real.copy(), np.ones_like(matrices)
    # Any other layout would be another type, and be compiled again.
    matrices = np.require(matrices, requirements=["C", "A", "W"])
    values = np.empty((n_samples, n))
    vectors = np.empty_like(matrices)
    _solver(matrices.dtype)(matrices, values, vectors)
    failed = ~np.isfinite(values[:, 0])
    if np.any(failed):
        if n > 2:
            raise np.linalg.LinAlgError("Eigenvalues did not converge")
        values[failed], vectors[failed] = np.nan, np.nan
    return values, vectors
