--: stack or runtime or ok
return select('#', unpack({}, 1, 60000)) > 1
