--: refused
decimal.round = nil
