-- Seconds between the save before and this one.
local quiet = 60
return time.diff(new.updated_at, old.updated_at) >= quiet
