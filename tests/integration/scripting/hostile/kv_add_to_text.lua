--: runtime
kv.set('n', 'x') kv.add('n')
