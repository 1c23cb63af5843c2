"""Files of tables as programs write them, and as people leave them."""

import numpy as np
import pytest

from pmm_sklearn._commands.columns import (
    as_texts,
    is_numeric,
    shortened,
    usable_features,
    why_no_numbers,
)
from pmm_sklearn._commands.reading import read_table
from pmm_sklearn._commands.table import _features

pd = pytest.importorskip("pandas", reason="tables are read with pandas")

EXPECTED = [[-1.5, 2.0], [0.25, np.nan], [3000.0, -4.0]]


def table(tmp_path, content):
    """The data frame of a file."""
    file = tmp_path / "table.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(file)


@pytest.mark.parametrize(
    "content",
    [
        "x,E 0\n-1.5,2\n0.25,\n3e3,-4\n",
        "x;E 0\r\n-1.5;2\r\n0.25;NA\r\n3e3;-4\r\n",
        "x\tE 0\n-1.5\t2\n0.25\t\n3e3\t-4\n",
        "sep=;\nx;E 0\n-1.5;2\n0.25;\n3e3;-4\n",
        "x|E 0\n-1.5|2\n0.25|\n3e3|-4",
        "x;E 0\n-1,5;2\n0,25;\n3e3;-4\n",
        "\ufeffx,E 0\n-1.5,2\n0.25,\n3e3,-4\n",
        "x\tE 0\n-1,5\t2\n0,25\t\n3e3\t-4\n".encode("utf-16"),
        "\n x , E 0 \n\n-1.5 , 2\n0.25,\n3e3, -4\n\n",
        '"x","E\n0"\n"-1.5","2"\n"0.25",\n"3e3","-4"\n',
        "x,E 0,\n-1.5,2,\n0.25,,\n3e3,-4,\n",
        "x,E 0\n-1.5,2\n0.25\n3e3,-4\n",
    ],
)
def test_the_same_table(tmp_path, content):
    frame = table(tmp_path, content)
    assert list(frame) == ["x", "E 0"]
    assert list(frame.index) == [1, 2, 3]
    np.testing.assert_array_equal(frame, EXPECTED)


def test_columns_of_equal_width(tmp_path):
    frame = table(tmp_path, "    x   E0\n -1.5  2.0\n 30.0   -4  \n")
    assert list(frame) == ["x", "E0"]
    np.testing.assert_array_equal(frame, [[-1.5, 2.0], [30.0, -4.0]])


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("name,full city\nx y,u v w\nx z,u\n", ["u v w", "u"]),
        ('name,city\n1,"u, v"\n2,"w;x"\n', ["u, v", "w;x"]),
        ("name;city\n1;u, v\n2;w\n", ["u, v", "w"]),
        ("name;price\n1.5;1,000\n2.5;2,000\n", ["1,000", "2,000"]),
    ],
)
def test_separators_within_texts(tmp_path, content, texts):
    assert list(table(tmp_path, content).iloc[:, 1]) == texts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("c,E0,E1\n-1,-1.4,1.4,\n0,1,2,\n", "row 1 has 4 fields, but .* 3 names"),
        ('"x","y"\n1,2\n"2",3,4\n', "row 2 has 3 fields, but there are 2 names"),
        ("x,y\n1,2\n3,4,5\n", "remove commas at the ends of rows"),
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("x\n1\n2\n", "its first line is one name, 'x'"),
        ('""\n', "its first line is one name, ''"),
        ("energy\n1\n2\n", "its first line is one name, 'energy'"),
        ("# by code\nx,E0\n1,2\n", "its first line is one name, '# by code'"),
        ("x,y,x\n1,2,3\n", "2 columns have the name 'x'"),
        ('x,y\n1,"2\n3,4\n', "inside string"),
        ("x,y\n1,2\n\xe4,4\n".encode("latin-1"), "line 3 is not in UTF-8"),
        (b"PK\x03\x04\x14", "it is a workbook"),
    ],
)
def test_no_table(tmp_path, content, message):
    with pytest.raises(ValueError, match=f"table.csv is no table .*: .*{message}"):
        table(tmp_path, content)


def test_columns_without_names(tmp_path):
    content = ",Unnamed: 0,x,\n0,a,1.5,\n1,b,2.5,\n"
    frame = table(tmp_path, content)
    expected = pd.read_csv(tmp_path / "table.csv")
    assert list(frame) == list(expected)[:3] == ["Unnamed: 0.1", "Unnamed: 0", "x"]


def column(*values):
    """Values as they are in a data frame that was read."""
    return pd.Series(values, index=range(1, len(values) + 1), name="x")


def test_truth_values_with_gaps_are_numbers():
    values = [True, False, None] * 4
    assert is_numeric(column(*values))
    assert not is_numeric(column("yes", "no"))
    frame = pd.DataFrame({"flag": values, "word": [True, "word", None] * 4})
    assert usable_features(frame)[:2] == (["flag"], ["word"])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["1.5", "n/a?", "2", "x"], None),
        (["1.5", "2", "n/a?", "3"], "'n/a?' in row 3 is no number: correct it"),
        (["12 %", "3 %"], "'12 %' in row 1 is no number: write numbers"),
        (["-1,5", "2,25"], "'-1,5' in row 1 is no number: write numbers as"),
        (["$1,234.50", "€2"], "'$1,234.50' in row 1"),
        (["1 234", "5"], "'1 234' in row 1"),
        (["2024-01-31", "2024-02-01"], "dates: to use them"),
        (["31.1.2024", None, "1.2.2024"], "dates"),
        (["May 5, 2024", "3 June 2024"], "dates"),
        (["3.2 kg", "10 kg"], "'3.2 kg' in row 1"),
        (["1.5D-03", "−2"], "'1.5D-03' in row 1 is no number: write numbers"),
        (["sat", "sun", "mon"], None),
        (["1, " * 50, "2024-01-31"], None),
        (["A1", "B2"], None),
    ],
)
def test_texts_that_are_meant_as_numbers(values, reason):
    found = why_no_numbers(column(*values))
    assert found == reason if reason is None else found.startswith(reason)


def test_categories_are_texts():
    frame = pd.DataFrame({"a": [1, 2], "b": ["u", None], "c": [np.nan, np.nan]})
    expected = [["1", "u", "missing"], ["2", "missing", "missing"]]
    assert as_texts(frame).to_numpy().tolist() == expected


def test_columns_of_new_tables_may_have_other_types():
    flag, word = [True, False, None] * 2, ["1", "u", None] * 2
    frame = pd.DataFrame({"flag": flag, "word": word})
    features = _features(["flag"], ["word"]).fit(frame)
    new = pd.DataFrame({"word": [1, 2], "flag": [1.0, 0.0]})
    expected = [[1, 0, 1, 0, 0], [0, 0, 0, 0, 0]]  # flag, its gaps, 1, missing, u
    np.testing.assert_array_equal(features.transform(new), expected)
    gaps = pd.DataFrame({"word": [np.nan], "flag": [None]})
    np.testing.assert_array_equal(features.transform(gaps), [[0.5, 1, 0, 1, 0]])


def test_long_texts_are_cut():
    assert shortened("a\nb") == "a b"
    assert shortened("a" * 30) == "a" * 30
    assert shortened(f"{'a' * 50} 1") == f"{'a' * 16}...{'a' * 9} 1"
