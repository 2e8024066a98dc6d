-- exact() makes a value whose arithmetic keeps every digit, or says that it cannot.
local function cents(amount)  -- half away from zero
  local shifted = amount * 100 + exact("0.5")
  return (shifted - shifted % 1) / 100
end
local net = exact(tostring(new.net))
local tax = cents(net * new.tax_rate / 100)
return { invoice = new.id, tax = tax, gross = net + tax }
