--: time_limit
while true do json.decode('{"a":[1,2,3]}') end
