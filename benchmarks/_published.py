"""Published figures of emulators, as (method, errors, number of parameters).

The paper: P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025),
read from the vector graphics of its figures.  The course: "Learning from data for
physicists", page on PMM emulators, run again.  The project: AmundAlsvik/FYS5429 on
GitHub, parametric matrix models trained by Adam; mean absolute and largest error.
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
    "lipkin 20": [("project: PMM 10 x 10, 4 s", (9.8e-4, 2.5e-3), None)],
    "lipkin 200": [("project: PMM 96 x 96, 1073 s", (1.35e-2, 5.2e-2), None)],
    "pairing": [("project: PMM 16 x 16, 13 s", (7.4e-4, 4.8e-3), None)],
}

# Evolution after a quench, the project: mean absolute and largest error.
DYNAMICS = {
    ("pairing", "survival"): [
        ("project: PMM 16 x 16, 512 numbers, 53 s", (1.28e-2, 1.00e-1)),
        ("project: PMM 32 x 32", (2.15e-2, 1.44e-1)),
        ("project: exact H between 32 vectors, k = 3", (7.1e-3, 7.6e-2)),
        ("project: exact H between 32 vectors, k = 8", (2.0e-3, 2.6e-2)),
        ("project: recurrent network", (1.23e-1, 8.0e-1)),
    ],
    ("pairing", "occupation"): [
        ("project: PMM, observable known", (8.9e-3, None)),
        ("project: PMM, observable learned", (1.06e-2, None)),
        ("project: exact H between 32 vectors", (8.3e-3, None)),
        ("project: recurrent network", (4.34e-2, None)),
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

# L. Jin, A. Ravlic, P. Giuliani, K. Godbey, W. Nazarewicz, "Surrogate models for linear
# response", arXiv 2510.13989.  EM1 learns from whole strength functions, EM2 is a
# parametric matrix model that learns from the scalar alone, as everything here does.
RESPONSE_SIZES = (22, 39, 56, 90, 124, 175)
# Mean relative error of the polarisability for RESPONSE_SIZES, median of 100 seeds.
RESPONSE_LEARNING = {
    "paper: EM2": (3.55e-2, 1.41e-2, 5.48e-3, 1.63e-3, 1.11e-3, 9.7e-4),
    "paper: EM1, from spectra": (8.6e-3, 1.9e-3, 9.4e-4, 4.4e-4, 2.9e-4, 2.7e-4),
}
# Median and largest relative error outside the box of the training points.
RESPONSE_EXTRAPOLATION = {
    "alphaD": {
        "paper: EM2, n = 9": (2.19e-3, 8.4e-2),
        "paper: EM1, n = 13": (3.66e-3, 1.3e-2),
    },
    "half_life_Ni80": {
        "paper: EM2, n = 9": (6.06e-3, 2.1e-1),
        "paper: EM1, n = 13": (6.4e-3, 7.6e-2),
    },
}
