--: refused
module('x')
