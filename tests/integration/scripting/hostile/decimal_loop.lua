--: time_limit
while true do decimal.divide(exact('1234567890123456789'), 7, 900) end
