--: runtime or refused
rawset(kv, 'get', nil)
