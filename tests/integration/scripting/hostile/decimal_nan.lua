--: runtime
decimal.round(0 / 0, 2)
