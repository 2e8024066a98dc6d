--: refused
string = nil
