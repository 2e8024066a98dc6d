--: runtime
decimal.divide(1, 0, 2)
