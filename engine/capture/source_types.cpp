#include "engine/capture/source.h"
