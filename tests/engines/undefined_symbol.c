/* Calls a function that no library has: it can be built, and not be loaded. */
#include "engine_kit.h"

int wrapper_function_that_nobody_has(void);

KIT_LIFECYCLE()
KIT_ERROR("undefined_symbol: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  return wrapper_function_that_nobody_has();
}
