--: time_limit
::again:: goto again
