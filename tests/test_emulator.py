"""PMMEmulator: what it learns, what it knows by construction, what it refuses."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pmm_sklearn import PMMEmulator
from pmm_sklearn.datasets import make_noninteracting_spins
from pmm_sklearn.inspection import exceptional_points
from pmm_sklearn.model import HermitianSpace
from pmm_sklearn.targets import Gap, Level, Observable, Transition

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TARGETS = [
    Level(0),
    Level(-1, sector=1),
    Gap(Level(0), Level(0, sector=1)),
    Observable("spin"),
    Transition("dipole", 0, 1),
    Transition("field", Level(0), Level(0, sector=1)),
]


# Hermitian, but not real.
IMAGINARY = 1j * (np.eye(5, k=1) - np.eye(5, k=-1))


def truth(matrix_type="hermitian", sizes=(3, 2), n_features=1, degree=1, seed=0):
    """An emulator with random matrices: exact answers to be learned again."""
    rng = np.random.RandomState(seed)
    X = np.linspace(-1, 1, 2 * n_features).reshape(2, -1)
    emulator = PMMEmulator(
        sizes,
        targets=TARGETS,
        matrix_type=matrix_type,
        degree=degree,
        max_iter=1,
        random_state=seed,
    )
    emulator.fit(X, rng.standard_normal((2, len(TARGETS))))
    shape, space = emulator.matrices_.shape, HermitianSpace(sizes, matrix_type)
    coordinates = rng.standard_normal((shape[0], space.size))
    emulator.matrices_ = space.matrices(coordinates)
    emulator.observables_ = emulator.observables_ + 0.0
    return emulator


def central_difference(function, X, j, step=1e-4):
    moved = [X + k * step * np.eye(X.shape[1])[j] for k in (-2, -1, 1, 2)]
    values = [function(x) for x in moved]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


class TestLearning:
    @pytest.mark.parametrize("n_spins", [2, 8, 64])
    def test_noninteracting_spins_are_exact(self, n_spins):
        data = make_noninteracting_spins(n_spins)
        emulator = PMMEmulator(2, random_state=0).fit(data.X_train, data.y_train)
        assert_allclose(emulator.predict(data.X_test), data.y_test, atol=1e-8)

    def test_a_known_model_is_found_again(self):
        model = truth("symmetric", (2, 2))
        X = np.linspace(-1, 1, 25)[:, np.newaxis]
        y = model.predict(X)
        fitted = PMMEmulator(
            (2, 2),
            targets=TARGETS,
            matrix_type="symmetric",
            n_init=4,
            tol=0,
            max_iter=300,
            random_state=0,
        ).fit(X, y)
        assert fitted.score(X, y) > 0.9999
        assert fitted.n_parameters_ == 2 * 6 + 6 + 6 + 10

    def test_missing_entries_have_no_residual(self):
        data = make_noninteracting_spins(2)
        X, y = data.X_train, np.column_stack([data.y_train, -data.y_train])
        gaps = y.copy()
        gaps[[0, 3], [0, 1]] = np.nan
        full = PMMEmulator(2, random_state=0).fit(X, y)
        partial = PMMEmulator(2, random_state=0).fit(X, gaps)
        assert_allclose(
            partial.predict(data.X_test), full.predict(data.X_test), atol=1e-7
        )

    def test_a_row_of_nothing_changes_nothing(self):
        data = make_noninteracting_spins(2)
        X = np.vstack([data.X_train, [[100.0]]])
        y = np.append(data.y_train, np.nan)
        settings = {"n_init": 2, "max_iter": 30, "random_state": 0}
        with_row = PMMEmulator(2, **settings).fit(X, y)
        without = PMMEmulator(2, **settings).fit(data.X_train, data.y_train)
        assert_array_equal(with_row.matrices_, without.matrices_)

    def test_weights_are_repetitions(self):
        X = np.linspace(-1, 1, 6)[:, np.newaxis]
        y = np.column_stack([X[:, 0] ** 2, 2 + X[:, 0]])
        weight = np.array([1, 2, 0, 1, 3, 1])
        settings = {"max_iter": 15, "n_init": 2, "random_state": 0}
        weighted = PMMEmulator(3, **settings).fit(X, y, sample_weight=weight)
        repeated = PMMEmulator(3, **settings).fit(
            np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0)
        )
        assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)

    def test_errors_are_in_units_of_y_err(self):
        """Where two values disagree the fit takes their mean with weights 1/err^2."""
        X, y = np.zeros((2, 1)), np.array([1.0, 3.0])
        emulator = PMMEmulator(1, alpha=0, random_state=0)
        emulator.fit(X, y, y_err=np.array([1.0, 2.0]))
        assert emulator.predict([[0.0]])[0] == pytest.approx(1.4)
        assert emulator.loss_ == pytest.approx(0.16 / 1 + 2.56 / 4)

    def test_target_weight(self):
        """Two levels that a 1 x 1 matrix cannot both have."""
        X, y = np.zeros((2, 1)), np.array([[1.0, np.nan], [np.nan, 3.0]])
        targets = [Level(0), Level(0)]
        emulator = PMMEmulator(1, targets=targets, alpha=0, random_state=0)
        emulator.fit(X, y, target_weight=[3.0, 1.0])
        assert emulator.predict([[0.0]])[0, 0] == pytest.approx(1.5)

    @pytest.mark.parametrize("degree", [1, 2])
    def test_units_do_not_matter(self, degree):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (12, 2))
        y = np.column_stack([X[:, 0] ** 2, 3 + X[:, 1], np.sin(X[:, 0])])
        targets = [Level(0), Level(1), Observable("o")]
        settings = {"max_iter": 12, "n_init": 1, "random_state": 0, "degree": degree}
        one = PMMEmulator(3, targets=targets, **settings).fit(X, y)
        units, shift = np.array([1e3, 1e3, 1e-2]), np.array([5e3, 5e3, -3.0])
        other = PMMEmulator(3, targets=targets, **settings)
        other.fit(X * [1e-3, 1e2] + [0.0, 40.0], y * units + shift)
        expected = one.predict(X) * units + shift
        assert_allclose(
            other.predict(X * [1e-3, 1e2] + [0.0, 40.0]), expected, rtol=1e-6
        )

    @pytest.mark.usefixtures("processes_at_once")
    def test_serial_threads_and_processes_agree(self):
        data = make_noninteracting_spins(4)
        fits = []
        for backend in ("threading", "loky"):
            with joblib.parallel_config(backend=backend, n_jobs=2):
                emulator = PMMEmulator(2, n_init=4, random_state=0, max_iter=15)
                fits.append(emulator.fit(data.X_train, data.y_train))
        serial = PMMEmulator(2, n_init=4, random_state=0, max_iter=15)
        serial.fit(data.X_train, data.y_train)
        for parallel in fits:
            assert_array_equal(parallel.matrices_, serial.matrices_)

    def test_warm_start_continues(self):
        data = make_noninteracting_spins(4)
        emulator = PMMEmulator(
            3, random_state=0, max_iter=5, alpha=1e-9, commutator=0.3
        ).fit(data.X_train, data.y_train)
        first = emulator.loss_
        emulator.set_params(warm_start=True, max_iter=3)
        emulator.fit(data.X_train, data.y_train)
        assert emulator.loss_curve_[0] <= first


class TestStructure:
    def test_levels_of_sectors_cross(self):
        X = np.linspace(-1, 1, 9)[:, np.newaxis]
        y = np.column_stack([X[:, 0], -X[:, 0]])
        targets = [Level(0, sector=0), Level(0, sector=1)]
        emulator = PMMEmulator((1, 1), targets=targets, random_state=0).fit(X, y)
        assert_allclose(emulator.predict([[3.0]]), [[3.0, -3.0]], atol=1e-5)
        together = PMMEmulator((1, 1), random_state=0)
        together.fit(X, np.sort(y, axis=1))
        assert_allclose(together.predict([[3.0]]), [[-3.0, 3.0]], atol=1e-5)

    def test_symmetric_matrices_are_real(self):
        emulator = truth("symmetric")
        assert emulator.matrices_.dtype == np.float64
        assert emulator.eigenvectors([[0.3]]).dtype == np.float64

    def test_commutes_with(self):
        Q = np.diag([1.0, 2.0, 2.0])
        Q[0, 1] = Q[1, 0] = 0.3
        X = np.linspace(-1, 1, 8)[:, np.newaxis]
        emulator = PMMEmulator(3, commutes_with=Q, random_state=0, max_iter=30)
        emulator.fit(X, X[:, 0] ** 2)
        assert_allclose(emulator.matrices_ @ Q, Q @ emulator.matrices_, atol=1e-10)
        assert emulator.n_parameters_ == 2 * 3

    def test_parity_makes_levels_even(self):
        P = np.diag([1.0, 1.0, -1.0])
        X = np.array([[0.2], [0.7], [1.1], [1.5]])
        emulator = PMMEmulator(3, parity=P, random_state=0, max_iter=30)
        emulator.fit(X, np.cos(X[:, 0]))
        assert_allclose(emulator.predict(-X), emulator.predict(X), rtol=1e-10)

    def test_fixed_matrices_are_kept(self):
        spins = make_noninteracting_spins(2)
        M_0 = np.diag([0.5, -0.5])
        emulator = PMMEmulator(2, fixed={0: M_0}, random_state=0)
        emulator.fit(spins.X_train, spins.y_train)
        assert_allclose(emulator.matrices_[0], M_0, atol=1e-14)
        assert_allclose(emulator.predict(spins.X_test), spins.y_test, atol=1e-8)
        assert emulator.n_parameters_ == 4

    def test_other_functions_of_the_features_are_a_step_before(self):
        def finite_volume(X):
            return np.exp(-X) / X

        X = np.linspace(0.1, 1, 9)[:, np.newaxis]
        y = -np.sqrt(1 + finite_volume(X[:, 0]) ** 2)

        pipeline = make_pipeline(
            FunctionTransformer(finite_volume), PMMEmulator(2, random_state=0)
        ).fit(X, y)
        assert_allclose(
            pipeline.predict(np.array([[3.0]])), -np.hypot(1, np.exp(-3) / 3)
        )

    def test_commutator_is_part_of_the_fitted_matrices(self):
        data = make_noninteracting_spins(4)
        emulator = PMMEmulator(2, commutator=0.5, random_state=0, tol=0)
        emulator.fit(data.X_train, data.y_train)
        assert_allclose(emulator.predict(data.X_test), data.y_test, atol=1e-6)

    @pytest.mark.parametrize("exponent", [1, 2])
    def test_smoothness_keeps_eigenvectors(self, exponent):
        data = make_noninteracting_spins(4)
        path = [np.linspace(-2, 2, 21)[:, np.newaxis]]

        def change(weight):
            emulator = PMMEmulator(
                3,
                smoothness=weight,
                smoothness_exponent=exponent,
                paths=path,
                n_init=3,
                random_state=0,
                max_iter=100,
            ).fit(data.X_train, data.y_train)
            vectors = emulator.eigenvectors(path[0])[:, :, 0]
            return np.sum(1 - np.abs(np.sum(vectors[:-1].conj() * vectors[1:], 1)) ** 2)

        assert change(10.0) < 0.8 * change(0.0)


class TestAfterTheFit:
    @pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
    @pytest.mark.parametrize("degree", [1, 3])
    @pytest.mark.parametrize("n_features", [1, 2])
    def test_gradient(self, matrix_type, degree, n_features):
        model = truth(matrix_type, n_features=n_features, degree=degree)
        X = np.random.RandomState(1).uniform(-1, 1, (5, n_features))
        gradient = model.predict_gradient(X)
        assert gradient.shape == (5, len(TARGETS), n_features)
        for j in range(n_features):
            numerical = central_difference(model.predict, X, j)
            assert_allclose(gradient[:, :, j], numerical, rtol=1e-6, atol=1e-7)

    def test_gradient_of_one_target(self):
        data = make_noninteracting_spins(4)
        emulator = PMMEmulator(2, random_state=0).fit(data.X_train, data.y_train)
        c = data.X_test
        expected = -0.5 * c / np.sqrt(1 + c**2)
        assert_allclose(emulator.predict_gradient(c), expected, atol=1e-7)

    def test_eigenvalues_and_eigenvectors(self):
        model = truth()
        X = np.linspace(-2, 2, 7)[:, np.newaxis]
        H, E, V = model.hamiltonian(X), model.eigenvalues(X), model.eigenvectors(X)
        assert_allclose(H @ V, V * E[:, np.newaxis], atol=1e-12)
        assert_allclose(np.sort(E, axis=1), np.linalg.eigvalsh(H), atol=1e-12)
        assert_allclose(E[:, 0], model.predict(X)[:, 0])
        assert_allclose(E[:, 4], model.predict(X)[:, 1])
        assert np.all(np.diff(E[:, :3], axis=1) > 0)

    def test_complex_features(self):
        model = truth(degree=2)
        z = np.array([[0.3 + 0.4j], [0.1 - 0.2j]])
        M_0, M_1, M_2 = model.matrices_
        for matrix, levels, (x,) in zip(
            model.hamiltonian(z), model.eigenvalues(z), z, strict=True
        ):
            assert_allclose(matrix, M_0 + x * M_1 + x**2 * M_2)
            expected = np.linalg.eigvals(matrix)
            assert_allclose(np.sort(levels.real), np.sort(expected.real), atol=1e-12)
        # Hermitian matrices: conjugate features have conjugate levels.
        assert_allclose(model.eigenvalues(z.conj()).conj(), model.eigenvalues(z))

    def test_continuation_returns_and_exchanges_levels(self):
        data = make_noninteracting_spins(4)
        emulator = PMMEmulator(2, random_state=0, tol=0)
        emulator.fit(data.X_train, data.y_train)
        points = emulator.exceptional_points()[0]
        assert_allclose(np.sort(points.x.imag), [-1, 1], atol=1e-6)
        circle = 1j + 0.5 * np.exp(2j * np.pi * np.linspace(0, 1, 40))
        around = emulator.continue_along(circle[:, np.newaxis])
        assert_allclose(around[-1], around[0, ::-1], atol=1e-6)
        straight = emulator.continue_along(data.X_test.astype(complex))
        assert_allclose(straight.real, emulator.eigenvalues(data.X_test), atol=1e-12)

    def test_exceptional_points_of_each_sector(self):
        points = truth("hermitian", (3, 2)).exceptional_points()
        assert [len(p.x) for p in points] == [6, 2]
        assert max(p.residual.max() for p in points) < 1e-10

    def test_exceptional_points_along_a_line_in_two_features(self):
        model = truth(n_features=2)
        constant, first, second = model.matrices_[:, :3, :3]
        expected = exceptional_points(constant + 0.3 * first, second)
        points = model.exceptional_points(1, at=[0.3, np.pi])[0]
        assert_allclose(points.x, expected.x, atol=1e-10)
        # Two levels there are the double one.
        X = np.column_stack([np.full(len(points.x), 0.3), points.x])
        distance = np.abs(model.eigenvalues(X) - points.energies[:, np.newaxis])
        assert np.sort(distance, axis=1)[:, :2].max() < 1e-4

    def test_exceptional_points_need_a_line_on_which_h_is_linear(self):
        with pytest.raises(ValueError, match="at must be given for 2 features"):
            truth(n_features=2).exceptional_points()
        with pytest.raises(ValueError, match=r"at must have shape \(2,\)"):
            truth(n_features=2).exceptional_points(0, at=[1.0])
        with pytest.raises(ValueError, match="feature must be a number from 0 to 1"):
            truth(n_features=2).exceptional_points("time", at=[0.0, 0.0])
        with pytest.raises(ValueError, match="degree=1.* got degree=2"):
            truth(degree=2).exceptional_points()


class TestFiles:
    @pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
    def test_npz(self, matrix_type, tmp_path):
        model = truth(matrix_type, degree=2)
        model.to_npz(tmp_path / "model.npz")
        loaded = PMMEmulator.from_npz(tmp_path / "model.npz")
        X = np.linspace(-1, 1, 5)[:, np.newaxis]
        assert_array_equal(loaded.predict(X), model.predict(X))
        assert_array_equal(loaded.predict_gradient(X), model.predict_gradient(X))
        assert loaded.targets_ == model.targets_
        loaded.to_npz(tmp_path / "again.npz")
        with np.load(tmp_path / "again.npz", allow_pickle=False) as content:
            names = {name for name in content.files if not name.startswith("posterior")}
            assert names == {"matrices", "observables", "weights", "description"}

    def test_npz_by_a_name_without_its_ending(self, tmp_path):
        truth().to_npz(str(tmp_path / "model"))
        PMMEmulator.from_npz(str(tmp_path / "model"))
        with pytest.raises(FileNotFoundError, match=r"/missing\.npz"):
            PMMEmulator.from_npz(tmp_path / "missing.npz")

    def test_npz_keeps_names_of_features_and_dimensions(self, tmp_path):
        pandas = pytest.importorskip("pandas")
        data = make_noninteracting_spins(4)
        X = pandas.DataFrame(data.X_train, columns=["coupling"])
        emulator = PMMEmulator(2, random_state=0, max_iter=5).fit(X, data.y_train)
        emulator.to_npz(tmp_path / "model.npz")
        loaded = PMMEmulator.from_npz(tmp_path / "model.npz")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_array_equal(loaded.predict(X), emulator.predict(X))

    def test_another_file_is_refused(self, tmp_path):
        np.savez(tmp_path / "other.npz", a=np.ones(2))
        with pytest.raises(ValueError, match="to_npz has written"):
            PMMEmulator.from_npz(tmp_path / "other.npz")

    @pytest.mark.parametrize(
        "write",
        [
            lambda path: path.write_text("E0 E1\n"),
            lambda path: path.write_bytes(b""),
            lambda path: path.write_bytes(b"PK\x03\x04 no archive"),
            lambda path: path.write_bytes(pickle.dumps({"matrices": 1})),
            lambda path: np.save(path.open("wb"), np.ones(2)),
            lambda path: np.savez(path, matrices=1, observables=1, description="E0"),
            lambda path: np.savez(path, matrices=1, observables=1, description="[]"),
        ],
        ids=["text", "empty", "archive", "pickle", "npy", "no JSON", "other JSON"],
    )
    def test_files_of_other_kinds_are_refused(self, write, tmp_path):
        path = tmp_path / "other.npz"
        write(path)
        with pytest.raises(ValueError, match=r"other.npz.*to_npz has written"):
            PMMEmulator.from_npz(path)

    def test_pickle_and_joblib(self, tmp_path):
        model = truth()
        X = np.linspace(-1, 1, 5)[:, np.newaxis]
        joblib.dump(model, tmp_path / "model.joblib")
        for copy in (
            pickle.loads(pickle.dumps(model)),
            joblib.load(tmp_path / "model.joblib"),
        ):
            assert_array_equal(copy.predict(X), model.predict(X))
            assert copy.targets == TARGETS


class TestClients:
    def test_targets_survive_clone_and_repr(self):
        emulator = PMMEmulator((3, 2), targets=TARGETS)
        assert clone(emulator).targets == TARGETS
        text = repr(emulator)
        assert "Level(k=0, sector=0)" in text
        assert eval(repr(TARGETS)) == TARGETS

    def test_grid_search(self):
        X = np.linspace(-1, 1, 12)[:, np.newaxis]
        y = np.column_stack([X[:, 0], -X[:, 0]])
        search = GridSearchCV(
            PMMEmulator(
                targets=[Level(0, sector=0), Level(0, sector=1)],
                random_state=0,
                n_init=2,
                max_iter=20,
            ),
            {"matrix_size": [(1, 1), (2, 1)], "matrix_type": ["symmetric"]},
            cv=KFold(3),
            n_jobs=2,
        ).fit(X, y)
        assert search.best_score_ > 0.99

    def test_y_err_is_split_with_the_rows(self):
        X = np.linspace(-1, 1, 12)[:, np.newaxis]
        search = GridSearchCV(
            PMMEmulator(random_state=0, n_init=1, max_iter=20),
            {"matrix_size": [1, 2]},
            cv=KFold(3),
        ).fit(X, X[:, 0], y_err=np.full(12, 0.1))
        assert search.best_score_ > 0.9


def bad(match, y=None, fit=None, **parameters):
    return pytest.param(y, fit or {}, parameters, match, id=match[:40])


class TestScore:
    X = np.linspace(-1, 1, 7)[:, np.newaxis]

    def test_entries_that_were_not_calculated_do_not_count(self):
        model, weight = truth(), np.arange(1.0, 8.0)
        y = model.predict(self.X) + np.sin(7 * np.arange(42)).reshape(7, 6)
        y[2:4, 0] = y[1:, 5] = np.nan
        known = ~np.isnan(y)
        expected = [
            r2_score(
                y[known[:, k], k],
                model.predict(self.X)[known[:, k], k],
                sample_weight=weight[known[:, k]],
            )
            for k in range(5)
        ]
        score = model.score(self.X, y, sample_weight=weight)
        assert_allclose(score, np.mean(expected))

    def test_cross_validation_of_targets_with_gaps(self):
        y = truth().predict(self.X)
        y[1::3, 0] = np.nan
        model = PMMEmulator((3, 2), targets=TARGETS, max_iter=3, n_init=1)
        scores = cross_val_score(model, self.X, y, cv=2, error_score="raise")
        assert np.all(np.isfinite(scores))

    def test_too_few_values(self):
        model = truth()
        y = np.full((7, 6), np.nan)
        with pytest.raises(ValueError, match="y has less than two values"):
            model.score(self.X, y)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.score(self.X, y[:3])


class TestBadInput:
    @pytest.mark.parametrize(
        ("y", "fit", "parameters", "match"),
        [
            bad(
                "more than the 2 levels of matrix_size",
                y=np.ones((6, 3)),
                matrix_size=2,
            ),
            bad("matrix_size must not exceed 10000.*1000000", matrix_size=10**6),
            bad("1 sector", matrix_size=5, targets=[Level(0, sector=1)]),
            bad("there are 3 levels", targets=[Level(3)], matrix_size=3),
            bad("there are 3 levels", targets=[Level(-4)], matrix_size=3),
            bad("between a level and itself", targets=[Gap(1, 1)]),
            bad("got 2 targets for 1", targets=[Level(0), Level(1)]),
            bad("must be a list of Level", targets=Level(0)),
            bad("must hold Level", targets=["E0"]),
            bad("nothing but NaN.* column 1", y=[[1.0, np.nan]] * 6),
            bad(r"y must have one row.*\(6, 1, 1\)", y=np.ones((6, 1, 1))),
            bad(r"y must have one row.*\(6, 0\)", y=np.ones((6, 0))),
            bad("alpha must be a number or 'auto', got 'none'", alpha="none"),
            bad("Input y contains infinity", y=[1.0, np.inf, 1, 1, 1, 1]),
            bad("not Hermitian", fixed={0: np.triu(np.ones((5, 5)))}),
            bad(r"key 2.*0 to 1", fixed={2: np.eye(5)}),
            bad(r"fixed\[0\] must have shape", fixed={0: np.eye(4)}),
            bad("must be a dict", fixed=[np.eye(5)]),
            bad("is complex", fixed={0: IMAGINARY}, matrix_type="symmetric"),
            bad(
                "structure that matrix_size",
                fixed={0: np.ones((3, 3))},
                matrix_size=(2, 1),
            ),
            bad(r"commutes_with must have shape \(5, 5\)", commutes_with=np.eye(4)),
            bad("square the identity", parity=2 * np.eye(5)),
            bad("smoothness must be at least 0", smoothness=-1.0),
            bad("smoothness_exponent must be 1 or 2", smoothness_exponent=3),
            bad(r"paths\[0\] must have shape", smoothness=1.0, paths=[np.ones((3, 2))]),
            bad(r"paths must be a list.*\[\]", smoothness=1.0, paths=[]),
            bad("paths must be a list.*'x'", smoothness=1.0, paths="x"),
            bad(r"paths\[0\] must hold numbers", smoothness=1.0, paths=[["x", "y"]]),
            bad(r"paths\[0\] does not move", smoothness=1.0, paths=[[[1.0], [1.0]]]),
            bad(
                "commutator=0.5 .*matrix_type='hermitian'",
                commutator=0.5,
                matrix_type="symmetric",
            ),
            bad(
                r"fixed=\[0, 1\] leaves no matrix to learn",
                fixed={0: np.eye(5), 1: np.eye(5)},
            ),
            bad("commutator must be finite, got inf", commutator=np.inf),
            bad("degree must be at least 1", degree=0),
            bad("rank must be at least 1", rank=0),
            bad("rank must be an integer", rank=(1, None)),
            bad("rank must be less than .* rank=5 with matrix_size=5", rank=5),
            bad(r"rank=1 with sectors of \(3, 2\)", rank=1, matrix_size=(3, 2)),
            bad("rank must be None where parity", rank=1, parity=np.eye(5)),
            bad("n_average must be at least 1", n_average=0),
            bad("n_average must not exceed", n_average=9),
            bad("n_average must be an integer", n_average=1.5),
            bad(
                "matrix_size must be an integer.* 'auto', got 'big'", matrix_size="big"
            ),
            bad("target_weight must have shape", fit={"target_weight": [1.0, 2.0]}),
            bad("y_err must be finite and positive", fit={"y_err": np.zeros(6)}),
            bad("y_err must have the shape", fit={"y_err": np.ones(5)}),
            bad("y_err must be at least 1e-100", fit={"y_err": [1e-300] + 5 * [1.0]}),
            bad("y_err must hold real numbers", fit={"y_err": np.ones(6) + 0j}),
            bad("sample_weight must hold real", fit={"sample_weight": np.ones(6) + 0j}),
            bad("target_weight must hold real", fit={"target_weight": [1j]}),
            bad("target_weight must not exceed", fit={"target_weight": [1e308]}),
        ],
    )
    def test_named_with_value_and_remedy(self, y, fit, parameters, match):
        X = np.linspace(0, 1, 6)[:, np.newaxis]
        y = X[:, 0] if y is None else np.array(y)
        emulator = PMMEmulator(5, max_iter=5, random_state=0).fit(X, X[:, 0])
        before = emulator.predict(X)
        matrices = emulator.matrices_
        emulator.set_params(**parameters)
        with pytest.raises((ValueError, TypeError), match=match):
            emulator.fit(X, y, **fit)
        assert emulator.matrices_ is matrices
        assert_array_equal(emulator.predict(X), before)

    def test_smoothness_of_several_features_needs_paths(self):
        X = np.random.RandomState(0).uniform(size=(6, 2))
        with pytest.raises(ValueError, match="smoothness needs paths"):
            PMMEmulator(smoothness=1.0).fit(X, X[:, 0])
        with pytest.raises(ValueError, match=r"two points.*X that is \[\[2.0\]\]"):
            PMMEmulator(smoothness=1.0).fit([[2.0], [2.0]], [1.0, 1.0])

    @pytest.mark.parametrize(
        ("target", "match"),
        [
            (lambda: Level(0.5), "k must be an integer"),
            (lambda: Level(0, sector=-1), "sector must be at least 0"),
            (lambda: Observable(""), "name must be a non-empty string"),
            (lambda: Observable("spin", Level(1)), "level must be an integer"),
            (lambda: Transition("d", 0, "1"), "j must be an integer"),
            (lambda: Gap(None, 1), "i must be an integer"),
        ],
    )
    def test_targets(self, target, match):
        with pytest.raises((TypeError, ValueError), match=match):
            target()

    @pytest.mark.parametrize("degree", [1, 2])
    def test_features_far_away(self, degree):
        with pytest.raises(ValueError, match="X is too far from the data"):
            truth(degree=degree).predict([[1e300]])

    def test_complex_features_are_checked(self):
        model = truth()
        with pytest.raises(ValueError, match=r"X must have shape \(n_points, 1\)"):
            model.eigenvalues(np.ones((2, 3)) * 1j)
        with pytest.raises(ValueError, match="path has NaN"):
            model.continue_along(np.array([[np.nan + 1j]]))

    @pytest.mark.parametrize("method", ["predict", "predict_gradient", "eigenvectors"])
    def test_methods_of_real_features_name_those_of_complex_ones(self, method):
        with pytest.raises(ValueError, match="eigenvalues and continue_along"):
            getattr(truth(), method)([[1j]])

    def test_complex_features_in_another_order_are_refused(self):
        pandas = pytest.importorskip("pandas")
        X = pandas.DataFrame({"g": [0.0, 1.0, 2.0], "h": [1.0, 0.0, 2.0]})
        emulator = PMMEmulator(2, max_iter=2, random_state=0).fit(X, [0.0, 1.0, 2.0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            emulator.eigenvalues(X)
            emulator.continue_along(X + 1j)
        for method in (emulator.eigenvalues, emulator.continue_along):
            with pytest.raises(ValueError, match="feature names should match"):
                method((X + 1j)[["h", "g"]])

    def test_convergence_is_warned_of(self):
        X = np.linspace(-1, 1, 9)[:, np.newaxis]
        with pytest.warns(ConvergenceWarning, match="PMMEmulator stopped after 2"):
            PMMEmulator(4, max_iter=2, random_state=0).fit(X, np.sin(5 * X[:, 0]))
