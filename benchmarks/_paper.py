"""Errors published in the paper: mean absolute error over largest target.

P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), figure of
the regression benchmarks.  Columns: the paper's PMM, kernel ridge, multilayer
perceptron, nearest neighbours, XGBoost, support vectors, random forest.
"""

COLUMNS = ("PMM", "KRR", "MLP", "KNN", "XGB", "SVR", "RFR")

ERRORS = {
    "franke": (0.00314, 0.00868, 0.0134, 0.0204, 0.0212, 0.017, 0.0241),
    "cliff": (0.000178, 0.0284, 0.0191, 0.0204, 0.0336, 0.0428, 0.0317),
    "saddle": (0.00131, 0.00408, 0.0152, 0.0225, 0.0235, 0.0166, 0.0278),
    "gentle": (0.000254, 0.00574, 0.00865, 0.0283, 0.0244, 0.0148, 0.0321),
    "steep": (0.000392, 0.00669, 0.00921, 0.0227, 0.0254, 0.0181, 0.0251),
    "sphere": (0.000332, 0.00792, 0.0125, 0.0238, 0.0195, 0.0101, 0.0293),
    "trigonometric": (0.0286, 0.0374, 0.054, 0.0791, 0.142, 0.159, 0.152),
    "gaussians": (0.00336, 0.0171, 0.0107, 0.0272, 0.0225, 0.0454, 0.0201),
    "cloverleaf": (0.00548, 0.0203, 0.0243, 0.0482, 0.0577, 0.0805, 0.0598),
    "cosine_peak": (0.00732, 0.0179, 0.0327, 0.0478, 0.08, 0.15, 0.0817),
    "bilinear": (0.000171, 9.49e-06, 0.0117, 0.0127, 0.0131, 0.0154, 0.0123),
    "vicente_romero": (0.00111, 0.00633, 0.00935, 0.017, 0.0189, 0.0108, 0.0187),
    "runge": (0.00097, 0.00729, 0.00784, 0.0139, 0.0179, 0.0228, 0.0204),
    "fourier": (0.00662, 0.00945, 0.0296, 0.0474, 0.0708, 0.0254, 0.0691),
    "polynomial": (0.00196, 0.00684, 0.0139, 0.0187, 0.0225, 0.014, 0.0229),
    "airfoil": (0.0106, 0.0158, 0.00912, 0.0193, 0.0115, 0.0158, 0.012),
    "dielectron": (0.00599, 0.0214, 0.00728, 0.0482, 0.0226, 0.0145, 0.0412),
}


def best_baseline(problem):
    """Name and error of the best of the paper's six baselines."""
    errors = dict(zip(COLUMNS[1:], ERRORS[problem][1:], strict=True))
    name = min(errors, key=errors.get)
    return name, errors[name]
