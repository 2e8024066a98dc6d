--: retry
while true do pcall(event.retry_after, 5) end
