#pragma once

#include <string>

#include "engine/event/document.h"
#include "engine/event/event.h"

namespace rowhook {

// Events as files, in the JSON that the API answers and `rowhook tail --save` writes.

// Throws InvalidInput with pointers below `pointer`.
EventPtr event_from_document(const Document& document, const std::string& pointer);
// Throws InvalidInput naming the file.
EventPtr read_event_file(const std::string& path);
// JSON over several lines, every digit kept; arrays of scalars stay on one.
std::string pretty_json(const Document& document);
// Any file's text. Throws InvalidInput when it cannot be read.
std::string read_text_file(const std::string& path);

}  // namespace rowhook
