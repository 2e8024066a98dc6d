--: time_limit
while true do log.info('x') end
