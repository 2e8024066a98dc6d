-- The state is changed together with the execution: an alert that could not be sent is not remembered as sent.
local key = "alerted " .. new.sensor
local last = kv.get(key)
if last and time.diff(time.now(), last) < 3600 then return false end
kv.set(key, time.now())
return true
