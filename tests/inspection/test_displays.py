"""Displays: what is drawn, where, and what is said if it cannot be."""

import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import PMMEmulator, PMMRegressor, inspection
from pmm_sklearn.inspection import (
    ExceptionalPointsDisplay,
    LengthScalesDisplay,
    LossCurveDisplay,
    MatrixDisplay,
    MatrixSizeDisplay,
    PredictionDisplay,
    SpectrumDisplay,
    canonical_gauge,
)
from pmm_sklearn.targets import Level, Observable

from . import models

X = np.random.RandomState(0).uniform(-1, 1, size=(8, 2))
LINE = np.linspace(-1, 1, 9)[:, np.newaxis]


@pytest.fixture(scope="module")
def crossing():
    """Emulator of two levels with a gap of 0.2 at 0."""
    return PMMEmulator(2, random_state=0).fit(LINE, np.hypot(LINE, 0.1) * [-1, 1])


@pytest.fixture
def plt():
    plt = pytest.importorskip("matplotlib.pyplot", reason="displays need matplotlib")
    yield plt
    plt.close("all")


DISPLAYS = {
    "spectrum": lambda model, ax: SpectrumDisplay.from_estimator(model, LINE, ax=ax),
    "matrix": lambda model, ax: MatrixDisplay.from_estimator(model, ax=ax),
    "loss": lambda model, ax: LossCurveDisplay.from_estimator(model, ax=ax),
    "points": lambda model, ax: ExceptionalPointsDisplay.from_estimator(
        model, LINE, grid_resolution=10, ax=ax
    ),
    "prediction": lambda model, ax: PredictionDisplay.from_estimator(
        model, LINE, model.predict(LINE), ax=ax
    ),
}


@pytest.fixture(scope="module")
def far_crossing():
    """The same far from zero."""
    emulator = PMMEmulator(2, random_state=0)
    return emulator.fit(1e9 + LINE, np.hypot(LINE, 0.1) * [-1, 1])


def test_exceptional_points_far_from_zero(crossing, far_crossing, plt):
    far, near = (
        ExceptionalPointsDisplay.from_estimator(model, data, grid_resolution=9)
        for model, data in ((far_crossing, 1e9 + LINE), (crossing, LINE))
    )
    assert_allclose(far.points - 1e9, near.points, atol=1e-6)
    assert_allclose(far.real - 1e9, near.real, atol=1e-6)
    assert_allclose(far.distance, near.distance, atol=1e-6)


def test_matrices_far_from_zero(far_crossing, plt):
    display = MatrixDisplay.from_estimator(far_crossing)
    assert_allclose(display.matrices, canonical_gauge(far_crossing).matrices_, rtol=0)


@pytest.mark.parametrize("name", DISPLAYS)
def test_new_figure_or_given_axes(name, crossing, plt):
    display = DISPLAYS[name](crossing, None)
    assert display.figure_ in map(plt.figure, plt.get_fignums())
    figure, (_, ax) = plt.subplots(1, 2)
    display = DISPLAYS[name](crossing, ax)
    assert display.figure_ is figure
    assert display.plot() is display
    assert display.figure_ is not figure
    display.figure_.canvas.draw()


@pytest.mark.parametrize("name", DISPLAYS)
def test_without_matplotlib(name, crossing, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'Display needs .* "pmm_sklearn\[plot\]"'):
        DISPLAYS[name](crossing, None)


def test_import_is_lazy():
    assert not any("plt" in vars(module) for module in (inspection, SpectrumDisplay))


def test_spectrum_with_avoided_crossing(crossing, plt):
    y = np.hypot(LINE, 0.1) * [-1, 1]
    display = SpectrumDisplay.from_estimator(crossing, LINE, y=y, grid_resolution=50)
    assert_allclose(display.crossings, [[0, -0.1, 0.1]], atol=1e-4)
    assert len(display.lines_) == len(display.read_out_lines_) == 2
    assert_allclose(display.lines_[1].get_ydata(), np.hypot(display.positions, 0.1))
    assert_allclose(display.training_points_[1].get_ydata(), y[:, 1])
    bars, from_below, from_above = display.crossings_
    assert_allclose(bars.get_ydata()[:2], [-0.1, 0.1], atol=1e-4)
    # On the levels, not between them.
    assert_allclose(from_below.get_ydata(), display.crossings[:, 1])
    assert_allclose(from_above.get_ydata(), display.crossings[:, 2])
    assert display.ax_.get_xlabel() == "x0"
    assert display.ax_.get_ylabel() == "energy"


def test_levels_of_different_sectors_cross(plt):
    y = np.stack([LINE[:, 0], -LINE[:, 0]], axis=1)
    targets = [Level(0), Level(0, sector=1)]
    model = PMMEmulator((1, 1), targets=targets, random_state=0).fit(LINE, y)
    display = SpectrumDisplay.from_estimator(model, LINE)
    assert len(display.crossings) == 0
    assert display.crossings_ == []
    colors = {line.get_color() for line in display.lines_}
    assert len(colors) == 2
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["sector 0", "sector 1", "training points"]


def test_spectrum_marks_levels_that_are_read_out(plt):
    model = models.regressor()
    display = SpectrumDisplay.from_estimator(model, X, "x1", reference=[0.3, 0.0])
    assert len(display.lines_) == 5
    assert len(display.read_out_lines_) == 2
    at = np.array([[0.3, display.positions[0]]])
    matrix = model.matrices_[0] + np.tensordot(at[0], model.matrices_[1:], axes=1)
    assert_allclose(display.levels[0], np.linalg.eigvalsh(matrix))
    assert display.ax_.get_ylabel() == "eigenvalue of H"


def test_spectrum_on_a_path(plt):
    model = models.emulator()
    path = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    display = SpectrumDisplay.from_estimator(model, X, path=path, grid_resolution=5)
    corners = model.eigenvalues(path)
    assert_allclose(display.levels[::2], corners)
    assert_allclose(display.positions[::2], [0, 1, 2])


def test_spectrum_of_trotterised_evolution(plt):
    times = np.linspace(0.1, 0.5, 5)[:, np.newaxis]
    model = models.unitary_emulator()
    display = SpectrumDisplay.from_estimator(model, times)
    assert_allclose(display.levels[0], model.eigenvalues(times[:1])[0])


def test_spectrum_where_no_row_lies_on_the_line(plt):
    model = models.emulator(targets=[Level(0)])
    with pytest.warns(UserWarning, match=r"y is not drawn, .* features are .*: give"):
        display = SpectrumDisplay.from_estimator(model, X, "x1", y=X[:, 0])
    assert_allclose(display.training_points_.get_xdata(), X[:, 1])
    display = SpectrumDisplay.from_estimator(model, X, y=X[:, 0], reference=X[2])
    assert_allclose(display.training_points_[0].get_xydata(), X[[2]][:, [0, 0]])


def test_every_avoided_crossing_is_marked_at_its_levels(plt):
    """Two chains of levels with gaps of 0.2 and 0.1 at -0.5 and 0.5."""
    x = LINE[:, 0]
    y = np.stack([-np.hypot(x + 0.5, 0.1), np.hypot(x + 0.5, 0.1)], axis=1)
    above = [3.0 - np.hypot(x - 0.5, 0.05), 3.0 + np.hypot(x - 0.5, 0.05)]
    y = np.concatenate([y, np.stack(above, axis=1)], axis=1)
    model = PMMEmulator(4, n_init=2, random_state=0).fit(LINE, y)
    display = SpectrumDisplay.from_estimator(model, LINE)
    expected = [[-0.5, -0.1, 0.1], [0.5, 2.95, 3.05]]
    assert_allclose(display.crossings, expected, atol=1e-3)
    bars = display.crossings_[0].get_xydata().reshape(2, 3, 2)
    assert_allclose(bars[:, :2, 1], np.array(expected)[:, 1:], atol=1e-3)
    assert np.all(np.isnan(bars[:, 2, 1]))


def test_spectrum_errors(plt):
    model = models.emulator()
    with pytest.raises(ValueError, match=r"feature must be .* got 'x7'"):
        SpectrumDisplay.from_estimator(model, X, "x7")
    with pytest.raises(ValueError, match=r"path must have shape \(n_points, 2\)"):
        SpectrumDisplay.from_estimator(model, X, path=[[0.0, 1.0]])
    with pytest.raises(ValueError, match=r"y must have shape \(8, 5\)"):
        SpectrumDisplay.from_estimator(model, X, y=np.zeros(8))
    with pytest.raises(ValueError, match="y and path are both given"):
        SpectrumDisplay.from_estimator(
            model, X, y=np.zeros((8, 5)), path=[[0.0, 1.0], [1.0, 1.0]]
        )
    with pytest.raises(ValueError, match="leave y out"):
        SpectrumDisplay.from_estimator(models.regressor(), X, y=np.zeros(8))
    with pytest.raises(ValueError, match="single value in feature 0"):
        SpectrumDisplay.from_estimator(model, X[:1])


def test_matrices_in_both_gauges(plt):
    model = models.emulator()
    display = MatrixDisplay.from_estimator(model)
    titles = [ax.get_title() for ax in display.axes_]
    assert titles[:3] == ["constant", "per unit of x0", "per unit of x1"]
    assert titles[3] == "observable n"
    canonical = canonical_gauge(model).matrices_
    shown = display.images_[1].get_array()
    assert_allclose(np.triu(shown), np.triu(canonical[1].real))
    assert_allclose(np.tril(shown, -1), np.tril(canonical[1].imag, -1))
    display = MatrixDisplay.from_estimator(model, gauge="fitted", terms=[2])
    assert_allclose(display.matrices, model.matrices_[2:])


def test_matrices_at_a_reference(plt):
    model = models.emulator(size=(3, 2), degree=2)
    display = MatrixDisplay.from_estimator(model, reference=[0.1, 0.2])
    first = display.matrices[0]
    assert_allclose(first, np.diag(np.diag(first)), atol=1e-12)
    assert display.axes_[0].get_title() == "at the reference"
    assert display.axes_[4].get_title() == "per unit of x0 x1"


def test_elements_of_small_matrices_are_written(plt):
    matrices = np.array([[[1.5, 0.25 - 0.5j], [0.25 + 0.5j, 1e-9]], np.eye(2) * 4e-5])
    display = MatrixDisplay(matrices, ["constant", "per unit of x"], (2,)).plot()
    first, second = ([text.get_text() for text in ax.texts] for ax in display.axes_[:2])
    assert first == ["1.50", "0.25", "0.50i", "0"]
    assert second == ["4.00", "0", "0", "4.00"]
    assert display.axes_[1].get_title() == "per unit of x (1e-5)"
    limits = [image.get_clim() for image in display.images_]
    assert limits == [(-1.5, 1.5), (-4e-5, 4e-5)]
    assert len(display.figure_.axes) == 2


def test_large_matrices_have_a_scale_of_colours(plt):
    display = MatrixDisplay(np.eye(20)[np.newaxis], ["constant"], (20,)).plot()
    assert not display.axes_[0].texts
    assert len(display.figure_.axes) == 2
    np.testing.assert_array_equal(display.images_[0].get_array(), np.eye(20))


def test_matrix_errors(plt):
    model = models.emulator()
    with pytest.raises(ValueError, match=r"terms must be numbers from 0 to 3.*got 9"):
        MatrixDisplay.from_estimator(model, terms=[9])
    with pytest.raises(ValueError, match=r"terms must have one .* got \[\]: leave it"):
        MatrixDisplay.from_estimator(model, terms=[])
    with pytest.raises(ValueError, match="gauge"):
        MatrixDisplay.from_estimator(model, gauge="mine")
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="array of 4, one for each panel, got 2"):
        MatrixDisplay.from_estimator(model, ax=axes)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_init", [1, 2, 5, 9])
def test_losses_of_all_starts(n_init, plt):
    settings = {"random_state": 0, "max_iter": 80, "tol": 1e-4, "alpha": 1e-3}
    model = PMMRegressor(3, 1, n_init=n_init, **settings)
    model.fit(LINE, np.exp(LINE[:, 0]))
    assert len(model.start_loss_curves_) == n_init
    assert model.start_loss_curves_.count(model.loss_curve_) == 1
    compared = 20 if n_init > 1 else None
    for curve, loss in zip(model.start_loss_curves_, model.start_losses_, strict=True):
        assert min(curve[:compared]) == pytest.approx(loss)
    display = LossCurveDisplay.from_estimator(model)
    assert len(display.start_lines_) == n_init - 1
    assert_allclose(display.line_.get_ydata(), model.loss_curve_)
    assert display.ax_.get_yscale() == "log"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_evidence_counts_from_the_best(plt):
    """Logarithms of probabilities may be negative, and their zero says nothing."""
    model = PMMRegressor(3, 1, n_init=2, random_state=0, max_iter=25)
    display = LossCurveDisplay.from_estimator(model.fit(LINE, np.exp(LINE[:, 0])))
    assert display.ax_.get_yscale() == "symlog"
    assert display.ax_.get_ylabel() == "log evidence below the best"
    curves = [line.get_ydata() for line in (display.line_, *display.start_lines_)]
    assert min(map(min, curves)) == 0
    assert_allclose(np.diff(curves[0]), np.diff(model.loss_curve_))
    lowest = min(map(min, model.start_loss_curves_))
    assert curves[0][-1] == pytest.approx(model.loss_curve_[-1] - lowest)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("alpha", [1e-3, "auto"])
@pytest.mark.parametrize(("n_init", "n_average"), [(4, 4), (5, 3)])
def test_losses_of_starts_that_are_averaged(n_init, n_average, alpha, plt):
    settings = {"n_init": n_init, "n_average": n_average, "alpha": alpha}
    model = PMMRegressor(3, 1, **settings, random_state=0, max_iter=40, tol=1e-4)
    model.fit(LINE, np.exp(LINE[:, 0]))
    display = LossCurveDisplay.from_estimator(model)
    assert_allclose(np.diff(display.line_.get_ydata()), np.diff(model.loss_curve_))
    ends = [line.get_ydata()[-1] for line in (display.line_, *display.member_lines_)]
    # By evidence as if ten samples judged.
    is_evidence, share = hasattr(model, "log_evidence_"), 10 / len(LINE)
    weights = np.exp((min(ends) - ends) * share) if is_evidence else 1 / np.sqrt(ends)
    assert_allclose(weights / weights.sum(), model.member_weights_, rtol=1e-6)
    assert len(display.start_lines_) == n_init - n_average
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[-2:] == ["other members of the mean", "best member"]


def test_loss_of_a_single_step_can_be_seen(plt):
    model = PMMRegressor(3, 1, random_state=0).partial_fit(LINE, LINE[:, 0])
    assert LossCurveDisplay.from_estimator(model).line_.get_marker() == "o"
    model.partial_fit(LINE, LINE[:, 0])
    assert LossCurveDisplay.from_estimator(model).line_.get_marker() == "None"


def test_losses_of_a_pipeline(crossing):
    pipeline = make_pipeline(StandardScaler(), crossing)
    with pytest.raises(TypeError, match=r"got Pipeline: give .* pipeline\[-1\]"):
        LossCurveDisplay.from_estimator(pipeline)


def test_losses_with_validation_data(plt):
    model = PMMRegressor(3, 1, early_stopping=True, n_init=1, random_state=0)
    model.fit(np.linspace(-1, 1, 40)[:, np.newaxis], np.linspace(-1, 1, 40) ** 2)
    display = LossCurveDisplay.from_estimator(model)
    assert_allclose(display.validation_line_.get_ydata(), model.validation_loss_curve_)


def test_losses_of_a_file(crossing, tmp_path, plt):
    crossing.to_npz(tmp_path / "model.npz")
    model = PMMEmulator.from_npz(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="no loss_curve_: call fit"):
        LossCurveDisplay.from_estimator(model)


def test_exceptional_points(crossing, plt):
    display = ExceptionalPointsDisplay.from_estimator(
        crossing, LINE, grid_resolution=21
    )
    assert_allclose(display.points, [-0.1j, 0.1j], atol=1e-5)
    assert_allclose(display.points_.get_ydata(), display.points.imag)
    middle = display.distance[10]  # the real axis
    assert_allclose(middle, 2 * np.hypot(display.real, 0.1), rtol=1e-4)
    assert display.ax_.get_xlabel() == "Re x0"


def test_exceptional_points_errors(crossing, plt):
    X = np.linspace(-1, 1, 9)[:, np.newaxis]
    quadratic = models.barely_fitted(PMMEmulator(2, degree=2), X, X[:, 0], 0)
    with pytest.raises(ValueError, match="must have degree=1.* got degree=2"):
        ExceptionalPointsDisplay.from_estimator(quadratic, X)
    with pytest.raises(ValueError, match="sector must be less than 1.* got 3"):
        ExceptionalPointsDisplay.from_estimator(crossing, LINE, sector=3)


class WithErrors:
    def predict(self, X, return_std=False):
        mean = X[:, 0]
        return (mean, np.full(len(X), 0.25)) if return_std else mean


def test_predictions_with_errors(plt):
    y = X[:, 0] + 0.1
    y[0] = np.nan
    display = PredictionDisplay.from_estimator(WithErrors(), X, y, y_err=0.5)
    _, _, (horizontal, vertical) = display.points_[0]
    lengths = np.ptp(horizontal.get_segments()[1], axis=0)
    assert_allclose(lengths, [0.5, 0.0])
    assert_allclose(np.ptp(vertical.get_segments()[1], axis=0), [0.0, 1.0])
    display.plot(kind="residual_vs_predicted")
    (bars,) = display.points_[0][2]
    assert_allclose(np.ptp(bars.get_segments()[1], axis=0)[1], 2 * np.hypot(0.5, 0.25))
    assert_allclose(display.points_[0][0].get_ydata()[1:], 0.1)


def test_predictions_of_several_targets(plt):
    targets = [Level(0), Observable("n", 1), Level(1, sector=1)]
    model = models.emulator(size=(3, 2), targets=targets)
    display = PredictionDisplay.from_estimator(model, X, model.predict(X))
    assert [ax.get_title() for ax in display.axes_] == [
        "level 0 of sector 0",
        "n in level 1 of sector 0",
        "level 1 of sector 1",
    ]
    assert_allclose(display.y_std, model.predict(X, return_std=True)[1])


def test_predictions_of_a_pipeline_with_errors(plt):
    y = np.hypot(LINE, 0.1) * [-1, 1]
    model = make_pipeline(StandardScaler(), PMMEmulator(2, random_state=0))
    model.fit(LINE, y)
    display = PredictionDisplay.from_estimator(model, LINE, y)
    assert_allclose(display.y_std, model.predict(LINE, return_std=True)[1])
    assert [ax.get_title() for ax in display.axes_] == ["level 0", "level 1"]
    model = make_pipeline(StandardScaler(), make_pipeline(LinearRegression()))
    display = PredictionDisplay.from_estimator(model.fit(LINE, y), LINE, y)
    assert display.y_std is None


def test_residuals_over_a_feature(plt):
    frame = pd.DataFrame({"word": ["a", "b"] * 5, "width": np.linspace(0, 1, 10)})
    y = np.linspace(3, 4, 10) + 0.1

    class OfWidth:
        def predict(self, X):
            return 3.0 + X["width"].to_numpy()

    display = PredictionDisplay.from_estimator(
        OfWidth(), frame, y, kind="residual_vs_feature", feature="width"
    )
    assert display.axes_[0].get_xlabel() == "width"
    assert_allclose(display.points_[0][0].get_xdata(), frame["width"])
    assert_allclose(display.points_[0][0].get_ydata(), 0.1)
    # Columns of words are no obstacle where none is drawn.
    PredictionDisplay.from_estimator(OfWidth(), frame, y)
    numbers = PredictionDisplay.from_estimator(
        WithErrors(), X, X[:, 0], kind="residual_vs_feature"
    )
    assert numbers.axes_[0].get_xlabel() == "x0"
    with pytest.raises(ValueError, match="feature must be a number from 0 to 1"):
        PredictionDisplay.from_estimator(OfWidth(), frame, y, feature="height")
    display = PredictionDisplay.from_predictions([1.0], [1.0])
    with pytest.raises(ValueError, match="needs a feature"):
        display.plot(kind="residual_vs_feature")
    with pytest.raises(ValueError, match=r"feature_values must have shape \(1,\)"):
        PredictionDisplay.from_predictions([1.0], [1.0], feature_values=[1.0, 2.0])


def test_predictions_of_the_members_of_a_mean(plt):
    X = np.random.RandomState(0).uniform(-1, 1, size=(30, 1))
    y = np.sin(3 * X[:, 0])
    settings = {"alpha": 1e-3, "max_iter": 8, "n_init": 3, "n_average": 3}
    model = PMMRegressor(3, 1, **settings, tol=0, random_state=0).fit(X, y)
    display = PredictionDisplay.from_estimator(model, X, y, members=True)
    mean = np.tensordot(model.member_weights_, display.y_members, axes=1)
    assert_allclose(mean, model.predict(X)[:, np.newaxis])
    assert np.ptp(display.y_members, axis=0).max() > 1e-3
    (lines,) = display.members_
    assert_allclose(lines[1].get_xdata(), display.y_members[1, :, 0])
    assert_allclose(lines[1].get_ydata(), y)
    (lines,) = display.plot(kind="residual_vs_predicted").members_
    assert_allclose(lines[1].get_xdata(), model.predict(X))
    assert_allclose(lines[1].get_ydata(), y - display.y_members[1, :, 0])

    scaled = make_pipeline(StandardScaler(), model).fit(X, y)
    other = PredictionDisplay.from_estimator(scaled, X, y, members=True)
    mean = np.tensordot(model.member_weights_, other.y_members, axes=1)
    assert_allclose(mean[:, 0], scaled.predict(X))
    assert PredictionDisplay.from_estimator(model, X, y).members_ == [[]]
    with pytest.raises(TypeError, match="got WithErrors"):
        PredictionDisplay.from_estimator(WithErrors(), X, y, members=True)
    with pytest.raises(ValueError, match=r"y_members must have shape \(n_members, 1"):
        PredictionDisplay.from_predictions([1.0], [1.0], y_members=[[1.0, 2.0]])


def test_prediction_errors(plt):
    with pytest.raises(ValueError, match=r"y_true must have shape \(3, 1\)"):
        PredictionDisplay.from_predictions([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="kind"):
        PredictionDisplay.from_predictions([1.0], [1.0], kind="other")
    with pytest.raises(ValueError, match="names must name each of the 1 targets"):
        PredictionDisplay.from_predictions([1.0], [1.0], names=["a", "b"])


def test_length_scales_against_the_spread_of_features(plt):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(80, 4)) * [1.0, 10.0, 0.1, 0.0]
    y = np.sin(3 * X[:, 0]) + 0.1 * X[:, 1] + 0.01 * rng.standard_normal(80)
    model = PMMRegressor(3, n_init=1, random_state=0).fit(X, y)
    figure, (_, ax) = plt.subplots(1, 2)
    display = LengthScalesDisplay.from_estimator(model, X, ax=ax)
    assert display.figure_ is figure
    assert_allclose(display.deviations, X.std(axis=0))
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[-1] == "x0"
    assert names[0] == "x3"
    widths = [bar.get_width() for bar in display.bars_]
    assert widths[0] == 0
    assert_allclose(widths[-1], X[:, 0].std() / model.length_scales_[0])
    assert display.plot() is display
    assert display.figure_ is not figure


def test_length_scales_need_the_evidence(plt, crossing):
    model = PMMEmulator(2, alpha=1e-6, n_init=1, max_iter=3).fit(LINE, LINE[:, 0])
    with pytest.raises(ValueError, match=r"must have length_scales_.* got PMMEmulator"):
        LengthScalesDisplay.from_estimator(model, LINE)
    with pytest.raises(ValueError, match="too many samples.* give a small matrix_size"):
        LengthScalesDisplay.from_estimator(model, LINE)
    with pytest.raises(TypeError, match="got LinearRegression"):
        LengthScalesDisplay.from_estimator(LinearRegression(), LINE)


def test_sizes_of_matrices(plt):
    X = np.linspace(-1, 1, 9)[:, np.newaxis]
    y = np.hypot(1, X) * [-1, 1]
    y[3, 1] = np.nan
    emulator = PMMEmulator(n_init=2, max_iter=40, random_state=0)
    display = MatrixSizeDisplay.from_estimator(
        emulator, X, y, [2, 3, 4], cv=LeaveOneOut()
    )
    assert not hasattr(emulator, "matrices_")
    assert np.argmax(display.log_evidences) == 0
    assert display.errors[0] < 1e-6
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == list("234")
    assert_allclose(display.lines_[0].get_ydata(), display.errors)


def test_sizes_that_a_fit_has_compared(plt):
    X = np.linspace(-1, 1, 25)[:, np.newaxis]
    y = np.sin(4 * X[:, 0]) + 0.1 * np.random.RandomState(0).standard_normal(25)
    model = PMMRegressor(n_init=1, max_iter=40, random_state=0).fit(X, y)
    display = MatrixSizeDisplay.from_fitted(model)
    sizes, evidences = zip(*model.evidence_path_, strict=True)
    assert sizes[0] == 3
    assert model.matrix_size_ in sizes
    # The one that was chosen was not beaten by those before it.
    chosen = sizes.index(model.matrix_size_)
    assert evidences[chosen] == max(evidences[: chosen + 1])
    assert_allclose(display.evidence_line_.get_ydata(), evidences)
    assert display.lines_ == []
    labels = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert labels == [str(size) for size in sizes]
    model.set_params(matrix_size=3).fit(X, y)
    with pytest.raises(ValueError, match="must have an evidence_path_"):
        MatrixSizeDisplay.from_fitted(model)


@pytest.mark.parametrize(
    ("estimator", "sizes", "match"),
    [
        (
            PMMEmulator(alpha=1.0, max_iter=3),
            [2],
            "must have an evidence.* PMMEmulator",
        ),
        (PMMEmulator(), [], "matrix_sizes is empty"),
    ],
)
def test_sizes_need_an_evidence(plt, estimator, sizes, match):
    with pytest.raises(ValueError, match=match):
        MatrixSizeDisplay.from_estimator(estimator, LINE, LINE[:, 0], sizes)
