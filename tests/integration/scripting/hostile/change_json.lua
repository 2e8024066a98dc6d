--: refused
json.decode = nil
