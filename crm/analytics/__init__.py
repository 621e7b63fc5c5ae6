"""Models of buying and scores of buyers: pure functions on plain values, without a database."""

__all__ = ["backtest", "bgnbd", "cohorts", "gamma_gamma", "holdouts", "rfm", "statistics"]
