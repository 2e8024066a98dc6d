--: runtime
decimal.round('abc', 2)
