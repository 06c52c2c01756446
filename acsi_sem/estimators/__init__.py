"""Model and moments to estimates: PLS, covariance structure, OLS."""
