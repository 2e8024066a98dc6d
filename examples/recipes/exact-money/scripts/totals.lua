-- exact() makes a value whose arithmetic keeps every digit, or says that it cannot.
local net = exact(tostring(new.net))
local tax = decimal.round(net * new.tax_rate / 100, 2)
return { invoice = new.id, tax = tax, gross = net + tax }
