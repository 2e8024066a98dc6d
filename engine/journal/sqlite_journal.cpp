#include "engine/journal/journal.h"
