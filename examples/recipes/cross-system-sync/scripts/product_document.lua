return { id = new.id, name = new.name, price = new.price, words = array(unpack(text.split(new.name:lower(), " "))) }
