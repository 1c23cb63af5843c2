"""What a diagnosis says: sentences, each from a number."""

from typing import NamedTuple


class Finding(NamedTuple):
    """A sentence about a fit.

    Attributes
    ----------
    topic : str
        What it is about.
    value : float
        The number that it comes from.
    text : str
        What there is to see, and what to do.
    rows : tuple of int, default=()
        Positions of the rows that it is about, all of them, the worst first.

    Examples
    --------
    >>> from pmm_sklearn.inspection import Finding
    >>> Finding("outliers", 9.5, "row 7 is far from the model: check it.").topic
    'outliers'
    """

    topic: str
    value: float
    text: str
    rows: tuple = ()


class Diagnosis(list):
    """List of findings about a fit, which is printed as text.

    Parameters
    ----------
    iterable : iterable of Finding, optional
        The findings; none by default.

    Examples
    --------
    >>> from pmm_sklearn.inspection import Diagnosis, Finding
    >>> print(Diagnosis())
    Nothing stands out.
    >>> print(Diagnosis([Finding("outliers", 9.5, "row 7 is far off: check it.")]))
    - outliers: row 7 is far off: check it.
    """

    def __str__(self):
        """Paragraphs, or that there is nothing to say."""
        if not self:
            return "Nothing stands out."
        return "\n".join(f"- {finding.topic}: {finding.text}" for finding in self)

    @property
    def topics(self) -> list[str]:
        """What the findings are about: list of str.

        Examples
        --------
        >>> from pmm_sklearn.inspection import Diagnosis, Finding
        >>> Diagnosis([Finding("fit", 1.0, "nothing is explained.")]).topics
        ['fit']
        """
        return [finding.topic for finding in self]
