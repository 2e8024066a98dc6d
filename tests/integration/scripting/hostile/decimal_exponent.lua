--: runtime
decimal.divide(exact('1e9000'), exact('1e-9000'), 2)
