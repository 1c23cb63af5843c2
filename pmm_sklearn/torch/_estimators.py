"""From fitted estimators to layers, and back."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from torch import nn

from .._classifier import PMMClassifier
from .._emulator import PMMEmulator
from .._regressor import PMMRegressor
from ..fitted import ObservableStructure, PortableModel, SpectrumStructure
from ..model import Parameters
from ._layers import (
    AffineHermitian,
    DensityMatrix,
    Eigenstates,
    MonomialFeatures,
    PMMLayer,
)
from ._mean import MeanLayer
from ._readouts import (
    DensityReadout,
    ExpectationReadout,
    SpectrumReadout,
    TransitionReadout,
)

Estimator = TypeVar("Estimator")
_READOUTS = {
    "expectation": ExpectationReadout,
    "transition": TransitionReadout,
    "density": DensityReadout,
}
_ESTIMATORS = (PMMRegressor, PMMClassifier, PMMEmulator)


def from_estimator(estimator: BaseEstimator) -> nn.Module:
    """Layer with the matrices of a fitted estimator.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier or PMMEmulator
        Fitted.

    Returns
    -------
    PMMLayer or MeanLayer
        In double precision, on the CPU.  Its outputs are those of ``predict``, with an
        axis for the outputs even if there is only one; of a classifier those of
        ``decision_function``.  The latter class is for the mean of several members.

    Raises
    ------
    TypeError
        If there is no layer for such an estimator.
    ValueError
        If outputs are slopes of levels.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.torch import from_estimator
    >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
    >>> model = PMMRegressor(3, n_init=1, random_state=0).fit(X, np.tanh(X[:, 0]))
    >>> layer = from_estimator(model)
    >>> outputs = layer(torch.from_numpy(X)).detach().numpy()
    >>> np.allclose(outputs[:, 0], model.predict(X))
    True
    """
    if not isinstance(estimator, _ESTIMATORS):
        raise TypeError(
            f"estimator must be a fitted PMMRegressor, PMMClassifier or PMMEmulator, "
            f"got {type(estimator).__name__}: there is no layer for others."
        )
    model = estimator.model_
    layers = []
    for member in model.members:
        layer = _layer_of(model.structure).double()
        _set(layer, member)
        layers.append(layer)
    are_logarithms = bool(getattr(estimator, "_are_logarithms", False))
    if len(layers) == 1 and not are_logarithms:
        return layers[0]
    are_logits = isinstance(estimator, PMMClassifier)
    return MeanLayer(layers, estimator.member_weights_, are_logits, are_logarithms)


def to_estimator(layer: nn.Module, estimator: Estimator) -> Estimator:
    """Estimator with the matrices of a layer.

    Parameters
    ----------
    layer : PMMLayer or MeanLayer
        As :func:`from_estimator` makes them, or of an `AffineHermitian`, `Eigenstates`
        or a `DensityMatrix`, and a readout.
    estimator : PMMRegressor, PMMClassifier or PMMEmulator
        Of which kind; if it is fitted, names of features and classes are taken from
        it.  It is not changed.

    Returns
    -------
    estimator
        A new one, which predicts what the layer gives.  It has no error bars, which
        belong to a fit.  Classes are 0, 1, ... where they are not known.

    Raises
    ------
    TypeError
        If the layer or the estimator is of another kind.
    ValueError
        If a layer for that estimator has other outputs.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn import torch as pt
    >>> layer = pt.PMMLayer(
    ...     pt.AffineHermitian(2, 3),
    ...     pt.Eigenstates(1),
    ...     pt.ExpectationReadout(1, 3, 1),
    ... )
    >>> model = pt.to_estimator(layer, PMMRegressor())
    >>> model.predict([[0.0, 1.0]]).shape
    (1,)
    """
    if not isinstance(estimator, _ESTIMATORS):
        raise TypeError(
            f"estimator must be a PMMRegressor, PMMClassifier or PMMEmulator, got "
            f"{type(estimator).__name__}: there is no layer for others."
        )
    is_mean = isinstance(layer, MeanLayer)
    layers = list(layer.layers) if is_mean else [layer]
    structure = _structure_of(layers[0], isinstance(estimator, PMMRegressor))
    if type(structure) is not type(estimator)._structure_type:
        raise TypeError(
            f"the readout of the layer, {type(layers[0].readout).__name__}, is none of "
            f"{type(estimator).__name__}: give an estimator of the other kind."
        )
    is_fitted = hasattr(estimator, "_structure")
    portable = PortableModel(
        estimator=type(estimator).__name__,
        structure=structure,
        members=tuple(_parameters_of(own, structure) for own in layers),
        weights=layer.weights.double().cpu().numpy() if is_mean else np.ones(1),
        n_parameters=sum(p.numel() for p in layer.parameters()),
        single_output=(
            estimator._single_output if is_fitted else structure.n_outputs == 1
        ),
        are_logarithms=is_mean and layer.are_logarithms,
        feature_names=list(getattr(estimator, "feature_names_in_", ())),
        classes=_classes(estimator, structure),
    )
    other = clone(estimator).set_params(**structure.estimator_parameters())
    vars(other).update(portable.attributes())
    return other


def _classes(estimator, structure):
    """Labels of a classifier, None for others."""
    if not isinstance(estimator, PMMClassifier):
        return None
    classes = getattr(estimator, "classes_", np.arange(structure.n_classes))
    if len(classes) != structure.n_classes:
        raise ValueError(
            f"estimator has {len(classes)} classes, but the layer has outputs for "
            f"{structure.n_classes}: give an estimator that is not fitted."
        )
    return classes


def _layer_of(structure):
    """Layer for the fitted matrices of a structure."""
    pmm = structure.fitted_model()
    monomials, sizes = pmm.primary.monomials, pmm.block_sizes
    matrix_type = structure.matrix_type
    features = MonomialFeatures(
        monomials.n_features, monomials.degree, structure.origin
    )
    primary = AffineHermitian(features.out_features, sizes, matrix_type=matrix_type)
    if structure.origin or monomials.degree > 1:
        primary = nn.Sequential(features, primary)
    name = getattr(structure, "readout", "spectrum")
    if name in ("spectrum", "level"):
        readout = SpectrumReadout(pmm.readout.outputs, sizes, matrix_type)
        states = Eigenstates(len(readout.levels), readout.levels, sizes)
        return PMMLayer(primary, states, readout)
    if name == "density":
        states = DensityMatrix(
            *(sizes, structure.n_eigenvectors, structure.smearing),
            *(structure.level_spacing, matrix_type),
        )
        readout = DensityReadout(structure.n_outputs, sizes, matrix_type=matrix_type)
        return PMMLayer(primary, states, readout)
    states = Eigenstates(structure.n_eigenvectors, structure.which, sizes)
    keeps_blocks = name == "expectation"
    readout = _READOUTS[name](
        structure.n_outputs,
        sizes if keeps_blocks else sum(sizes),
        structure.n_eigenvectors,
        matrix_type=matrix_type,
    )
    return PMMLayer(primary, states, readout)


def _set(layer, member):
    """Give a layer the matrices of a member."""
    _affine(layer).matrices.set_matrices(member.matrices)
    readout = layer.readout
    if isinstance(readout, SpectrumReadout):
        for own, observable in zip(
            readout.observables, member.observables, strict=True
        ):
            own.set_matrices(observable)
        return
    readout.observables.set_matrices(member.observables)
    with torch.no_grad():
        readout.intercept.copy_(torch.from_numpy(member.intercept))


def _affine(layer):
    primary = layer.primary
    return primary[-1] if isinstance(primary, nn.Sequential) else primary


def _structure_of(layer, is_regressor):
    """Structure of the full matrices of a layer."""
    if not isinstance(layer, PMMLayer) or not isinstance(
        _affine(layer), AffineHermitian
    ):
        raise TypeError(
            f"layer must be a PMMLayer of an AffineHermitian, or a MeanLayer of such "
            f"ones, got {type(layer).__name__}."
        )
    matrices, readout = _affine(layer).matrices, layer.readout
    features, origin, degree = _affine(layer).in_features, (), 1
    if layer.primary is not _affine(layer):
        monomials = layer.primary[0]
        features, degree = monomials.in_features, monomials.degree
        origin = monomials.origin
    common = {
        "n_features": features,
        "block_sizes": matrices.block_sizes,
        "matrix_type": matrices.matrix_type,
        "eigensolver": "auto",
        "origin": origin,
    }
    if isinstance(readout, SpectrumReadout):
        outputs = list(readout.outputs)
        if is_regressor and degree == 1 and _are_levels(outputs):
            return _structure_of_levels(outputs, common)
        return SpectrumStructure(degree=degree, outputs=outputs, **common)
    names = {kind: name for name, kind in _READOUTS.items()}
    structure = ObservableStructure(
        n_outputs=len(readout.intercept),
        n_eigenvectors=layer.states.r,
        which=getattr(layer.states, "which", "SA"),
        readout=names[type(readout)],
        level_spacing=0.0,
        rank=(None, None),
        **common,
    )
    if isinstance(readout, DensityReadout):
        told = ("smearing", "level_spacing")
        own = {name: getattr(layer.states, name) for name in told}
        structure = replace(structure, **own)
    return structure


def _are_levels(outputs):
    """Whether outputs are the same level of one block each."""
    level, _ = outputs[0][-1][0]
    return outputs == [("level", "", ((level, k),)) for k in range(len(outputs))]


def _structure_of_levels(outputs, common):
    """Structure of a regressor whose outputs are levels."""
    level, _ = outputs[0][-1][0]
    return ObservableStructure(
        n_outputs=len(outputs),
        n_eigenvectors=len(outputs),
        which="SA",
        readout="level",
        level_spacing=0.0,
        rank=(None, None),
        level=level,
        monotonic=(0,) * common["n_features"],
        **common,
    )


def _parameters_of(layer, structure):
    """Parameters of the model of a layer, in double precision."""
    with torch.no_grad():
        matrices = _array(_affine(layer).matrices())
        readout = layer.readout
        if not isinstance(readout, SpectrumReadout):
            observables = _array(readout.observables())
            return Parameters(matrices, observables, _array(readout.intercept))
        shape = (len(readout.names), *matrices.shape[1:])
        observables = np.zeros(shape, matrices.dtype)
        for k, own in enumerate(readout.observables):
            observables[k] = _array(own())
    return Parameters(matrices, observables, np.empty(0))


def _array(tensor):
    """Array in double precision."""
    array = tensor.detach().cpu().numpy()
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
