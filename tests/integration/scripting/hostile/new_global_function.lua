--: refused
function f() end
