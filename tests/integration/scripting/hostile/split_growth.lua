--: memory_limit
return #text.split((','):rep(2e7), ',')
