"""The command line on tables of one's own."""

import re
import sys
from contextlib import redirect_stdout
from functools import partial
from io import StringIO

import joblib
import numpy as np
import pytest

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.__main__ import main
from pmm_sklearn._commands.columns import counts_rows, is_error_of, looks_like
from pmm_sklearn._commands.comparison import clear_difference, verdict
from pmm_sklearn._commands.targets import looks_coded
from pmm_sklearn._commands.withheld import folds_of, print_comparison

pd = pytest.importorskip("pandas", reason="tables are read with pandas")

RANDOM = np.random.RandomState(0)
N_ROWS = 45


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables of numbers and categories with gaps, and of energies."""
    folder = tmp_path_factory.mktemp("tables")
    x, kind = RANDOM.uniform(-1, 1, N_ROWS), RANDOM.choice(["a", "b"], N_ROWS)
    frame = pd.DataFrame({"x": x, "kind": kind, "who": np.arange(N_ROWS).astype(str)})
    frame["who"] = "n" + frame["who"]
    noise = 0.1 * RANDOM.standard_normal(N_ROWS)
    frame["y"] = 100.0 * (np.sin(2 * x) + (kind == "b") + noise)
    frame["class"] = np.where(x + 0.3 * RANDOM.standard_normal(N_ROWS) > 0, "+", "-")
    frame.loc[[3, 8], "x"] = np.nan
    frame.loc[[4], "kind"] = np.nan
    frame.loc[[5], "y"] = np.nan
    frame.to_csv(folder / "numbers.csv", index=False)
    frame.drop(columns="y").to_csv(folder / "classes.csv", index=False, sep=";")
    few = pd.DataFrame({"x": range(12), "y": [*range(5), *[None] * 7]})
    few.to_csv(folder / "few.csv", index=False)
    c = np.linspace(-1, 1, 8)
    spectrum = pd.DataFrame({"c": c, "low": -np.hypot(1, c), "high": np.hypot(1, c)})
    spectrum.to_csv(folder / "spectrum.csv", index=False)
    _write_doubtful(folder, spectrum)
    return folder


def _write_doubtful(folder, spectrum):
    """Tables with columns that cannot be learned."""
    rare = spectrum.assign(once=[3.0, *[None] * 7], infinite=np.inf, same=2)
    rare.to_csv(folder / "rare.csv", index=False)
    bad = pd.DataFrame({"text": [f"{i}.5" for i in range(12)], "same": 7})
    bad["infinite"], bad["flag"] = np.arange(12.0), True
    bad.loc[5, "text"], bad.loc[3, "infinite"] = "n/a?", -np.inf
    bad["c"] = bad.index**0.5
    bad.to_csv(folder / "bad.csv", index=False)


@pytest.fixture(autouse=True)
def small_models(monkeypatch):
    """One start of one size, where the command has the defaults."""
    for place, kind in (
        ("targets", PMMRegressor),
        ("targets", PMMClassifier),
        ("spectra", PMMEmulator),
        ("withheld", PMMEmulator),
    ):
        size = 2 if kind is PMMEmulator else 3
        smaller = partial(kind, size, n_init=1, max_iter=40)
        name = f"pmm_sklearn._commands.{place}.{kind.__name__}"
        monkeypatch.setattr(name, smaller)


def run(folder, *arguments):
    """What is printed for a table; results are beside it."""
    name, *others = arguments
    # Starting processes would take longer than all fits.
    threads = joblib.parallel_config(backend="threading")
    with threads, redirect_stdout(StringIO()) as out:
        main(["--data", str(folder / name), "--output", str(folder), *others])
    return out.getvalue()


@pytest.fixture
def opening(folder, monkeypatch):
    """What is printed for a table before the first fit, which is not done."""

    def stop():
        raise ValueError("the first fit")

    for place in "spectra", "table":
        name = f"pmm_sklearn._commands.{place}.single_blas_thread"
        monkeypatch.setattr(name, stop)

    def printed(name, *others):
        out = StringIO()
        with redirect_stdout(out), pytest.raises(SystemExit, match="the first fit"):
            main(["--data", str(folder / name), "--output", str(folder), *others])
        return out.getvalue()

    return printed


def errors(printed):
    """Both measures of each model, in the order of the rows."""
    row = re.compile(r"^(\S+) +([\d.e+-]+) +[\d.e+-]+ +([\d.e+-]+) +[\d.]+$", re.M)
    return {name: (float(a), float(b)) for name, a, b in row.findall(printed)}


def test_numbers(folder, monkeypatch):
    # Of so small a model some residuals are far.
    monkeypatch.setattr("pmm_sklearn._commands.targets._FAR", 100.0)
    printed = run(folder, "numbers.csv", "--target", "y")
    assert "Left out: 1 of 45 rows, without y.\n" in printed
    assert "44 rows, regression of 'y'" in printed
    assert "--classify" not in printed
    assert "Left out: who (texts" in printed
    found = errors(printed)
    assert list(found)[-1] == "PMMRegressor"
    assert found["PMMRegressor"] < found["RidgeCV"]
    assert all(absolute < square for square, absolute in found.values())
    assert "here." in printed or "No clear difference" in printed
    assert "huber" not in printed
    assert "(PMMRegressor: all rows took" in printed.partition("\nPMMRegressor ")[0]
    assert "before it converged, after 40 iterations" in printed
    shuffled = printed.partition("are shuffled:\n")[2].split()
    assert sorted(shuffled[:6:2]) == ["class", "kind", "x"]
    assert "numbers the rows" not in printed
    model = joblib.load(folder / "numbers_pmm.joblib")
    # A missing value, and a category that is new.
    new = pd.DataFrame({"x": [0.2, np.nan], "kind": ["b", "c"], "class": ["+", "-"]})
    mean, std = model.predict(new, return_std=True)
    assert abs(mean[0] - 100.0 * (np.sin(0.4) + 1)) < 30.0
    assert np.all(std > 0)
    gaps = new[["class", "kind", "x"]].assign(more=1.0)  # another order
    np.testing.assert_array_equal(model.predict(gaps), mean)
    for missing in None, np.nan:
        gaps["class"] = gaps["kind"] = missing  # one of them had no gaps
        assert np.all(np.isfinite(model.predict(gaps)))


def test_outliers_are_named_and_a_robust_loss_is_tried(folder):
    frame = pd.read_csv(folder / "numbers.csv")
    frame.loc[20, "y"] += 3000.0
    frame["day"] = pd.date_range("2024-01-01", periods=N_ROWS).strftime("%Y-%m-%d")
    frame["number"] = range(3, 3 + N_ROWS)
    frame.drop(index=5).to_csv(folder / "outlier.csv", index=False)
    printed = run(folder, "outlier.csv", "--target", "y", "--drop", "who")
    assert "row 20 (+" in printed  # one row before it was not written
    assert "Left out: day (dates: to use them, convert them to numbers" in printed
    found = errors(printed)
    ours = [name for name in found if name.startswith("PMM")]
    assert ours == ["PMMRegressor", "PMMRegressor(huber)"]
    better = min(ours, key=lambda name: found[name][1])
    assert f"by mean absolute error {better} is kept" in printed
    saved = joblib.load(folder / "outlier_pmm.joblib")[-1]
    expected = "huber" if "huber" in better else "squared_error"
    assert saved.get_params()["loss"] == expected


def test_columns_that_number_the_rows_are_named(folder):
    frame = pd.DataFrame({"id": range(7), "x": 2.0, "flag": True})
    frame = frame.drop(index=2)  # as a row without target
    assert [name for name in frame if counts_rows(frame[name])] == ["id"]


def test_classes(folder):
    printed = run(folder, "classes.csv", "--target", "class")
    assert "2 classes of 'class'" in printed
    assert "Left out: who" in printed
    assert "rows, without" not in printed
    assert "class_weight" not in printed
    loss, accuracy = errors(printed)["PMMClassifier"]
    assert loss < np.log(2)
    assert 0.5 < accuracy <= 1
    assert "Columns by how much the log-loss" in printed
    model = joblib.load(folder / "classes_pmm.joblib")
    new = pd.DataFrame({"x": [0.9, -0.9], "kind": ["a", "b"]})
    assert list(model.predict(new)) == ["+", "-"]


@pytest.fixture(scope="module")
def coded(folder):
    """A table of classes that are numbers, one of them rare and not to be known."""
    x = np.linspace(-1, 1, N_ROWS)
    frame = pd.DataFrame({"x": x, "state": np.where(x > 0, 1.0, 0.0)})
    frame.loc[[2, 9, 16, 28, 35, 42], "state"] = 2.0
    frame.loc[[3, 8], "state"] = np.nan
    frame.to_csv(folder / "coded.csv", index=False)
    return frame


def test_classes_that_are_numbers(folder, coded, monkeypatch):
    monkeypatch.setattr("pmm_sklearn._commands.table._MOST_CLASSES_SHOWN", 2)
    printed = run(folder, "coded.csv", "--target", "state", "--classify")
    assert "Left out: 2 of 45 rows, without state.\n" in printed
    assert "3 classes of 'state'" in printed
    rows = re.findall(r"^  ([012]) +(\d+) +([\d.]+)$", printed, re.M)
    assert rows[0] == ("2", "6", "0.00")
    label, number, recall = rows[1]
    assert int(number) == np.sum(coded["state"] == int(label))
    assert float(recall) > 0.8
    assert "\n  1 more of higher recall\n" in printed
    assert "PMMClassifier(class_weight='balanced'), in Python, helps rare" in printed
    model = joblib.load(folder / "coded_pmm.joblib")
    assert list(model.predict(pd.DataFrame({"x": [-0.9, 0.9]}))) == [0, 1]


def test_few_whole_numbers_may_be_classes(opening, coded):
    printed = opening("coded.csv", "--target", "state")
    assert "43 rows, regression of 'state'" in printed
    assert "'state' has 3 whole numbers: if they are classes, add --classify" in printed
    assert "whole numbers" not in opening("coded.csv", "--target", "x")


@pytest.mark.parametrize(
    ("values", "are_coded"),
    [
        ([0, 1, 2] * 5, True),
        ([0.0, 1.0, 2.0] * 5, True),
        ([0, 1, 2] * 4, False),
        ([*range(10)] * 5, True),
        ([*range(11)] * 5, False),
        ([0.5, 1.0, 2.0] * 5, False),
        ([0.0, np.inf] * 5, False),
        ([3] * 20, False),
    ],
)
def test_numbers_that_look_like_classes(values, are_coded):
    assert looks_coded(pd.Series(values)) == are_coded


def test_spectrum(folder, monkeypatch):
    symmetric = partial(PMMEmulator, 2, matrix_type="symmetric", n_init=1)
    monkeypatch.setattr("pmm_sklearn._commands.spectra.PMMEmulator", symmetric)
    printed = run(folder, "spectrum.csv", "--emulate", "low", "high")
    assert "8 calculations of 2 levels\nas functions of c.\n" in printed
    assert "2 real symmetric matrices of side 2, with 6 numbers" in printed
    assert "PMMEmulator is the best one here." in printed
    emulator = PMMEmulator.from_npz(folder / "spectrum_pmm.npz")
    np.testing.assert_allclose(
        emulator.predict(pd.DataFrame({"c": [2.0]})), [[-(5**0.5), 5**0.5]]
    )


def test_spectrum_with_errors(folder):
    frame = pd.read_csv(folder / "spectrum.csv")
    frame["error"] = 0.3
    frame["low"] += [0.3, -0.3] * (len(frame) // 2)
    frame.to_csv(folder / "noisy.csv", index=False)
    options = "noisy.csv", "--emulate", "low", "--errors", "error"
    printed = run(folder, *options)
    assert "8 calculations of 1 level\nas functions of c, high." in printed
    assert "3 complex Hermitian matrices of side 2, with 12 numbers" in printed
    assert "Near 0 it says nothing: 12 numbers can fit 8 values.\n" in printed
    assert 0 < float(re.search(r"chi\^2 per value is ([\d.e-]+)\.", printed)[1]) < 2
    share = re.search(r"are (\d+)% of the withheld values \(nominal 95 %\)", printed)
    assert 50 <= int(share[1]) <= 100
    emulator = PMMEmulator.from_npz(folder / "noisy_pmm.npz")
    assert list(emulator.feature_names_in_) == ["c", "high"]
    _, std = emulator.predict(frame[["c", "high"]], return_std=True)
    assert 0.05 < std.max() < 3


def test_one_error_for_all(folder):
    frame = pd.read_csv(folder / "spectrum.csv")
    frame.loc[2, "low"] = np.nan
    frame["error"] = 0.3
    frame.to_csv(folder / "number.csv", index=False)
    options = "number.csv", "--emulate", "low", "high", "--errors"
    by_columns, by_number = (
        re.sub(r"about \d+ s", "", run(folder, *options, *more).partition("chi^2")[2])
        for more in (["error", "error"], ["0.3", "--drop", "error"])
    )
    assert by_columns == by_number != ""
    assert "Near 0" not in by_columns  # 8 numbers, 15 values


def test_columns_that_may_be_no_parameters_are_named(opening, folder):
    frame = pd.read_csv(folder / "spectrum.csv").add_suffix("0")
    frame["low1"], frame["run"] = frame["high0"], range(len(frame))
    frame["r2"], frame["dr2"] = RANDOM.uniform(size=(2, len(frame)))
    frame["Q"], frame["Q_err"] = RANDOM.uniform(size=len(frame)), 0.1
    frame.to_csv(folder / "doubtful.csv", index=False)
    options = "doubtful.csv", "--emulate", "low0", "--drop", "high0"
    printed = opening(*options)
    doubts = re.findall(r"(.+) is taken for a parameter; --drop \1 if it is", printed)
    assert doubts == ["low1", "run", "r2", "dr2", "Q"]
    printed = opening(*options, "low1", "run", "r2", "dr2", "Q", "Q_err")
    assert "as functions of c0." in printed
    assert "--drop" not in printed


@pytest.mark.parametrize(
    ("column", "name", "is_error"),
    [
        ("dr2", "r2", True),
        ("D_R2", "r2", True),
        ("r2_err", "R2", True),
        ("err_r2", "r2", True),
        ("sigma_r2", "r2", True),
        ("r2_std", "r2", True),
        ("r2 (error)", "r2", True),
        ("dE (MeV)", "E (MeV)", True),
        ("r2", "dr2", False),
        ("r2", "r2", False),
        ("sigma", "r2", False),
        ("r2_d", "r2", False),
        ("dr", "r2", False),
        ("density", "y", False),
    ],
)
def test_names_of_errors(column, name, is_error):
    assert is_error_of(column, name) == is_error


def test_rows_without_levels_are_counted(opening, folder):
    frame = pd.read_csv(folder / "spectrum.csv")
    frame.loc[[1, 2], "low"] = np.nan
    frame.loc[[1, 4], "high"] = np.nan
    frame.to_csv(folder / "unknown.csv", index=False)
    printed = opening("unknown.csv", "--emulate", "low", "high")
    assert "Left out: 1 of 8 rows, without low, high.\nunknown.csv: 7 calc" in printed


def test_levels_that_few_rows_know(folder):
    frame = pd.read_csv(folder / "spectrum.csv")
    # Folds at random have both of the others together.
    frame.loc[[0, 1, 2, 3, 6, 7], "high"] = np.nan
    frame.to_csv(folder / "twice.csv", index=False)
    printed = run(folder, "twice.csv", "--emulate", "low", "high")
    assert re.search(r"^  high +[\d.e-]+ +[\d.e-]+ +[\d.e-]+$", printed, re.M)


@pytest.mark.parametrize("seed", range(20))
def test_every_level_is_known_beside_each_fold(seed):
    y = np.full((30, 3), 1.0)
    rows = np.random.RandomState(seed).permutation(30)
    y[rows[3:], 1] = y[rows[2:], 2] = np.nan
    folds = folds_of(pd.DataFrame(y), seed)
    assert sorted(np.concatenate(folds)) == list(range(30))
    assert {len(fold) for fold in folds} == {7, 8}
    for fold in folds:
        assert np.all(np.isfinite(np.delete(y, fold, axis=0)).any(axis=0))


@pytest.mark.parametrize("is_withheld", [False, True])
def test_an_interrupted_fit_ends_the_command(folder, monkeypatch, is_withheld):
    place = "withheld" if is_withheld else "spectra"

    class Interrupted(PMMEmulator):
        def fit(self, X, y, y_err=None):
            super().fit(X, y, y_err=y_err)
            self.stop_reason_ = "interrupted"
            return self

    small = partial(Interrupted, 2, n_init=1, max_iter=3)
    monkeypatch.setattr(f"pmm_sklearn._commands.{place}.PMMEmulator", small)
    (folder / "spectrum_pmm.npz").unlink(missing_ok=True)
    with pytest.raises(KeyboardInterrupt):
        run(folder, "spectrum.csv", "--emulate", "low")
    assert not (folder / "spectrum_pmm.npz").exists()


class Shifted:
    """Predicts squares that are too large by a known number."""

    shift = 0.0

    def __init__(self, random_state):
        pass

    def fit(self, X, y, y_err):
        """Learn nothing."""

    def predict(self, X, return_std):
        """Squares, and no error bars."""
        return X.to_numpy() ** 2 + self.shift, np.zeros(len(X))


# The squares are noiseless, so that the noise that is learned reaches its bound.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("shift", "has_errors", "is_better", "is_useless"),
    [(0.1, True, True, False), (1.0, False, True, True), (0.0, True, False, False)],
)
def test_a_better_model_is_named(monkeypatch, shift, has_errors, is_better, is_useless):
    monkeypatch.setattr("pmm_sklearn._commands.withheld.PMMEmulator", Shifted)
    monkeypatch.setattr(Shifted, "shift", shift)
    X = pd.DataFrame({"g": np.linspace(-1, 1, 12)})
    y = pd.DataFrame({"E": X["g"] ** 2})
    y_err = pd.DataFrame({"E": 0.01}, index=y.index) if has_errors else None
    with redirect_stdout(StringIO()) as out:
        print_comparison(X, y, y_err, folds_of(y, 0), 0, 1.0)
    printed = out.getvalue()
    assert ("Gaussian process is better here" in printed) == is_better
    assert ("says hardly more than the mean" in printed) == is_useless
    assert ("try another matrix_size" in printed) == (is_better and not is_useless)
    fit = "PMMRegressor().fit(X, y, y_err=errors)." if has_errors else ".fit(X, y)."
    assert (fit in printed) == is_better


@pytest.mark.parametrize(
    ("column", "name", "alike"),
    [
        ("E1", "E0", True),
        ("dE1", "E0", True),
        ("energy (2)", "energy (1)", True),
        ("low2", "low", True),
        ("J", "E0", False),
        ("slow", "low", False),
        ("E", "E0", False),
    ],
)
def test_names_that_look_like_others(column, name, alike):
    assert looks_like(column, name) == alike


def test_parameters_must_be_known(folder):
    frame = pd.read_csv(folder / "spectrum.csv")
    frame.loc[1, "low"] = np.nan  # a row that is not used
    frame.loc[5, "c"] = np.nan
    frame.to_csv(folder / "gap.csv", index=False)
    message = "parameter 'c' has no finite value in row 6: give it"
    with pytest.raises(SystemExit, match=message):
        run(folder, "gap.csv", "--emulate", "low", "--drop", "high")


def test_differences_are_clear_or_not():
    assert clear_difference([1e-9, 3e-8, 1e-9], [1e-2, 2e-1, 2e-2])
    assert clear_difference([0.0, 0.0], [1e-2, 2e-1])
    assert not clear_difference([1.0, 2.0, 3.0], [1.1, 1.8, 3.1])
    assert not clear_difference([0.0, 0.0], [0.0, 0.0])
    assert not clear_difference([1.0, 1.0], [1.002, 1.003])
    errors = {"ours": [1.0, 2.0], "other": [1.1, 2.1], "third": [3.0, 6.0]}
    assert verdict(errors, "ours") == ("ours is the best one here.", False)
    errors["other"] = [0.9, 2.2]
    assert verdict(errors, "ours")[0] == "No clear difference between ours and other."
    errors["third"] = [0.5, 1.1]
    text, is_worse = verdict(errors, "ours")
    assert text == "third is better here: the error of ours is 88% larger."
    assert is_worse
    errors["third"] = [0.0, 0.0]
    assert verdict(errors, "ours") == ("third is better here: it has no error.", True)


def test_pictures(folder):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    # Between dollars matplotlib reads formulas, and this is none.
    frame = pd.read_csv(folder / "spectrum.csv").rename(columns={"low": "$^$_"})
    frame.to_csv(folder / "dollars.csv", index=False)
    run(folder, "dollars.csv", "--emulate", "$^$_")
    assert (folder / "dollars_pmm.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv", "--target", "y"], "there is no file"),
        (["numbers.csv", "--target", "Clas"], "no column; did you mean 'class'"),
        (["numbers.csv", "--target", "who"], "has 45 classes, .* a column of numb"),
        (["numbers.csv", "--target", "y", "--classify"], "or leave --classify out"),
        (["few.csv", "--target", "x", "--drop", "y"], "to predict from: give columns"),
        (["bad.csv", "--target", "same"], "'same' has the same value in all rows, 7"),
        (["bad.csv", "--target", "text"], r"texts \('n/a\?' in row 6 .*add --classify"),
        (["bad.csv", "--target", "infinite"], "'infinite' is infinite in row 4"),
        (["rare.csv", "--emulate", "same"], "no energy varies"),
        (["bad.csv", "--emulate", "c"], r"'text' .*'n/a\?' in row 6 .*--drop text"),
        (["bad.csv", "--emulate", "text"], r"\('n/a\?' in row 6 .* empty\)\."),
        (["bad.csv", "--emulate", "c", "--drop", "text"], "'True' in row 1 is no num"),
        (["rare.csv", "--emulate", "low", "infinite"], "'infinite' is infinite in row"),
        (["rare.csv", "--emulate", "low", "once"], "level 'once' .* in too few rows"),
        (["numbers.csv", "--emulate", "y"], "'kind' has values that are no numbers"),
        (["spectrum.csv", "--emulate", "low", "high", "c"], "no column but the energ"),
        (["spectrum.csv", "--emulate", "low", "--errors", "c"], "'c' must be positive"),
        (["rare.csv", "--emulate", "low", "--errors", "infinite"], "got inf in row 1"),
        (["spectrum.csv", "--emulate", "low", "--errors", "c", "c"], "names 2 columns"),
        (["spectrum.csv", "--emulate", "low", "--errors", "0"], "a positive number"),
        (["spectrum.csv", "--emulate", "low", "--drop", "hig"], "did you mean 'high'"),
    ],
)
def test_errors_are_one_line(folder, arguments, message):
    with pytest.raises(SystemExit, match=message) as caught:
        run(folder, *arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "y"], "give --data"),
        (["--data", "numbers.csv"], "give --target or"),
        (["--drop", "y"], "give --data"),
        (["--classify"], "--classify makes classes of a target: give --target"),
        (["--data", "a.csv", "--emulate", "E", "--classify"], "give --target"),
        (
            ["--data", "a.csv", "--target", "E", "--errors", "dE"],
            "PMMRegressor().fit(X, y, y_err=errors)",
        ),
        (["--data", "a.csv", "--emulate", "E", "--drop", "E"], "that is needed"),
        (["--data", "a.csv", "--emulate", "E", "E"], "names 'E' twice"),
        (["--data", "a.csv", "--emulate", "E", "--errors", "E"], "are the levels"),
    ],
)
def test_options_that_go_together(capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_few_rows(folder):
    with pytest.raises(SystemExit, match="5 rows have a target, but at least 10"):
        run(folder, "few.csv", "--target", "y")


def test_without_pandas(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SystemExit, match=r"pip install \"pmm_sklearn\[table\]\""):
        run(folder, "numbers.csv", "--target", "y")
