"""Published figures of emulators, as (method, errors, number of parameters).

The paper: P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025),
read from the vector graphics of its figures.  The course: "Learning from data for
physicists", page on PMM emulators, run again.
"""

PUBLISHED = {
    "almg": [
        ("paper: PMM 9 x 9", (5.6e-3, 4.9e-3, 1.3e-2), 243),
        ("paper: multilayer perceptron", (2.6e-2, 2.5e-2, 8.7e-2), None),
    ],
    "trotter": [
        ("paper: PMM 9 x 9, 5 factors", (1.02e-4, 1.91e-4, 4.17e-4), 405),
        ("paper: multilayer perceptron", (3.21e-3, 7.06e-4, 1.63e-3), None),
        ("paper: polynomial of degree 11", (1.05e-2, 4.71e-3, 7.60e-2), None),
    ],
    "spins": [("paper: PMM 2 x 2, as drawn", (1.5e-3,), 8)],
    "lfd": [
        ("course: PMM 4 x 4, 30 restarts, 10 s", (4.24e-3, 4.59e-2), 30),
        ("course: eigenvector continuation", (3.8e-5, 2.96e-2), None),
        ("course: polynomial of degree 6", (1.0e-2, 9.7e-1), None),
    ],
}

# The authors' own library, run with its version of July 2026 on one core: 180 points to
# train and 20 to validate, the best of eleven settings on "franke", 10 000 epochs, 28
# to 48 s for each function.  Mean absolute error over largest target, first seed.
AUTHORS_LIBRARY = {
    "franke": 2.9e-3,
    "cliff": 2.5e-4,
    "saddle": 9.1e-4,
    "gentle": 7.7e-5,
    "steep": 2.1e-4,
    "sphere": 1.7e-3,
    "trigonometric": 6.7e-2,
    "gaussians": 8.7e-3,
    "cloverleaf": 7.2e-3,
    "cosine_peak": 2.0e-2,
    "bilinear": 1.3e-4,
    "vicente_romero": 1.6e-3,
    "runge": 1.2e-3,
}
