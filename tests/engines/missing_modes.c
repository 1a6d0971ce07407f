/* Init, Fini and Error, and no way of working. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("missing_modes: failed")
