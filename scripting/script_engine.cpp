#include "scripting/script_engine.h"
