/* wrapperExec without wrapperExecFree: no complete way of working. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("missing_exec_free: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  return 0;
}
