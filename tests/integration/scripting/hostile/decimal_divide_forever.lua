--: runtime
decimal.divide(1, 3, 1e9)
